"""Many files of one multipart body, in one spool file, one behind the other.

The spool has no name in its folder from the start on: whatever ends the process ends it too.
"""

from __future__ import annotations

import errno
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from flask import request

from api.problems import Problem

FORM_OVERHEAD_BYTES = 64 * 1024  # boundaries and part headers
_PART_OVERHEAD_BYTES = 1_024  # of each further file
_FULL = {errno.ENOSPC, errno.EDQUOT}


class SharedSpool:
    """One file that parts are written to in their order."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed below
        self.end = 0

    def next_part(self) -> SpoolPart:
        """Where the parser writes the next file."""
        return SpoolPart(self, self.end)

    def close(self) -> None:
        """The spool is gone."""
        self.file.close()


class SpoolPart:
    """A stretch of the spool; the parser only writes it, and goes back to its start at the end."""

    def __init__(self, spool: SharedSpool, start: int) -> None:
        self.spool = spool
        self.start = start
        self.length = 0

    def write(self, data: bytes) -> int:
        """More bytes, as they come in."""
        self.spool.file.write(data)
        self.length += len(data)
        self.spool.end += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """What the parser does when the part is whole."""
        del whence
        return offset

    def close(self) -> None:
        """The spool stays."""


class PartReader(io.RawIOBase):
    """Reads one part, with seeking, as archives need it."""

    def __init__(self, part: SpoolPart) -> None:
        self._part = part
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As of any file."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._part.length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """At most to the part's end."""
        wanted = min(len(buffer), self._part.length - self._at)
        if wanted <= 0:
            return 0
        file = self._part.spool.file
        file.seek(self._part.start + self._at)
        data = file.read(wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the form."""

    field: str
    filename: str
    spooled: SpoolPart

    @property
    def size_bytes(self) -> int:
        """Of its content."""
        return self.spooled.length

    def open(self) -> BinaryIO:
        """Its content from the start."""
        return cast("BinaryIO", io.BufferedReader(PartReader(self.spooled), 2**20))


@contextmanager
def receive_parts(folder: Path, max_bytes: int, max_files: int) -> Iterator[list[Part]]:
    """The files of a multipart body, for as long as the block lasts.

    Raises a Problem of 413, 507.
    """
    incoming: Any = request
    spool = incoming.shared_spool = SharedSpool(folder)
    incoming.max_form_parts = max_files
    overhead = FORM_OVERHEAD_BYTES + max_files * _PART_OVERHEAD_BYTES
    incoming.max_content_length = max_bytes + overhead
    try:
        found = [
            Part(name, file.filename or "", cast("SpoolPart", file.stream))
            for name, file in incoming.files.items(multi=True)
        ]
        if spool.end > max_bytes:
            raise Problem("payload-too-large", f"Uploads have at most {max_bytes} bytes.")
        spool.file.flush()
        yield found
    except OSError as error:
        if error.errno in _FULL:
            raise Problem("storage-full") from error
        raise
    finally:
        spool.close()
