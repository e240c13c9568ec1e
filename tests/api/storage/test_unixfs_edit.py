"""A tree that was changed step by step is the tree that is built anew, block for block."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.storage.nowhere import Nowhere
from api.storage.ports import BlockMissing, EntryMissing, PathClash
from api.storage.unixfs import (
    UNIXFS_V0_2015,
    UNIXFS_V1_2025,
    Cid,
    DirectoryBuilder,
    Imported,
    Profile,
    import_file,
)
from api.storage.unixfs.edit import both, change_at, edit_tree, find_entry
from api.storage.unixfs.hamt import slots_of

# Sharded above a handful of entries, so that histories cross the threshold both ways, often.
SMALL = [replace(profile, sharded_above_bytes=400) for profile in (UNIXFS_V1_2025, UNIXFS_V0_2015)]
PROFILES = pytest.mark.parametrize("profile", SMALL, ids=lambda profile: profile.name)


class Memory(Nowhere):
    """Blocks in a dictionary, and which of them were read."""

    def __init__(self) -> None:
        self.blocks: dict[str, bytes] = {}
        self.read: list[str] = []

    def put(self, cid: str, data: bytes, *, verified: bool = False) -> None:
        self.blocks[cid] = data

    def get(self, cid: str) -> bytes:
        if cid not in self.blocks:
            raise BlockMissing(cid)
        self.read.append(cid)
        return self.blocks[cid]


def alike(wanted: int, depth: int) -> list[str]:
    """Names that share their first slots: they are what makes shards within shards."""
    found: dict[bytes, list[str]] = {}
    for number in range(200_000):
        same = found.setdefault(slots_of(b"%d" % number)[:depth], [])
        same.append(str(number))
        if len(same) == wanted:
            return same
    raise AssertionError


NAMES = [*(f"name {number}" for number in range(12)), *alike(4, 2), *alike(6, 1), "é", "é"]
FILES = [b"", b"one", b"two", bytes(2**18 + 1)]  # the last has two leaves in the older profile

paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=1) | st.lists(
    st.sampled_from(NAMES[:3]), min_size=2, max_size=3
)
steps = st.tuples(st.sampled_from(["put", "put", "put", "remove", "move"]), paths, paths)
content = st.integers(0, len(FILES) - 1)

Tree = dict[str, Any]


def built(tree: Tree, profile: Profile) -> Imported:
    builder = DirectoryBuilder(profile)
    add(builder, (), tree)
    return builder.build(Nowhere())


def add(builder: DirectoryBuilder, above: tuple[str, ...], tree: Tree) -> None:
    for name, below in tree.items():
        path = (*above, name)
        if isinstance(below, dict):
            builder.add_directory(path)
            add(builder, path, below)
        else:
            builder.add_file(path, below)


def parent(tree: Tree, path: list[str], *, make: bool = False) -> Tree | None:
    """The directory that the model has above a path; None where there is none."""
    at: Any = tree
    for name in path[:-1]:
        if name not in at and make:
            at[name] = {}
        at = at.get(name)
        if not isinstance(at, dict):
            return None
    return at  # type: ignore[no-any-return]


@PROFILES
@settings(max_examples=60, deadline=None)
@given(history=st.lists(st.tuples(steps, content), max_size=40))
def test_random_histories__give_what_building_anew_gives(
    profile: Profile, history: list[Any]
) -> None:
    store, model = Memory(), {}
    root: Cid | None = None
    for (what, path, other), number in history:
        root = step(store, profile, root, model, what, path, other, FILES[number])
        expected = built(model, profile)
        if root is not None:
            assert root == expected.cid, (what, path, other)


def step(
    store: Memory,
    profile: Profile,
    root: Cid | None,
    model: Tree,
    what: str,
    path: list[str],
    other: list[str],
    data: bytes,
) -> Cid | None:
    """Does it to the model and to the tree; the tree refuses what the model has no place for."""
    if what == "put":
        file = import_file(BytesIO(data), store, profile)
        above = model_parent(model, path)
        if above is None:
            with pytest.raises(PathClash):
                edit_tree(store, root, change_at(path, file), profile)
            return root
        made = edit_tree(store, root, change_at(path, file), profile)
        parent(model, path, make=True)[path[-1]] = file  # type: ignore[index]
    elif what == "remove":
        above = parent(model, path)
        if above is None or path[-1] not in above:
            return root
        made = edit_tree(store, root, change_at(path, None), profile)
        del above[path[-1]]
    else:
        above, below = parent(model, path), model_parent(model, other)
        nested = path[: len(other)] == other or other[: len(path)] == path
        if above is None or path[-1] not in above or below is None or nested:
            return root
        moved = find_entry(store, root, path)  # type: ignore[arg-type]
        changes = both(change_at(path, None), change_at(other, moved))
        made = edit_tree(store, root, changes, profile)
        entry = above.pop(path[-1])
        parent(model, other, make=True)[other[-1]] = entry  # type: ignore[index]
    assert made.root.dag_bytes == built(model, profile).dag_bytes
    return made.root.cid


def model_parent(model: Tree, path: list[str]) -> Tree | None:
    """As `parent`, where what is missing could be made."""
    at: Any = model
    for name in path[:-1]:
        at = at.get(name, {})
        if not isinstance(at, dict):
            return None
    return dict(at)


@pytest.mark.parametrize(
    "profile", [UNIXFS_V1_2025, UNIXFS_V0_2015], ids=lambda profile: profile.name
)
def test_at_the_real_threshold__one_entry_more_shards_and_one_less_goes_back(
    profile: Profile,
) -> None:
    store = Memory()
    file = import_file(BytesIO(b"x"), store, profile)
    names = [f"entry {number:05}" for number in range(6_000)]
    root: Cid | None = None
    sharded_at = 0
    for start in range(0, len(names), 500):
        batch = names[start : start + 500]
        root = edit_tree(store, root, dict.fromkeys(batch, file), profile).root.cid
        assert root == built(dict.fromkeys(names[: start + 500], file), profile).cid
        sharded_at = sharded_at or (start if len(store.blocks[str(root)]) < 20_000 else 0)
    assert sharded_at
    for start in range(len(names) - 500, 0, -500):
        batch = names[start : start + 500]
        root = edit_tree(store, root, dict.fromkeys(batch), profile).root.cid
        assert root == built(dict.fromkeys(names[:start], file), profile).cid


def test_a_change_in_a_big_directory__reads_a_few_of_its_shards() -> None:
    store = Memory()
    file = import_file(BytesIO(b"x"), store)
    names = [f"{number}" for number in range(20_000)]
    root = edit_tree(store, None, dict.fromkeys(names, file)).root.cid
    shards = len(store.blocks)
    store.read.clear()
    changed = edit_tree(store, root, {"another": file, "more": file}).root.cid
    assert len(store.read) <= 8
    edit_tree(store, changed, {"another": None})
    assert len(store.read) < shards / 3  # until it is known to be too large for one block


def test_what_is_replaced_or_removed__is_counted() -> None:
    store = Memory()
    large, small = (import_file(BytesIO(bytes(size)), store) for size in (3 * 2**20, 5))
    made = edit_tree(store, None, {"a": {"x": large, "y": small}})
    assert made.dropped_bytes == 0
    assert edit_tree(store, made.root.cid, {"a": {"x": large}}).dropped_bytes == 0
    assert edit_tree(store, made.root.cid, {"a": {"x": small}}).dropped_bytes == large.dag_bytes
    folder = find_entry(store, made.root.cid, ["a"])
    assert edit_tree(store, made.root.cid, {"a": None}).dropped_bytes == folder.dag_bytes


def test_a_folder_of_the_older_profile__is_written_in_the_trees_form() -> None:
    store = Memory()
    file = import_file(BytesIO(b"x"), store)
    names = [f"entry {number:05}" for number in range(7_000)]
    old = edit_tree(store, None, dict.fromkeys(names, file), UNIXFS_V0_2015).root
    root = edit_tree(store, None, {"old": old}).root.cid
    changed = edit_tree(store, root, {"old": {"new": file}}).root.cid
    assert changed == built({"old": dict.fromkeys([*names, "new"], file)}, UNIXFS_V1_2025).cid


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"file": {"below": None}}, PathClash),
        ({"missing": None}, EntryMissing),
        ({"folder": {"missing": None}}, EntryMissing),
    ],
)
def test_what_has_no_place__is_refused(changes: Any, error: type[Exception]) -> None:
    store = Memory()
    file = import_file(BytesIO(b"x"), store)
    root = edit_tree(store, None, {"file": file, "folder": {}}).root.cid
    with pytest.raises(error):
        edit_tree(store, root, changes)


def test_two_changes_of_one_name__are_no_one_change() -> None:
    with pytest.raises(PathClash):
        both({"a": None}, {"a": {"b": None}})
