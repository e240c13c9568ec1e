"""Archives made by hand, honest and hostile, and content that anyone can make again."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from hashlib import sha256

Files = Mapping[str, bytes]
Pack = Callable[[Files], bytes]


def content(seed: str, length: int) -> bytes:
    """The bytes that the expected CIDs were computed for."""
    blocks = (sha256(f"{seed}:{i}".encode()).digest() for i in range(-(-length // 32)))
    return b"".join(blocks)[:length]


def pack_zip(files: Files) -> bytes:
    """A name that ends in a slash is a directory."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def pack_tar(files: Files) -> bytes:
    """A name that ends in a slash is a directory."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name.rstrip("/"))
            info.size = len(data)
            if name.endswith("/"):
                info.type = tarfile.DIRTYPE
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def pack_tar_gz(files: Files) -> bytes:
    """A gzipped tar."""
    return gzip.compress(pack_tar(files), compresslevel=1)


PACKERS: dict[str, Pack] = {"zip": pack_zip, "tar": pack_tar, "tar.gz": pack_tar_gz}


def tar_of(*members: tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]) -> bytes:
    """A tar of the very members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member in members:
            info, data = member if isinstance(member, tuple) else (member, b"")
            info.size = len(data) or info.size
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def tar_member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    """A header of a kind."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def zip_member(
    name: bytes,
    data: bytes,
    *,
    flags: int = 0x800,
    method: int = 8,
    mode: int = 0o100644,
    declared: int | None = None,
    checksum: int | None = None,
    extra: bytes = b"",
) -> tuple[bytes, Callable[[int], bytes]]:
    """A local entry, and its record in the central directory once its offset is known."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = deflate.compress(data) + deflate.flush() if method == 8 else data
    size = len(data) if declared is None else declared
    crc = zlib.crc32(data) if checksum is None else checksum
    common = struct.pack(
        "<HHHHHIIIHH", 20, flags, method, 0, 33, crc, len(body), size, len(name), len(extra)
    )
    local = b"PK\x03\x04" + common + name + extra + body

    def record(offset: int) -> bytes:
        made_by_unix = struct.pack("<H", 3 << 8 | 20)
        tail = struct.pack("<HHHII", 0, 0, 0, mode << 16, offset)
        return b"PK\x01\x02" + made_by_unix + common + tail + name + extra

    return local, record


def zip_of(*members: tuple[bytes, Callable[[int], bytes]], entries: int | None = None) -> bytes:
    """A zip of the very members."""
    body, central = b"", b""
    for local, record in members:
        central += record(len(body))
        body += local
    count = len(members) if entries is None else entries
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(central), len(body), 0)
    return body + central + b"PK\x05\x06" + end


def overlapping_zip(copies: int) -> bytes:
    """Many records that all lead to the same bytes."""
    local, record = zip_member(b"same", bytes(2**20))
    central = b"".join(
        record(0).replace(b"same", b"%04d" % number) if number else record(0)
        for number in range(copies)
    )
    end = struct.pack("<HHHHIIH", 0, 0, copies, copies, len(central), len(local), 0)
    return local + central + b"PK\x05\x06" + end
