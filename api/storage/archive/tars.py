"""Reads tar archives, plain or gzipped, as streams of members, front to back and once.

`tarfile` parses the headers; the stream below it bounds what it may take into memory, goes
forward only, and tells a proper end from one that is missing. Refuses links, devices, pipes and
sparse files.
"""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Iterator
from typing import BinaryIO, cast

from api.storage.archive.limits import BROKEN, Account, MemberStream
from api.storage.archive.member import Member
from api.storage.archive.names import clean_path, shown
from api.storage.ports import ArchiveRejected

GZIP_MAGIC = b"\x1f\x8b"
_BLOCK = tarfile.BLOCKSIZE
_LARGEST_HEADER_BYTES = 2**18  # long names and pax records are read in one piece
_SKIP_BYTES = 2**18


def looks_like_tar(head: bytes) -> bool:
    """By the header's checksum, so that tars from before `ustar` are known too."""
    if not any(head):
        return True  # an archive without entries
    try:
        tarfile.TarInfo.frombuf(head[:_BLOCK], "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def read_tar(file: BinaryIO, account: Account, *, gzipped: bool) -> Iterator[Member]:
    """The files and directories of a tar; raises ArchiveRejected."""
    source = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if gzipped else file
    stream = _Forward(source, account)
    try:
        yield from _members(stream, account)
        stream.drain()
    except BROKEN:
        raise ArchiveRejected("the archive is damaged or cut off", stream.entry) from None


def _members(stream: _Forward, account: Account) -> Iterator[Member]:
    archive = tarfile.TarFile(
        fileobj=stream,  # type: ignore[arg-type]  # what TarFile uses of a file, it has
        mode="r",
        encoding="utf-8",
        errors="surrogateescape",
    )
    for info in archive:
        entry = stream.entry = shown(info.name)
        account.count_entry(entry)
        path = clean_path(info.name, account.limits)
        _check(info, entry)
        if info.isdir():
            yield Member(path, entry, None)
            continue
        account.check_declared(info.size, entry)
        stream.seek(info.offset_data)
        body = cast("BinaryIO", _Slice(stream, info.size))
        yield Member(path, entry, MemberStream(body, info.size, entry, account))
    if len(stream.last) < _BLOCK or any(stream.last):
        raise ArchiveRejected("cut off: the mark of its end is missing", stream.entry)


def _check(info: tarfile.TarInfo, entry: str) -> None:
    if info.issym():
        raise ArchiveRejected("a symbolic link", entry)
    if info.islnk():
        raise ArchiveRejected("a hard link", entry)
    if info.issparse():
        raise ArchiveRejected("a sparse file", entry)
    if not (info.isreg() or info.isdir()):
        raise ArchiveRejected("neither a file nor a directory", entry)
    if info.size < 0:
        raise ArchiveRejected("a size below zero", entry)


class _Forward:
    """A stream that seeks forward by reading, and one byte back, which is all that tarfile asks."""

    def __init__(self, source: BinaryIO, account: Account) -> None:
        self.source = source
        self.account = account
        self.entry: str | None = None  # the last one, for messages
        self.last = b""  # what the last read gave
        limits = account.limits
        self.limit = limits.max_total_bytes + limits.max_entries * 4 * _BLOCK + _SKIP_BYTES
        self._at = 0
        self._previous = b""  # the byte before `_at`
        self._pushed_back = False

    def tell(self) -> int:
        return self._at - self._pushed_back

    def seek(self, to: int) -> int:
        if to == self._at - 1 and self._previous:
            self._pushed_back = True
            return to
        self._pushed_back = False
        if to < self._at:
            raise ArchiveRejected("headers that lead backwards", self.entry)
        while self._at < to and self._take(min(_SKIP_BYTES, to - self._at)):
            pass
        return self._at

    def read(self, length: int) -> bytes:
        if length > _LARGEST_HEADER_BYTES:
            raise ArchiveRejected("a header that is too large", self.entry)
        if self._pushed_back and length > 0:
            self._pushed_back = False
            rest = self.read(length - 1) if length > 1 else b""
            return self._previous if not rest else self._previous + rest
        self.last = b"".join(self._whole(length))
        return self.last

    def drain(self) -> None:
        """To the very end, where gzip checks its CRC."""
        while self._take(_SKIP_BYTES):
            pass

    def take(self, length: int) -> bytes:
        """Content: whatever comes, at most `length`."""
        return self._take(length)

    def _whole(self, length: int) -> Iterator[bytes]:
        while length > 0 and (data := self._take(length)):
            length -= len(data)
            yield data

    def _take(self, length: int) -> bytes:
        data = self.source.read(length)
        if data:
            self._at += len(data)
            self._previous = data[-1:]
        if self._at > self.limit:
            raise self.account.too_much(self.entry)
        return data


class _Slice:
    """The next `left` bytes of a stream."""

    def __init__(self, stream: _Forward, left: int) -> None:
        self.stream = stream
        self.left = left

    def read(self, length: int) -> bytes:
        data = self.stream.take(min(length, self.left)) if self.left else b""
        self.left -= len(data)
        return data
