"""A file of the spool: where an upload waits that must be read from its end, or by a job.

Invariant: it is whole and fsynced before a row names it; one that no row names is removed, by its
request or else by the sweep (`api/deployments/uploads.py`).
"""

from __future__ import annotations

import errno
import os
from hashlib import sha256
from pathlib import Path
from typing import IO
from uuid import uuid4

FULL = {errno.ENOSPC, errno.EDQUOT}


class SpoolFile:
    """What a multipart parser writes a file into."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{uuid4().hex}.upload"
        self._file: IO[bytes] = self.path.open("xb+")
        self._digest = sha256()
        self._kept = False

    def write(self, data: bytes) -> int:
        """Bytes as they come in."""
        self._digest.update(data)
        return self._file.write(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """The parser goes back to the start when it is done."""
        return self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        """Bytes as they came in."""
        return self._file.read(size)

    def close(self) -> None:
        """The file stays where it is."""
        self._file.close()

    def flush(self) -> None:
        """Whoever opens the file now reads all of it."""
        self._file.flush()

    def sync(self) -> None:
        """Returns once the file survives a crash of the machine."""
        self._file.flush()
        os.fsync(self._file.fileno())
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the content."""
        return self._digest.hexdigest()

    def keep(self) -> None:
        """A committed row names it."""
        self._kept = True

    def discard(self) -> None:
        """Removes it, unless it was kept."""
        self._file.close()
        if not self._kept:
            self.path.unlink(missing_ok=True)
