"""A local folder as blocks, made by the very importer that the server has.

Invariant: of a file's bytes only their place is remembered, so memory grows with the number of
blocks, never with their bytes; whoever reads a block again checks it against its CID.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from api.storage.nowhere import Nowhere
from api.storage.unixfs import Cid, DirectoryBuilder, Imported, import_file, parse_cid
from api.storage.unixfs.cid import RAW
from scripts.client.errors import ClientError, FileChanged
from scripts.client.folder import LocalFile, LocalFolder

Told = Callable[[int], None]  # so many bytes more


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file's block lies."""

    path: str
    offset: int
    length: int


class LocalBlocks(Nowhere):
    """What an import puts: a place for each leaf, the nodes themselves, which are few and small."""

    def __init__(self) -> None:
        self._places: dict[str, Place | bytes] = {}
        self._path = ""
        self._offset = 0
        self._open: tuple[str, int] | None = None  # the file that was read last

    def begin(self, path: str) -> None:
        """The leaves from here on are a file's, from its start."""
        self._path, self._offset = path, 0

    def put(self, cid: str, data: bytes, *, verified: bool = False) -> None:
        """See the port."""
        del verified
        if parse_cid(cid).codec != RAW:
            self._places.setdefault(cid, data)
            return
        if cid not in self._places:
            self._places[cid] = Place(self._path, self._offset, len(data))
        self._offset += len(data)

    def has(self, cid: str) -> bool:
        """See the port."""
        return cid in self._places

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def size_of(self, cid: str) -> int:
        """Of a block, in bytes."""
        place = self._places[cid]
        return place.length if isinstance(place, Place) else len(place)

    def get(self, cid: str) -> bytes:
        """A block, read again and checked; raises FileChanged."""
        place = self._places[cid]
        if not isinstance(place, Place):
            return place
        try:
            data = os.pread(self._descriptor(place.path), place.length, place.offset)
        except OSError:
            data = b""
        if not parse_cid(cid).matches(data):
            raise changed(place.path)
        return data

    def close(self) -> None:
        """Lets the file go that was read last."""
        if self._open is not None:
            os.close(self._open[1])
            self._open = None

    def _descriptor(self, path: str) -> int:
        if self._open is None or self._open[0] != path:
            self.close()
            self._open = (path, os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC))
        return self._open[1]


@dataclass(slots=True)
class Hashed:
    """A folder, ready to be sent."""

    root: Cid
    size_bytes: int
    file_count: int
    blocks: LocalBlocks = field(repr=False)


def hash_folder(folder: LocalFolder, told: Told = lambda _: None) -> Hashed:
    """Reads every file once; raises ClientError, FileChanged."""
    blocks = LocalBlocks()
    builder = DirectoryBuilder()
    for parts in folder.directories:
        builder.add_directory(parts)
    for file in folder.files:
        builder.add_file(file.parts, hash_file(file, blocks, told))
    made = builder.build(blocks)
    return Hashed(made.cid, made.size_bytes, len(folder.files), blocks)


def hash_file(file: LocalFile, blocks: LocalBlocks, told: Told) -> Imported:
    """One file, which must stay as it is meanwhile."""
    try:
        descriptor = os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise changed(file.path) from None
    except OSError as error:
        raise ClientError(f"{file.path} can't be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        before = _stamp(descriptor)
        blocks.begin(file.path)
        try:
            made = import_file(_Counted(stream, file, told), blocks)  # type: ignore[arg-type]
        except OSError as error:
            raise ClientError(f"{file.path} can't be read: {error.strerror}") from None
        if _stamp(descriptor) != before or made.size_bytes != file.size_bytes:
            raise changed(file.path)
    return made


def changed(path: str) -> FileChanged:
    """Of a file that somebody writes to."""
    return FileChanged(f"{path} changed while it was read: try again once it stays as it is")


def _stamp(descriptor: int) -> tuple[int, int, int]:
    status = os.fstat(descriptor)
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


class _Counted:
    """A stream that tells how much was read from it; all that the importer asks of one."""

    def __init__(self, stream: BinaryIO, file: LocalFile, told: Told) -> None:
        self._stream = stream
        self._file = file
        self._told = told
        self._left = file.size_bytes

    def read(self, length: int) -> bytes:
        data = self._stream.read(length)
        self._left -= len(data)
        if self._left < 0:  # one that grows as fast as it is read would never end
            raise changed(self._file.path)
        self._told(len(data))
        return data
