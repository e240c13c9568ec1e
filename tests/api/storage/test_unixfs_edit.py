"""Edits of trees: whatever happened on the way, the CID is that of what is in it."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.storage.embedded import EmbeddedBlockStore
from api.storage.ports import EntryMissing, NotADirectory, PathClash
from api.storage.unixfs import (
    UNIXFS_V0_2015,
    UNIXFS_V1_2025,
    Cid,
    Dag,
    DirectoryBuilder,
    Imported,
    Profile,
    import_file,
)
from api.storage.unixfs.edit import (
    Changes,
    Put,
    Removed,
    add_change,
    edit_tree,
    empty_directory,
    merge_trees,
)

NAMES = st.sampled_from(["a", "b", "ü", "name with spaces", "index.html"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(tuple)
PROFILES = st.sampled_from([UNIXFS_V1_2025, UNIXFS_V0_2015])
Files = dict[tuple[str, ...], bytes]


@pytest.fixture(scope="module")
def dag(tmp_path_factory: pytest.TempPathFactory) -> Dag:
    return Dag(EmbeddedBlockStore(tmp_path_factory.mktemp("blocks")))


def file(dag: Dag, data: bytes, profile: Profile = UNIXFS_V1_2025) -> Imported:
    return import_file(BytesIO(data), dag.store, profile)


def built(dag: Dag, files: Files, profile: Profile = UNIXFS_V1_2025) -> Cid:
    builder = DirectoryBuilder(profile)
    for path, data in files.items():
        builder.add_file(path, file(dag, data, profile))
    return builder.build(dag.store).cid


def put(dag: Dag, root: Cid, path: tuple[str, ...], data: bytes, profile: Profile) -> Cid:
    changes: Changes = {}
    add_change(changes, path, Put(file(dag, data, profile), is_directory=False))
    return edit_tree(dag, root, changes, profile).cid


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(PATHS, st.none() | st.binary(max_size=4)), max_size=12), PROFILES)
def test_a_history_of_edits__ends_in_what_is_there(
    dag: Dag, history: list[tuple[tuple[str, ...], bytes | None]], profile: Profile
) -> None:
    root, files, folders = empty_directory(dag, profile).cid, Files(), set[tuple[str, ...]]()
    for path, data in history:
        if data is None:
            changes: Changes = {}
            add_change(changes, path, Removed())
            if path not in files and path not in folders:
                with pytest.raises((EntryMissing, NotADirectory)):
                    edit_tree(dag, root, changes, profile)
                continue
            root = edit_tree(dag, root, changes, profile).cid
            files = {other: kept for other, kept in files.items() if not _above(path, other)}
            folders = {other for other in folders if not _above(path, other)}
        elif path in folders or any(path[:depth] in files for depth in range(1, len(path))):
            with pytest.raises((PathClash, NotADirectory)):
                put(dag, root, path, data, profile)
        else:
            root = put(dag, root, path, data, profile)
            files[path] = data
            folders |= {path[:depth] for depth in range(1, len(path))}
    builder = DirectoryBuilder(profile)
    for folder in folders:
        builder.add_directory(folder)
    for path, data in files.items():
        builder.add_file(path, file(dag, data, profile))
    assert root == builder.build(dag.store).cid


def _above(path: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return other[: len(path)] == path


@pytest.mark.parametrize("profile", [UNIXFS_V1_2025, UNIXFS_V0_2015], ids=lambda p: p.name)
def test_a_directory_that_grows_and_shrinks_over_the_threshold__is_the_one_built_at_once(
    dag: Dag, profile: Profile
) -> None:
    many = {(f"{'n' * 60}{number}",): b"%d" % number for number in range(3_000)}
    few = dict(list(many.items())[:10])
    changes: Changes = {}
    for path, data in list(many.items())[10:]:
        add_change(changes, path, Put(file(dag, data, profile), is_directory=False))
    grown = edit_tree(dag, built(dag, few, profile), changes, profile).cid
    assert grown == built(dag, many, profile)
    gone: Changes = {}
    for path in list(many)[10:]:
        add_change(gone, path, Removed())
    assert edit_tree(dag, grown, gone, profile).cid == built(dag, few, profile)


def test_what_is_not_there__cannot_go(dag: Dag) -> None:
    root = built(dag, {("a", "b"): b"x"})
    for path, missing in [(("c",), "c"), (("a", "c"), "a/c"), (("d", "e"), "d")]:
        changes: Changes = {}
        add_change(changes, path, Removed())
        with pytest.raises(EntryMissing, match=missing):
            edit_tree(dag, root, changes)


def test_a_directory__is_never_lost_to_a_file(dag: Dag) -> None:
    root = built(dag, {("a", "b"): b"x"})
    with pytest.raises(PathClash, match="a"):
        put(dag, root, ("a",), b"file", UNIXFS_V1_2025)
    with pytest.raises(NotADirectory, match="a/b"):
        put(dag, root, ("a", "b", "c"), b"file", UNIXFS_V1_2025)


def test_what_may_not_replace__stops_at_what_is_there(dag: Dag) -> None:
    root = built(dag, {("a",): b"x"})
    changes: Changes = {}
    add_change(changes, ("a",), Put(file(dag, b"y"), is_directory=False, replaces=False))
    with pytest.raises(PathClash):
        edit_tree(dag, root, changes)


def test_two_changes_of_one_path__are_refused() -> None:
    changes: Changes = {}
    add_change(changes, ("a", "b"), Removed())
    for path in [("a", "b"), ("a", "b", "c"), ("a",)]:
        with pytest.raises(PathClash):
            add_change(changes, path, Removed())


def test_merged_trees__have_everything_of_both(dag: Dag) -> None:
    base = built(dag, {("a", "old"): b"1", ("a", "both"): b"2", ("c",): b"3"})
    over = built(dag, {("a", "both"): b"new", ("a", "new"): b"4", ("d", "e"): b"5"})
    merged = built(
        dag,
        {
            ("a", "old"): b"1",
            ("a", "both"): b"new",
            ("a", "new"): b"4",
            ("c",): b"3",
            ("d", "e"): b"5",
        },
    )
    assert merge_trees(dag, base, over).cid == merged
    with pytest.raises(PathClash, match="a"):
        merge_trees(dag, base, built(dag, {("a",): b"a file"}))
