"""Changes in a tree of directories: the nodes along the changed paths are made anew, no others.

Invariant: the result is the very DAG that `DirectoryBuilder` makes of the same entries, so a
tree's CID says what is in it, whatever happened on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from api.storage.ports import EntryMissing, NotADirectory, PathClash
from api.storage.unixfs.cid import Cid
from api.storage.unixfs.directory import put_directory
from api.storage.unixfs.importer import Imported
from api.storage.unixfs.profile import UNIXFS_V1_2025, Profile
from api.storage.unixfs.reader import Dag, Directory, Entry


@dataclass(frozen=True, slots=True)
class Removed:
    """Stands where an entry goes away; `must_exist`: where there is none, the edit fails."""

    must_exist: bool = True


@dataclass(frozen=True, slots=True)
class Put:
    """Stands where an entry comes, a file or a whole directory."""

    entry: Imported
    is_directory: bool
    replaces: bool = True  # False: where there is one already, the edit fails
    merges: bool = False  # a directory comes into the one that is there, and not in its place


Change = Put | Removed
Changes = dict[str, "Change | Changes"]


def add_change(changes: Changes, path: Sequence[str], change: Change) -> None:
    """Adds a change at a path; raises PathClash where another one is at it, above or below it."""
    at = changes
    for name in path[:-1]:
        below = at.setdefault(name, {})
        if not isinstance(below, dict):
            raise PathClash("/".join(path))
        at = below
    if path[-1] in at:
        raise PathClash("/".join(path))
    at[path[-1]] = change


def empty_directory(dag: Dag, profile: Profile = UNIXFS_V1_2025) -> Imported:
    """A directory with nothing in it."""
    return put_directory({}, dag.store, profile)


def edit_tree(dag: Dag, root: Cid, changes: Changes, profile: Profile = UNIXFS_V1_2025) -> Imported:
    """The tree with the changes made; directories on the way to what comes are made.

    Raises EntryMissing for what should go and isn't there, NotADirectory where a path goes on
    behind a file, PathClash where something is there that would be lost: a directory where a file
    comes, or a file where a directory comes, or anything where `replaces` is False.
    """
    return _edit(dag, root, changes, profile, ())


def merge_trees(dag: Dag, base: Cid, over: Cid, profile: Profile = UNIXFS_V1_2025) -> Imported:
    """Everything of two directories; where both have a file, that of `over`.

    Raises PathClash where one has a file and the other a directory.
    """
    return _merge(dag, base, over, profile, ())


def load_directory(dag: Dag, directory: Directory) -> dict[bytes, Imported]:
    """All entries as they stand; their content's length isn't known from here, and is 0."""
    return {
        entry.name.encode(): Imported(entry.cid, 0, entry.dag_bytes)
        for entry in dag.entries(directory)
    }


def _edit(
    dag: Dag, root: Cid | None, changes: Changes, profile: Profile, above: tuple[str, ...]
) -> Imported:
    entries = _open(dag, root, above)
    for name, change in changes.items():
        packed, path = name.encode(), (*above, name)
        found = entries.get(packed)
        if isinstance(change, dict):
            if found is None and not _brings_something(change):
                raise EntryMissing("/".join(path))
            entries[packed] = _edit(dag, found.cid if found else None, change, profile, path)
        elif isinstance(change, Removed):
            if found is None and change.must_exist:
                raise EntryMissing("/".join(path))
            entries.pop(packed, None)
        else:
            if found is not None:
                _check_replaced(dag, found, change, path)
            if found is not None and change.merges and change.is_directory:
                entries[packed] = _merge(dag, found.cid, change.entry.cid, profile, path)
            else:
                entries[packed] = change.entry
    return put_directory(entries, dag.store, profile)


def _merge(dag: Dag, base: Cid, over: Cid, profile: Profile, above: tuple[str, ...]) -> Imported:
    """Everything of two directories; where both have a file, that of `over`."""
    coming: Changes = {
        entry.name: Put(
            Imported(entry.cid, 0, entry.dag_bytes),
            isinstance(dag.open(entry.cid), Directory),
            merges=True,
        )
        for entry in _entries(dag, over, above)
    }
    return _edit(dag, base, coming, profile, above)


def _entries(dag: Dag, root: Cid, above: tuple[str, ...]) -> Iterator[Entry]:
    step = dag.open(root)
    if not isinstance(step, Directory):
        raise NotADirectory("/".join(above))
    return dag.entries(step)


def _open(dag: Dag, root: Cid | None, above: tuple[str, ...]) -> dict[bytes, Imported]:
    if root is None:
        return {}
    step = dag.open(root)
    if not isinstance(step, Directory):
        raise NotADirectory("/".join(above))
    return load_directory(dag, step)


def _brings_something(changes: Changes) -> bool:
    return any(
        _brings_something(change) if isinstance(change, dict) else isinstance(change, Put)
        for change in changes.values()
    )


def _check_replaced(dag: Dag, found: Imported, change: Put, path: tuple[str, ...]) -> None:
    is_directory = isinstance(dag.open(found.cid), Directory)
    if not change.replaces or is_directory != change.is_directory:
        raise PathClash("/".join(path))
