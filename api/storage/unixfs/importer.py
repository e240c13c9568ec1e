"""Cuts a stream of bytes into blocks and builds the balanced tree above them.

Memory is bounded by one chunk and one node's links a level, whatever the file's length. A node is
written once it is full and more is to come; so every leaf ends at the same depth, as in Kubo.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO, Protocol

from api.storage.ports import BlockStore
from api.storage.unixfs.cid import DAG_PB, RAW, Cid, pack_cid
from api.storage.unixfs.dagpb import Link, encode_node
from api.storage.unixfs.data import Data, Kind, encode_data
from api.storage.unixfs.profile import UNIXFS_V1_2025, Profile


class Linked(Protocol):
    """What a link can lead to."""

    @property
    def cid(self) -> Cid: ...

    @property
    def dag_bytes(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Imported:
    """The root of something that was written."""

    cid: Cid
    size_bytes: int  # of the content
    dag_bytes: int  # of all blocks below and with the root: a link's Tsize


def import_file(stream: BinaryIO, store: BlockStore, profile: Profile = UNIXFS_V1_2025) -> Imported:
    """Reads to the end of the stream and puts the file's blocks."""
    tree = _Tree(store, profile)
    while True:
        chunk = _read_whole(stream, profile.chunk_bytes)
        if not chunk and not tree.is_empty:
            break
        tree.add(0, _put_leaf(chunk, store, profile))
        if len(chunk) < profile.chunk_bytes:
            break
    return tree.finish()


class FileWriter:
    """As `import_file`, for bytes that are handed over as they come."""

    def __init__(self, store: BlockStore, profile: Profile = UNIXFS_V1_2025) -> None:
        self._tree = _Tree(store, profile)
        self._pending = bytearray()

    def write(self, data: bytes) -> None:
        """The next bytes; whole chunks are put at once."""
        self._pending += data
        length = self._tree.profile.chunk_bytes
        while len(self._pending) >= length:
            self._put(bytes(self._pending[:length]))
            del self._pending[:length]

    def finish(self) -> Imported:
        """The file's root."""
        if self._pending or self._tree.is_empty:
            self._put(bytes(self._pending))
        return self._tree.finish()

    def _put(self, chunk: bytes) -> None:
        self._tree.add(0, _put_leaf(chunk, self._tree.store, self._tree.profile))


def put_node(store: BlockStore, links: list[Link], data: Data, size_bytes: int) -> Imported:
    """Writes one dag-pb node."""
    block = encode_node(links, encode_data(data))
    cid = Cid(DAG_PB, sha256(block).digest())
    store.put(str(cid), block, verified=True)
    return Imported(cid, size_bytes, len(block) + sum(link.tsize for link in links))


class _Tree:
    """The nodes that aren't full yet, one a level; level 0 holds leaves."""

    def __init__(self, store: BlockStore, profile: Profile) -> None:
        self.store = store
        self.profile = profile
        self.levels: list[list[Imported]] = []

    @property
    def is_empty(self) -> bool:
        return not self.levels

    def add(self, level: int, child: Imported) -> None:
        if level == len(self.levels):
            self.levels.append([])
        if len(self.levels[level]) == self.profile.width:
            self._close(level)
        self.levels[level].append(child)

    def finish(self) -> Imported:
        level = 0
        while not (level == len(self.levels) - 1 and len(self.levels[level]) == 1):
            self._close(level)
            level += 1
        return self.levels[level][0]

    def _close(self, level: int) -> None:
        children = self.levels[level]
        self.levels[level] = []
        version = self.profile.cid_version
        links = [Link(pack_cid(child.cid, version), b"", child.dag_bytes) for child in children]
        sizes = tuple(child.size_bytes for child in children)
        data = Data(Kind.FILE, size_bytes=sum(sizes), block_sizes=sizes)
        self.add(level + 1, put_node(self.store, links, data, sum(sizes)))


def _put_leaf(chunk: bytes, store: BlockStore, profile: Profile) -> Imported:
    if not profile.raw_leaves:
        data = Data(Kind.FILE, data=chunk, size_bytes=len(chunk))
        return put_node(store, [], data, len(chunk))
    cid = Cid(RAW, sha256(chunk).digest())
    store.put(str(cid), chunk, verified=True)
    return Imported(cid, len(chunk), len(chunk))


def _read_whole(stream: BinaryIO, length: int) -> bytes:
    """Short only at the stream's end, unlike `read` of some streams."""
    chunk = stream.read(length)
    if not chunk or len(chunk) == length:
        return chunk
    parts, have = [chunk], len(chunk)
    while have < length and (chunk := stream.read(length - have)):
        parts.append(chunk)
        have += len(chunk)
    return b"".join(parts)
