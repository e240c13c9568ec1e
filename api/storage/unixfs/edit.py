"""Changes a tree: only the nodes on the way to what changes are written anew.

Invariant: the result is the very DAG that building the changed tree from nothing gives. A sharded
directory is changed in the shards that its names fall into; it is read further only where it got
smaller, and no further than it takes to know that it is still too large for one block. A directory
of another form (another profile's, from a CAR) is read whole and written in the tree's form.

Nothing is flushed here; blocks of what was before are left to the collector.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from api.storage.ports import BlockCorrupt, BlockStore, EntryMissing, NotADirectory, PathClash
from api.storage.unixfs.cid import DAG_PB, RAW, Cid, parse_packed_cid
from api.storage.unixfs.dagpb import Link, decode_node
from api.storage.unixfs.data import FANOUT, MURMUR3_X64_64, Data, Kind, decode_data
from api.storage.unixfs.directory import is_sharded, put_directory
from api.storage.unixfs.hamt import DEPTH, put_shard, put_shards_at, slot_link, slots_of
from api.storage.unixfs.importer import Linked
from api.storage.unixfs.profile import UNIXFS_V1_2025, Profile

_V0_BYTES = 34  # of a CID of version 0 in a link


@dataclass(frozen=True, slots=True)
class Placed:
    """A root that stands, or can be put, in a tree."""

    cid: Cid
    dag_bytes: int  # of all blocks below and with it; what is shared counts each time


# What becomes of a name: a root put there, nothing any more, or changes in the directory there.
Change = Linked | None | Mapping[str, "Change"]
Changes = Mapping[str, Change]


@dataclass(frozen=True, slots=True)
class Edited:
    """A tree after its changes."""

    root: Placed
    dropped_bytes: int  # of the entries that were replaced or removed


def edit_tree(
    store: BlockStore,
    root: Cid | None,
    changes: Changes,
    profile: Profile = UNIXFS_V1_2025,
    *,
    keep_directories: bool = False,
) -> Edited:
    """Applies changes to a directory; None is an empty one.

    Directories on the way to a change are made where there are none. Raises PathClash where one
    is a file, or where a root would replace a directory that is to be kept, EntryMissing where
    what is to be removed isn't there, ShardTooDeep.
    """
    editor = _Editor(store, profile, keep_directories=keep_directories)
    made = editor.edit(root, changes)
    return Edited(Placed(made.cid, made.dag_bytes), editor.dropped_bytes)


def change_at(path: Sequence[str], change: Change) -> Changes:
    """A change below a path of at least one name."""
    if not path:
        raise ValueError("the root itself is no entry")
    for name in reversed(path[1:]):
        change = {name: change}
    return {path[0]: change}


def both(one: Changes, other: Changes) -> Changes:
    """Two sets of changes that don't meet in one name, as one; raises PathClash."""
    merged: dict[str, Change] = dict(one)
    for name, change in other.items():
        if name not in merged:
            merged[name] = change
            continue
        here = merged[name]
        if not isinstance(here, Mapping) or not isinstance(change, Mapping):
            raise PathClash(name)
        merged[name] = both(here, change)
    return merged


def place(store: BlockStore, cid: Cid) -> Placed:
    """A root by its own block; its links' sizes are believed."""
    block = store.get(str(cid))
    below = 0 if cid.codec == RAW else sum(link.tsize for link in decode_node(block).links)
    return Placed(cid, len(block) + below)


def find_entry(store: BlockStore, root: Cid, path: Sequence[str]) -> Placed:
    """What stands at a path; raises EntryMissing, NotADirectory."""
    editor = _Editor(store, UNIXFS_V1_2025)
    at = root
    for name in path:
        node = editor.directory(at)
        if node is None:
            raise NotADirectory(name)
        found = editor.find(node, name.encode())
        if found is None:
            raise EntryMissing(name)
        at = found.cid
    return place(store, at)


def is_directory(store: BlockStore, cid: Cid) -> bool:
    """Whether a root is a directory, sharded or not."""
    return _Editor(store, UNIXFS_V1_2025).directory(cid) is not None


@dataclass(frozen=True, slots=True)
class _Node:
    data: Data
    links: dict[bytes, Link]  # by their names as they stand in the block

    @property
    def sharded(self) -> bool:
        return self.data.kind is Kind.SHARD


# What a slot of a shard holds: nothing, one entry, or a shard of several.
_Slot = tuple[bytes, Linked] | Linked | None


class _Editor:
    """One edit; the nodes that it reads are parsed once."""

    def __init__(
        self, store: BlockStore, profile: Profile, *, keep_directories: bool = False
    ) -> None:
        self.store = store
        self.profile = profile
        self.keep_directories = keep_directories
        self.dropped_bytes = 0
        self._nodes: dict[Cid, _Node] = {}

    def edit(self, cid: Cid | None, changes: Changes) -> Linked:
        node = _EMPTY if cid is None else self.directory(cid)
        if node is None:
            raise BlockCorrupt("what is to be changed is no directory")
        wanted = {name.encode(): self._wanted(node, name, changes[name]) for name in changes}
        if node.sharded and self._in_form(node):
            return self._edit_shards(node, wanted)
        entries: dict[bytes, Linked] = dict(self._entries(node))
        for packed, child in wanted.items():
            if child is None:
                del entries[packed]
            else:
                entries[packed] = child
        return put_directory(entries, self.store, self.profile)

    def directory(self, cid: Cid) -> _Node | None:
        """The node of a directory; None where it is a file."""
        if cid.codec != DAG_PB:
            return None
        node = self._load(cid)
        return node if node.data.kind in (Kind.DIRECTORY, Kind.SHARD) else None

    def find(self, node: _Node, name: bytes) -> Placed | None:
        """The entry of a name."""
        if not node.sharded:
            return _target(node.links.get(name))
        for slot in slots_of(name):
            label = b"%02X" % slot
            below = node.links.get(label)
            if below is None:
                return _target(node.links.get(label + name))
            node = self._load_shard(below)
        return None

    def _wanted(self, node: _Node, name: str, change: Change) -> Linked | None:
        """What will stand under a name; counts what is dropped for it."""
        before = self.find(node, name.encode())
        if isinstance(change, Mapping):
            if before is not None and self.directory(before.cid) is None:
                raise PathClash(name)
            return self.edit(before.cid if before else None, change)
        if change is None and before is None:
            raise EntryMissing(name)
        if self.keep_directories and before and change and self.directory(before.cid):
            raise PathClash(name)
        if before is not None and (change is None or change.cid != before.cid):
            self.dropped_bytes += before.dag_bytes
        return change

    def _edit_shards(self, node: _Node, wanted: Mapping[bytes, Linked | None]) -> Linked:
        shrinks = any(self._shrinks(node, name, child) for name, child in wanted.items())
        made = self._edit_shard(node, 0, [(slots_of(name), name) for name in wanted], wanted)
        if not shrinks:
            return made
        changed = self._load(made.cid)
        version = self.profile.cid_version
        links = (slot_link(0, name, child, version) for name, child in self._entries(changed))
        if is_sharded((Link(link.cid, link.name[2:], link.tsize) for link in links), self.profile):
            return made
        return put_directory(dict(self._entries(changed)), self.store, self.profile)

    def _shrinks(self, node: _Node, name: bytes, child: Linked | None) -> bool:
        before = self.find(node, name)
        if before is None or child is None:
            return before is not None
        return child.cid.codec != before.cid.codec or child.dag_bytes < before.dag_bytes

    def _edit_shard(
        self,
        node: _Node,
        depth: int,
        names: Iterable[tuple[bytes, bytes]],
        wanted: Mapping[bytes, Linked | None],
    ) -> Linked:
        """The shard with the names changed, however few entries it is left with."""
        slots = {int(label[:2], 16): link for label, link in node.links.items()}
        groups: dict[int, list[tuple[bytes, bytes]]] = {}
        for hashed, name in names:
            groups.setdefault(hashed[depth], []).append((hashed, name))
        for slot, group in groups.items():
            held = self._edit_slot(slots.pop(slot, None), depth + 1, group, wanted)
            if held is not None:
                name, child = held if isinstance(held, tuple) else (b"", held)
                slots[slot] = slot_link(slot, name, child, self.profile.cid_version)
        return put_shard(slots, self.store)

    def _edit_slot(
        self,
        link: Link | None,
        depth: int,
        names: Sequence[tuple[bytes, bytes]],
        wanted: Mapping[bytes, Linked | None],
    ) -> _Slot:
        if link is not None and len(link.name) == 2:
            made = self._edit_shard(self._load_shard(link), depth, names, wanted)
            return self._collapse(made)
        entries: dict[bytes, Linked] = {}
        if link is not None:
            entries[link.name[2:]] = Placed(parse_packed_cid(link.cid), link.tsize)
        for _, name in names:
            child = wanted[name]
            if child is None:
                entries.pop(name, None)
            else:
                entries[name] = child
        if len(entries) < 2:
            return next(iter(entries.items()), None)
        hashed = [(slots_of(name), name) for name in entries]
        return put_shards_at(depth, hashed, entries, self.store, self.profile.cid_version)

    def _collapse(self, shard: Linked) -> _Slot:
        """A shard below the root never stands for fewer than two entries."""
        links = self._load(shard.cid).links
        if not links:
            return None
        label, link = next(iter(links.items()))
        if len(links) == 1 and len(label) > 2:
            return label[2:], Placed(parse_packed_cid(link.cid), link.tsize)
        return shard

    def _entries(self, node: _Node, depth: int = 0) -> Iterator[tuple[bytes, Placed]]:
        if depth > DEPTH:
            raise BlockCorrupt("a directory's shards are too deep")
        for label, link in node.links.items():
            if not node.sharded:
                yield label, Placed(parse_packed_cid(link.cid), link.tsize)
            elif len(label) == 2:
                yield from self._entries(self._load_shard(link), depth + 1)
            else:
                yield label[2:], Placed(parse_packed_cid(link.cid), link.tsize)

    def _in_form(self, node: _Node) -> bool:
        """Whether a sharded directory's links are of the profile's version."""
        versions = {
            int(len(link.cid) != _V0_BYTES)
            for link in node.links.values()
            if parse_packed_cid(link.cid).codec == DAG_PB
        }
        return versions <= {self.profile.cid_version}

    def _load_shard(self, link: Link) -> _Node:
        node = self._load(parse_packed_cid(link.cid))
        if not node.sharded:
            raise BlockCorrupt("a directory's shards are of another kind")
        return node

    def _load(self, cid: Cid) -> _Node:
        kept = self._nodes.get(cid)
        if kept is None:
            parsed = decode_node(self.store.get(str(cid)))
            data = decode_data(parsed.data)
            if data.kind is Kind.SHARD and (data.fanout, data.hash_type) != (
                FANOUT,
                MURMUR3_X64_64,
            ):
                raise BlockCorrupt("a directory's shards are of another kind")
            kept = self._nodes[cid] = _Node(data, {link.name: link for link in parsed.links})
        return kept


_EMPTY = _Node(Data(Kind.DIRECTORY), {})


def _target(link: Link | None) -> Placed | None:
    return None if link is None else Placed(parse_packed_cid(link.cid), link.tsize)
