"""Reads zip archives as streams of members.

Every entry is judged by the central directory before anything is inflated. Refuses encryption,
methods other than stored and deflated, links and devices, and entries that share bytes (an
overlap bomb makes petabytes of a few megabytes).
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from api.storage.archive.limits import BROKEN, Account, MemberStream
from api.storage.archive.member import Member
from api.storage.archive.names import clean_path, shown
from api.storage.ports import ArchiveRejected

MAGICS = (b"PK\x03\x04", b"PK\x05\x06")  # the second: an archive without entries

_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_BYTES, _LOCATOR64_BYTES, _END64_BYTES = 22, 20, 56
_LONGEST_COMMENT = 65_535
_LARGEST_RECORD_BYTES = 46 + 3 * 65_535  # of one entry in the central directory
_USUAL_RECORD_BYTES = 1_024
_LOCAL_BYTES = 30
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_PATCHED = 0x20
_UTF8 = 0x800
_UNIX = 3  # ZipInfo.create_system
_UNICODE_PATH = 0x7075  # Info-ZIP's extra field


def read_zip(file: BinaryIO, account: Account) -> Iterator[Member]:
    """The files and directories of a zip; raises ArchiveRejected."""
    central_start = _find_central_directory(file, account)
    try:
        archive = ZipFile(file)
    except UnicodeDecodeError:
        raise ArchiveRejected("a name isn't UTF-8") from None
    except BROKEN:
        raise ArchiveRejected("not a whole zip archive") from None
    with archive:
        infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
        account.check_entries(len(infos))
        declared = 0
        paths = []
        for info in infos:
            name = _name_of(info)
            paths.append((name, clean_path(name, account.limits)))
            _check(info, shown(name))
            account.check_declared(info.file_size, shown(name), before=declared)
            declared += info.file_size
        _check_overlaps(file, infos, central_start)
        for info, (name, path) in zip(infos, paths, strict=True):
            account.count_entry(shown(name))
            if info.is_dir():
                yield Member(path, shown(name), None)
                continue
            try:
                source = cast("BinaryIO", archive.open(info))
            except BROKEN:
                raise ArchiveRejected("damaged or cut off", shown(name)) from None
            with source:
                stream = MemberStream(source, info.file_size, shown(name), account)
                yield Member(path, shown(name), stream)


def _check(info: ZipInfo, entry: str) -> None:
    mode = info.external_attr >> 16 if info.create_system == _UNIX else 0
    kind = stat.S_IFMT(mode)
    if info.flag_bits & _ENCRYPTED:
        raise ArchiveRejected("encrypted", entry)
    if info.flag_bits & _PATCHED or info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise ArchiveRejected("compressed by a method other than deflate", entry)
    if kind == stat.S_IFLNK:
        raise ArchiveRejected("a symbolic link", entry)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveRejected("neither a file nor a directory", entry)
    if info.is_dir() and info.file_size:
        raise ArchiveRejected("a directory with content", entry)
    if info.compress_type == ZIP_STORED and info.compress_size != info.file_size:
        raise ArchiveRejected("stored in another size than declared", entry)


def _name_of(info: ZipInfo) -> str:
    """The name as it was meant. Many packers write UTF-8 without saying so."""
    name = info.orig_filename
    if info.flag_bits & _UTF8:
        return name
    try:
        packed = name.encode("cp437")
        return (_unicode_path(info.extra, packed) or packed).decode()
    except UnicodeError:
        raise ArchiveRejected("the name isn't UTF-8", shown(name)) from None


def _unicode_path(extra: bytes, packed_name: bytes) -> bytes | None:
    """Info-ZIP's UTF-8 name, where it belongs to this very name."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        body = extra[at + 4 : at + 4 + length]
        if kind == _UNICODE_PATH and length > 5 and body[0] == 1:
            (checksum,) = struct.unpack_from("<I", body, 1)
            return body[5:] if checksum == zlib.crc32(packed_name) else None
        at += 4 + length
    return None


def _check_overlaps(file: BinaryIO, infos: list[ZipInfo], central_start: int) -> None:
    """Each entry must end before the next one starts; `infos` are sorted by where they start."""
    limits = [info.header_offset for info in infos[1:]] + [central_start]
    for info, limit in zip(infos, limits, strict=False):
        file.seek(max(0, info.header_offset))
        local = file.read(_LOCAL_BYTES)
        if info.header_offset < 0 or len(local) < _LOCAL_BYTES or not local.startswith(MAGICS[0]):
            raise ArchiveRejected("damaged or cut off", shown(info.orig_filename))
        name_bytes, extra_bytes = struct.unpack_from("<HH", local, 26)
        end = info.header_offset + _LOCAL_BYTES + name_bytes + extra_bytes + info.compress_size
        if end > limit:
            raise ArchiveRejected("shares bytes with another entry", shown(info.orig_filename))


def _find_central_directory(file: BinaryIO, account: Account) -> int:
    """Where it starts; refuses one that would take much memory to read."""
    length = file.seek(0, 2)
    tail_start = max(0, length - _END_BYTES - _LONGEST_COMMENT - _LOCATOR64_BYTES)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise ArchiveRejected("cut off: the list of entries at its end is missing")
    size, end = int(struct.unpack_from("<I", tail, at + 12)[0]), tail_start + at
    locator = at - _LOCATOR64_BYTES
    if locator >= 0 and tail.startswith(_LOCATOR64, locator):
        end = int(struct.unpack_from("<Q", tail, locator + 8)[0])
        if end > length - _END64_BYTES:
            raise ArchiveRejected("not a whole zip archive")
        file.seek(end)
        record = file.read(_END64_BYTES)
        if not record.startswith(_END64):
            raise ArchiveRejected("not a whole zip archive")
        size = int(struct.unpack_from("<Q", record, 40)[0])
    largest = account.limits.max_entries * _USUAL_RECORD_BYTES + _LARGEST_RECORD_BYTES
    if size > largest:
        raise ArchiveRejected(f"more than {account.limits.max_entries:,} entries")
    if size > end:
        raise ArchiveRejected("not a whole zip archive")
    return end - size
