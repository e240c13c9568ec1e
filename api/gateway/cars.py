"""What a CAR of a path holds, by `dag-scope` and `entity-bytes` (the IPFS Trustless Gateway).

    the way to it    the directories, and of big ones the shards, that a verifier walks
    block            the one block that the path ends at
    entity           a whole file, the asked part of it, or a directory without what it holds
    all              everything below

Every block comes once, parents before children, so a DAG that repeats itself without end costs
what its blocks cost. Memory is bounded by one digest a block. Raises EntryMissing, NotADirectory,
NotAFile before the first block, BlockMissing and BlockCorrupt as they come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from api.storage.ports import BlockCorrupt, BlockStore, NotADirectory
from api.storage.unixfs import Cid, Dag, Directory, parse_cid
from api.storage.unixfs.cid import RAW, parse_packed_cid
from api.storage.unixfs.dagpb import PbNode, decode_node
from api.storage.unixfs.data import Data, Kind, decode_data
from api.storage.unixfs.walk import walk_blocks

_DEEPEST_FILE = 16  # levels; the reader's own bound
_SLOT = 2  # letters of a link that leads to a shard

Block = tuple[Cid, bytes]
Span = tuple[int, int | None]  # first and last byte, below 0 from the end; None: the last one


def trail(dag: Dag, root: Cid, names: Sequence[str]) -> list[Cid]:
    """The CIDs along a path, the root's first; what it ends at isn't looked into."""
    cids = [root]
    for name in names:
        step = dag.open(cids[-1])
        if not isinstance(step, Directory):
            raise NotADirectory(name)
        cids.append(dag.child(step, name))
    return cids


def car_blocks(
    store: BlockStore, root: Cid, names: Sequence[str], scope: str, span: Span | None
) -> tuple[Cid, Iterator[Block]]:
    """What a path ends at, and the blocks of its CAR."""
    noting = _Noting(store)
    end = trail(Dag(cast("BlockStore", noting), 0), root, names)[-1]
    return end, _blocks(store, noting, end, scope, span)


def _blocks(
    store: BlockStore, noting: _Noting, end: Cid, scope: str, span: Span | None
) -> Iterator[Block]:
    yield from noting.blocks
    seen = {cid.digest for cid, _ in noting.blocks}
    if scope == "all":
        yield from walk_blocks(store, [end], seen)
    elif scope == "block" or end.codec == RAW:
        yield end, store.get(str(end))
    else:
        yield from _entity(store, end, span, seen)


def _entity(store: BlockStore, end: Cid, span: Span | None, seen: set[bytes]) -> Iterator[Block]:
    block = store.get(str(end))
    _node, data = _decode(block)
    if data.kind is Kind.SHARD:
        yield from _shards(store, end, seen)
    elif data.kind in (Kind.FILE, Kind.RAW):
        size = len(data.data) + sum(data.block_sizes)
        yield from _part(store, end, (0, size) if span is None else _cut(span, size), size, seen, 0)
    else:
        yield end, block


def _part(
    store: BlockStore, cid: Cid, part: tuple[int, int], size: int, seen: set[bytes], depth: int
) -> Iterator[Block]:
    """The blocks of bytes [start, end) of the `size` bytes below a node, and those above them."""
    start, end = part
    if start <= 0 and end >= size and size:
        yield from walk_blocks(store, [cid], seen)
        return
    block = store.get(str(cid))
    if cid.digest not in seen:
        seen.add(cid.digest)
        yield cid, block
    if cid.codec == RAW:
        return
    if depth > _DEEPEST_FILE:
        raise BlockCorrupt("a file's tree is too deep")
    node, data = _decode(block)
    if len(node.links) != len(data.block_sizes):
        raise BlockCorrupt("a file's node has not one length a link")
    at = len(data.data)
    for link, below in zip(node.links, data.block_sizes, strict=True):
        if at < end and at + below > start:
            child = parse_packed_cid(link.cid)
            yield from _part(store, child, (start - at, end - at), below, seen, depth + 1)
        at += below


def _shards(store: BlockStore, root: Cid, seen: set[bytes]) -> Iterator[Block]:
    pending = [root]
    while pending:
        cid = pending.pop()
        if cid.digest in seen or cid.codec == RAW:
            continue
        seen.add(cid.digest)
        block = store.get(str(cid))
        yield cid, block
        links = [link for link in decode_node(block).links if len(link.name) == _SLOT]
        pending.extend(parse_packed_cid(link.cid) for link in reversed(links))


def _decode(block: bytes) -> tuple[PbNode, Data]:
    node = decode_node(block)
    return node, decode_data(node.data)


def _cut(span: Span, size: int) -> tuple[int, int]:
    """Bytes [start, end) of a span, whose both ends are counted in."""
    first, last = span
    start = max(0, size + first) if first < 0 else first
    end = size if last is None else (size + last if last < 0 else last) + 1
    return start, min(size, max(start, end))


class _Noting:
    """A store that notes what is read of another, each block once."""

    def __init__(self, store: BlockStore) -> None:
        self.store = store
        self.blocks: list[Block] = []
        self._known: dict[str, bytes] = {}

    def get(self, cid: str) -> bytes:
        """Reads and notes."""
        data = self._known.get(cid)
        if data is None:
            data = self._known[cid] = self.store.get(cid)
            self.blocks.append((parse_cid(cid), data))
        return data
