"""Builds a directory's DAG from paths and the roots of files.

Invariant: the result depends on the set of entries alone, never on the order they came in. A
path is a file or a directory, never both, and comes once; anything else raises PathClash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from api.storage.ports import BlockStore, PathClash
from api.storage.unixfs.cid import pack_cid
from api.storage.unixfs.dagpb import Link, encode_link
from api.storage.unixfs.data import Data, Kind
from api.storage.unixfs.hamt import put_shards
from api.storage.unixfs.importer import Imported, Linked, put_node
from api.storage.unixfs.profile import UNIXFS_V1_2025, Profile, ShardingSize

_BLOCK_HEAD_BYTES = 4  # the Data field of an empty directory: 0a 02 08 01

Tree = dict[str, "Imported | Tree"]


class DirectoryBuilder:
    """A tree in memory: one small record an entry."""

    def __init__(self, profile: Profile = UNIXFS_V1_2025) -> None:
        self.profile = profile
        self.directory_count = 0  # the root is not counted
        self._root: Tree = {}

    def add_file(self, path: Sequence[str], file: Imported) -> None:
        """Adds a file; the directories above it come by themselves."""
        parent = self._directory(path[:-1], path)
        if path[-1] in parent:
            raise PathClash("/".join(path))
        parent[path[-1]] = file

    def add_directory(self, path: Sequence[str]) -> None:
        """Adds a directory that may stay empty; one that is there already is no clash."""
        self._directory(path, path)

    def strip_single_top(self) -> bool:
        """Where everything lies in one top directory, takes that one for the root instead."""
        if len(self._root) != 1:
            return False
        only = next(iter(self._root.values()))
        if isinstance(only, Imported):
            return False
        self._root = only
        return True

    @property
    def tree(self) -> Tree:
        """What was added."""
        return self._root

    def build(self, store: BlockStore) -> Imported:
        """Puts the directories' blocks; raises ShardTooDeep."""
        return self._put(self._root, store)

    def _directory(self, path: Sequence[str], asked: Sequence[str]) -> Tree:
        at = self._root
        for name in path:
            below = at.get(name)
            if below is None:
                self.directory_count += 1
                below = at[name] = {}
            elif isinstance(below, Imported):
                raise PathClash("/".join(asked))
            at = below
        return at

    def _put(self, tree: Tree, store: BlockStore) -> Imported:
        entries: dict[bytes, Imported] = {}
        for name, below in tree.items():
            child = below if isinstance(below, Imported) else self._put(below, store)
            entries[name.encode()] = child
        size_bytes = sum(child.size_bytes for child in entries.values())
        return put_directory(entries, store, self.profile, size_bytes)


def put_directory(
    entries: Mapping[bytes, Linked], store: BlockStore, profile: Profile, size_bytes: int = 0
) -> Imported:
    """Writes one directory, in shards where it is too large for one block."""
    version = profile.cid_version
    links = [
        Link(pack_cid(entries[name].cid, version), name, entries[name].dag_bytes)
        for name in sorted(entries)
    ]
    if is_sharded(links, profile):
        return put_shards(entries, store, version, size_bytes)
    return put_node(store, links, Data(Kind.DIRECTORY), size_bytes)


def is_sharded(links: Iterable[Link], profile: Profile) -> bool:
    """Whether a directory of these links is; asks for no more of them than it takes to know."""
    if profile.sharding_size is ShardingSize.LINKS:
        sizes = (len(link.name) + len(link.cid) for link in links)
    else:
        sizes = (len(encode_link(link)) for link in links)
    total = 0 if profile.sharding_size is ShardingSize.LINKS else _BLOCK_HEAD_BYTES
    return any(size > profile.sharded_above_bytes for size in accumulate(sizes, initial=total))
