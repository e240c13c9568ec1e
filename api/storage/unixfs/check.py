"""Whether a DAG from outside may stand in a tree: it is whole, and nothing in it lies.

What is built here is true by itself; this is for what somebody else built. Allowances are counted
by the sizes in links, and edits trust the shape of shards, so both are checked here, once:

    every block is there · names as an archive's may be, each once · the sizes in links are those of
    what they lead to · files' nodes have the lengths of their parts · shards lie where their
    names' hashes say, and none of them stands for fewer than two entries

Raises CarRejected, which names the block. Each block is read once, however often it is linked to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from api.storage.archive.limits import ArchiveLimits
from api.storage.archive.names import clean_path, shown
from api.storage.ports import ArchiveRejected, BadCid, BlockCorrupt, BlockMissing, CarRejected
from api.storage.unixfs.cid import RAW, Cid, parse_packed_cid
from api.storage.unixfs.dagpb import Link, decode_node
from api.storage.unixfs.data import FANOUT, MURMUR3_X64_64, Data, Kind, decode_data
from api.storage.unixfs.edit import Placed
from api.storage.unixfs.hamt import DEPTH, slots_of

MAX_BYTES = 2**62  # of a DAG; parts that are shared count each time
_DEEPEST_FILE = 16  # levels of nodes

Read = Callable[[Cid], bytes]  # raises BlockMissing


def check_dag(
    read: Read, root: Cid, limits: ArchiveLimits, raw_sizes: Mapping[Cid, int] | None = None
) -> Placed:
    """The root, with the bytes of its DAG.

    `raw_sizes` are lengths of raw blocks that are known to be there, and so needn't be read.
    """
    return Placed(root, _Checker(read, limits, raw_sizes or {}).entry(root, 0).dag_bytes)


@dataclass(frozen=True, slots=True)
class _Found:
    dag_bytes: int
    size_bytes: int = 0  # of a file's content
    entries: int = 0  # of a shard


@dataclass(slots=True)
class _Checker:
    read: Read
    limits: ArchiveLimits
    raw_sizes: Mapping[Cid, int]
    files: dict[Cid, _Found] = field(default_factory=dict)
    directories: dict[Cid, tuple[int, _Found]] = field(default_factory=dict)
    shards: dict[tuple[Cid, bytes], _Found] = field(default_factory=dict)

    def entry(self, cid: Cid, depth: int) -> _Found:
        """A file, or a directory so many folders deep."""
        if cid in self.files:
            return self.files[cid]
        seen = self.directories.get(cid)
        if seen is not None and depth <= seen[0]:
            return seen[1]
        if cid.codec == RAW:
            return self._file(cid, 0)
        data, links, length = self._node(cid)
        if data.kind not in (Kind.DIRECTORY, Kind.SHARD):
            return self._file(cid, 0)
        if depth > self.limits.max_depth:
            raise CarRejected(f"more than {self.limits.max_depth} folders deep", str(cid))
        if data.kind is Kind.DIRECTORY:
            found = self._directory(cid, links, length, depth)
        else:
            found = self._shard(cid, b"", depth)
        self.directories[cid] = depth, found
        return found

    def _directory(self, cid: Cid, links: tuple[Link, ...], length: int, depth: int) -> _Found:
        if len({link.name for link in links}) < len(links):
            raise CarRejected("a name comes twice", str(cid))
        for link in links:
            self._name(link.name, cid)
        return _sum(cid, length, [self._entry_at(link, depth + 1) for link in links])

    def _shard(self, cid: Cid, slots: bytes, depth: int) -> _Found:
        """The part of a directory whose names' hashes begin with these slots."""
        known = self.shards.get((cid, slots))
        if known is not None:
            return known
        data, links, length = self._node(cid)
        if data.kind is not Kind.SHARD or (data.fanout, data.hash_type) != (
            FANOUT,
            MURMUR3_X64_64,
        ):
            raise CarRejected("a directory's shards are of a kind that is not kept here", str(cid))
        if len({link.name[:2] for link in links}) < len(links) or len(slots) >= DEPTH:
            raise CarRejected("a directory's shards are in disorder", str(cid))
        parts = [self._slot(cid, slots, link, depth) for link in links]
        found = _sum(cid, length, parts)
        if slots and found.entries < 2:
            raise CarRejected("a shard that stands for less than two entries", str(cid))
        self.shards[cid, slots] = found
        return found

    def _slot(self, cid: Cid, slots: bytes, link: Link, depth: int) -> _Found:
        try:
            inside = slots + bytes.fromhex(link.name[:2].decode("ascii"))
        except ValueError:
            inside = b""
        name = link.name[2:]
        if len(inside) != len(slots) + 1 or link.name[:2] != link.name[:2].upper():
            raise CarRejected("a directory's shards are in disorder", str(cid))
        if not name:
            return _as_told(link, self._shard(_target(link, cid), inside, depth), cid)
        self._name(name, cid)
        if not slots_of(name).startswith(inside):
            raise CarRejected("an entry lies in another's shard", str(cid))
        found = self._entry_at(link, depth + 1)
        return _Found(found.dag_bytes, entries=1)

    def _entry_at(self, link: Link, depth: int) -> _Found:
        target = _target(link, None)
        return _as_told(link, self.entry(target, depth), target)

    def _file(self, cid: Cid, depth: int) -> _Found:
        known = self.files.get(cid)
        if known is not None:
            return known
        if depth > _DEEPEST_FILE:
            raise CarRejected("a file's tree is too deep", str(cid))
        if cid.codec == RAW:
            size = self.raw_sizes.get(cid)
            size = len(self._block(cid)) if size is None else size
            found = _Found(size, size)
        else:
            data, links, length = self._node(cid)
            found = self._file_node(cid, data, links, length, depth)
        self.files[cid] = found
        return found

    def _file_node(
        self, cid: Cid, data: Data, links: tuple[Link, ...], length: int, depth: int
    ) -> _Found:
        if data.kind not in (Kind.FILE, Kind.RAW):
            raise CarRejected("neither a file nor a folder: a link, or something else", str(cid))
        parts = []
        for link in links:
            target = _target(link, cid)
            parts.append(_as_told(link, self._file(target, depth + 1), target))
        if [part.size_bytes for part in parts] != list(data.block_sizes):
            raise CarRejected("a file's node contradicts itself about lengths", str(cid))
        size = len(data.data) + sum(data.block_sizes)
        if data.size_bytes not in (None, size):
            raise CarRejected("a file's node contradicts itself about its length", str(cid))
        return _Found(_sum(cid, length, parts).dag_bytes, size)

    def _name(self, name: bytes, cid: Cid) -> None:
        try:
            text = name.decode()
            if clean_path(text, self.limits) == (text,):
                return
            reason = "a name that is none"
        except UnicodeDecodeError:
            text, reason = repr(name), "the name isn't UTF-8"
        except ArchiveRejected as rejected:
            reason = rejected.reason
        raise CarRejected(f"{reason}: {shown(text)}", str(cid))

    def _node(self, cid: Cid) -> tuple[Data, tuple[Link, ...], int]:
        block = self._block(cid)
        try:
            node = decode_node(block)
            return decode_data(node.data), node.links, len(block)
        except BlockCorrupt as corrupt:
            raise CarRejected(str(corrupt), str(cid)) from None

    def _block(self, cid: Cid) -> bytes:
        try:
            return self.read(cid)
        except BlockMissing:
            raise CarRejected("it is linked to, and missing", str(cid)) from None


def _target(link: Link, cid: Cid | None) -> Cid:
    try:
        return parse_packed_cid(link.cid)
    except BadCid:
        told = None if cid is None else str(cid)
        raise CarRejected("a link to what is not kept here", told) from None


def _as_told(link: Link, found: _Found, cid: Cid) -> _Found:
    if link.tsize != found.dag_bytes:
        raise CarRejected("a link that is wrong about the size of what it leads to", str(cid))
    return found


def _sum(cid: Cid, length: int, parts: list[_Found]) -> _Found:
    total = length + sum(part.dag_bytes for part in parts)
    if total > MAX_BYTES:
        raise CarRejected("larger than anything can be", str(cid))
    return _Found(total, entries=sum(part.entries for part in parts))
