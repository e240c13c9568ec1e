"""Walks UnixFS DAGs: a path to its node, a file to its bytes, a directory to its entries.

Every block's hash was checked by the store; what a well-hashed block says is still only claimed
by whoever made it, so depths, lengths and kinds are checked here. Raises BlockCorrupt for a DAG
that contradicts itself; symbolic links are refused as neither file nor directory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from api.storage.lru import WeightedLru
from api.storage.ports import (
    BlockCorrupt,
    BlockStore,
    EntryMissing,
    NotADirectory,
    NotAFile,
)
from api.storage.unixfs.cid import RAW, Cid, parse_packed_cid
from api.storage.unixfs.dagpb import Link, decode_node
from api.storage.unixfs.data import FANOUT, Data, Kind, decode_data
from api.storage.unixfs.hamt import DEPTH, slot_label, slots_of

_DEEPEST_FILE = 16  # levels; 174 links a node reach 256 KiB × 174^15
_LINK_WEIGHT = 300  # bytes that a parsed link takes in memory, about
CACHE_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class File:
    """A file's root."""

    cid: Cid
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory's root, sharded or not."""

    cid: Cid


Step = File | Directory


@dataclass(frozen=True, slots=True)
class Entry:
    """What a directory holds under a name; `dag_bytes` is the Tsize that its maker claimed."""

    name: str
    cid: Cid
    dag_bytes: int


@dataclass(frozen=True, slots=True)
class _Node:
    data: Data
    links: tuple[Link, ...]
    by_name: dict[bytes, Link]  # of directories only


class Dag:
    """Reads from a store, with the nodes (never the leaves) it parsed last in memory."""

    def __init__(self, store: BlockStore, cache_bytes: int = CACHE_BYTES) -> None:
        self.store = store
        self._nodes: WeightedLru[Cid, _Node] = WeightedLru(cache_bytes)

    def open(self, cid: Cid) -> Step:
        """What a CID is the root of."""
        if cid.codec == RAW:
            return File(cid, len(self.store.get(str(cid))))
        data = self._node(cid).data
        if data.kind in (Kind.DIRECTORY, Kind.SHARD):
            return Directory(cid)
        if data.kind in (Kind.FILE, Kind.RAW):
            return File(cid, _size_of(data))
        raise NotAFile(f"{cid} is neither a file nor a directory")

    def resolve(self, root: Cid, path: Sequence[str]) -> list[Step]:
        """The nodes along a path, the root's first and the target's last.

        Raises EntryMissing, NotADirectory where the path goes on behind a file.
        """
        steps = [self.open(root)]
        for name in path:
            at = steps[-1]
            if isinstance(at, File):
                raise NotADirectory(name)
            steps.append(self.open(self.child(at, name)))
        return steps

    def child(self, directory: Directory, name: str) -> Cid:
        """The CID under a name; raises EntryMissing."""
        packed = name.encode()
        node = self._node(directory.cid)
        if node.data.kind is Kind.DIRECTORY:
            link = node.by_name.get(packed)
        else:
            link = self._child_of_shard(node, packed)
        if link is None:
            raise EntryMissing(name)
        return parse_packed_cid(link.cid)

    def entries(self, directory: Directory) -> Iterator[Entry]:
        """All entries; by name unless it is sharded."""
        yield from self._entries(directory.cid, 0)

    def read(self, file: File, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The file's bytes from an offset on, block by block."""
        end = file.size_bytes if length is None else min(file.size_bytes, offset + length)
        if offset < end:
            yield from self._read(file.cid, file.size_bytes, offset, end, 0)

    def single_block(self, file: File) -> bool:
        """Whether one raw block is the whole file."""
        return file.cid.codec == RAW

    def _read(self, cid: Cid, size: int, start: int, end: int, depth: int) -> Iterator[bytes]:
        """Bytes [start, end) of the `size` bytes below a node."""
        if depth > _DEEPEST_FILE:
            raise BlockCorrupt("a file's tree is too deep")
        if cid.codec == RAW:
            yield _cut(self.store.get(str(cid)), size, start, end)
            return
        node = self._node(cid)
        if node.data.kind not in (Kind.FILE, Kind.RAW):
            raise BlockCorrupt("a file's tree holds something else")
        if _size_of(node.data) != size:
            raise BlockCorrupt("a file's tree contradicts itself about lengths")
        if not node.links:
            yield _cut(node.data.data, size, start, end)
            return
        at = len(node.data.data)
        if start < at:
            yield node.data.data[start:end]
        for link, below in zip(node.links, node.data.block_sizes, strict=True):
            if at < end and at + below > start:
                child = parse_packed_cid(link.cid)
                yield from self._read(
                    child, below, max(0, start - at), min(below, end - at), depth + 1
                )
            at += below

    def _entries(self, cid: Cid, depth: int) -> Iterator[Entry]:
        node = self._node(cid)
        if depth > DEPTH:
            raise BlockCorrupt("a directory's shards are too deep")
        sharded = node.data.kind is Kind.SHARD
        for link in node.links:
            if sharded and len(link.name) == 2:
                yield from self._entries(parse_packed_cid(link.cid), depth + 1)
                continue
            name = link.name[2:] if sharded else link.name
            yield Entry(name.decode(errors="replace"), parse_packed_cid(link.cid), link.tsize)

    def _child_of_shard(self, node: _Node, name: bytes) -> Link | None:
        for slot in slots_of(name):
            if node.data.kind is not Kind.SHARD or node.data.fanout != FANOUT:
                raise BlockCorrupt("a directory's shards are of another kind")
            label = slot_label(slot)
            below = node.by_name.get(label)
            if below is None:
                return node.by_name.get(label + name)
            node = self._node(parse_packed_cid(below.cid))
        return None

    def _node(self, cid: Cid) -> _Node:
        kept = self._nodes.get(cid)
        if kept is not None:
            return kept
        if cid.codec == RAW:
            raise BlockCorrupt("a raw block stands where a node must be")
        parsed = decode_node(self.store.get(str(cid)))
        data = decode_data(parsed.data)
        by_name = {}
        if data.kind in (Kind.DIRECTORY, Kind.SHARD):
            by_name = {link.name: link for link in parsed.links}
        elif len(data.block_sizes) != len(parsed.links):
            raise BlockCorrupt("a file's node has not one length a link")
        node = _Node(data, parsed.links, by_name)
        weight = len(data.data) + _LINK_WEIGHT * (len(parsed.links) + 1)
        self._nodes.put(cid, node, weight)
        return node


def _size_of(data: Data) -> int:
    """What a file's node holds below it."""
    size = len(data.data) + sum(data.block_sizes)
    if data.size_bytes not in (None, size):
        raise BlockCorrupt("a file's node contradicts itself about its length")
    return size


def _cut(data: bytes, size: int, start: int, end: int) -> bytes:
    if len(data) != size:
        raise BlockCorrupt("a leaf isn't as long as its parent says")
    return data if (start, end) == (0, size) else data[start:end]
