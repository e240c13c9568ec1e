"""How much an archive may hold, and the account that is kept of it while it is read.

Sizes are counted as bytes come out; what an archive declares only serves to refuse it sooner.
"""

from __future__ import annotations

import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from api.storage.ports import ArchiveRejected

# Deflate reaches 1,032 : 1; the most compressible real sites (maps, minified JSON) stay under 50.
_RATIO_COUNTS_FROM_BYTES = 32 * 2**20
_LARGEST_READ_BYTES = 2**20

# What the standard library raises for archives that are damaged or contrived.
BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,  # RecursionError among them
    ValueError,  # UnicodeDecodeError among them
    OverflowError,
    LookupError,
)


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """The largest archive that is taken."""

    max_entries: int = 50_000  # files and directories, those in between counted too
    max_total_bytes: int = 2**30  # unpacked
    max_file_bytes: int = 2**29
    max_path_bytes: int = 1_024
    max_name_bytes: int = 255  # of one segment
    max_depth: int = 32  # segments
    max_ratio: int = 200  # unpacked : packed, once more than 32 MiB came out


class Account:
    """What came out of one archive so far."""

    def __init__(self, limits: ArchiveLimits, packed_bytes: int) -> None:
        self.limits = limits
        self.packed_bytes = packed_bytes
        self.entries = 0
        self.unpacked_bytes = 0

    def count_entry(self, entry: str) -> None:
        """One more entry."""
        self.entries += 1
        self.check_entries(self.entries, entry)

    def check_entries(self, entries: int, entry: str | None = None) -> None:
        """Refuses too many."""
        if entries > self.limits.max_entries:
            raise ArchiveRejected(f"more than {self.limits.max_entries:,} entries", entry)

    def check_declared(self, size_bytes: int, entry: str, before: int = 0) -> None:
        """Refuses a file by its declared size; `before`: what those before it declared."""
        if size_bytes < 0:
            raise ArchiveRejected("a size below zero", entry)
        if size_bytes > self.limits.max_file_bytes:
            raise ArchiveRejected(f"larger than {self.limits.max_file_bytes:,} bytes", entry)
        if self.unpacked_bytes + before + size_bytes > self.limits.max_total_bytes:
            raise self.too_much(entry)

    def count_bytes(self, count: int, of_file: int, entry: str | None) -> None:
        """`count` more bytes; `of_file` is how many the present file has had in all."""
        self.unpacked_bytes += count
        if of_file > self.limits.max_file_bytes:
            raise ArchiveRejected(f"larger than {self.limits.max_file_bytes:,} bytes", entry)
        if self.unpacked_bytes > self.limits.max_total_bytes:
            raise self.too_much(entry)
        if self.unpacked_bytes > max(
            _RATIO_COUNTS_FROM_BYTES, self.packed_bytes * self.limits.max_ratio
        ):
            raise ArchiveRejected(
                f"unpacks to more than {self.limits.max_ratio} times its size", entry
            )

    def too_much(self, entry: str | None) -> ArchiveRejected:
        """The refusal of an archive that is too large as a whole."""
        return ArchiveRejected(
            f"the archive unpacks to more than {self.limits.max_total_bytes:,} bytes", entry
        )


class MemberStream:
    """One file's bytes as they come out: counted, and as many as were declared."""

    def __init__(self, source: BinaryIO, size_bytes: int, entry: str, account: Account) -> None:
        self.source = source
        self.left = size_bytes
        self.had = 0
        self.entry = entry
        self.account = account

    def read(self, length: int = -1, /) -> bytes:
        """At most `length` bytes; nothing at the end, and only there."""
        wanted = _LARGEST_READ_BYTES if length < 0 else min(length, _LARGEST_READ_BYTES)
        if self.left == 0:
            # A zip's reader checks the CRC once it has been read to the end.
            if self._read(1):
                raise ArchiveRejected("longer than the archive says", self.entry)
            return b""
        data = self._read(min(wanted, self.left))
        if not data and wanted:
            raise ArchiveRejected("cut off before its end", self.entry)
        self.left -= len(data)
        self.had += len(data)
        self.account.count_bytes(len(data), self.had, self.entry)
        return data

    def _read(self, length: int) -> bytes:
        try:
            return self.source.read(length)
        except BROKEN:
            raise ArchiveRejected("damaged or cut off", self.entry) from None
