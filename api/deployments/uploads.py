"""The spool of uploads: DATA_DIR/uploads, where an archive waits until it is stored.

Invariant: a file is whole and fsynced before a row names it. A file that no row names is removed:
by its request when that ends without a row, else by the sweep.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, Any, cast
from uuid import uuid4

from flask import Request, request

from api.deployments import repository
from api.problems import FieldError, Problem, invalid

FORM_OVERHEAD_BYTES = 64 * 1024  # boundaries, part headers and small fields around the file
READ_BYTES = 2**20  # of a body, at once
ORPHAN_SECONDS = 3_600  # an upload that is coming in is written to much more often
_FULL = {errno.ENOSPC, errno.EDQUOT}


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


class SpoolingRequest(Request):
    """A request whose multipart files go to the spool, on the routes that ask for it."""

    max_form_parts = 10
    spool_folder: Path | None = None
    spooled: list[SpoolFile]

    def __init__(self, environ: dict[str, Any], *arguments: Any, **options: Any) -> None:
        super().__init__(environ, *arguments, **options)
        self.spooled = []

    def _get_file_stream(self, *_about: Any, **_more: Any) -> IO[bytes]:
        if self.spool_folder is None:
            raise Problem("unsupported-media-type")
        spool: Any = SpoolFile(self.spool_folder)
        self.spooled.append(spool)
        return spool  # type: ignore[no-any-return]  # it has the methods that the parser uses


def body_stream(max_bytes: int) -> BufferedReader:
    """The body as it comes in; reading more than so many bytes raises a Problem of 413."""
    request.max_content_length = max_bytes + FORM_OVERHEAD_BYTES
    return BufferedReader(cast("RawIOBase", request.stream), READ_BYTES)


def receive_body(folder: Path, max_bytes: int) -> SpoolFile:
    """The body itself, whole and durable; raises a Problem of 413 or 507."""
    spool = SpoolFile(folder)
    with _giving_up([spool]):
        stream = body_stream(max_bytes)
        while data := stream.read(READ_BYTES):
            spool.write(data)
        _finish(spool, max_bytes)
    return spool


def receive_file(fields: tuple[str, ...], folder: Path, max_bytes: int) -> tuple[str, SpoolFile]:
    """The one file of a multipart body and its field, which is one of these; whole and durable.

    Raises a Problem of 413, 422 or 507.
    """
    incoming = cast("SpoolingRequest", request)
    incoming.spool_folder = folder
    incoming.max_content_length = max_bytes + FORM_OVERHEAD_BYTES
    with _giving_up(incoming.spooled):
        names = list(incoming.files)
        if len(names) != 1 or names[0] not in fields or len(incoming.spooled) != 1:
            wanted = " or ".join(fields)
            raise invalid(FieldError(fields[0], f"one file in the multipart field {wanted}"))
        _finish(incoming.spooled[0], max_bytes)
    return names[0], incoming.spooled[0]


@contextmanager
def _giving_up(spooled: list[SpoolFile]) -> Iterator[None]:
    """Discards what came in, where it isn't taken."""
    try:
        yield
    except BaseException as error:
        for partial in spooled:
            partial.discard()
        if isinstance(error, OSError) and error.errno in _FULL:
            raise Problem("storage-full") from error
        raise


def _finish(spool: SpoolFile, max_bytes: int) -> None:
    spool.sync()
    if spool.path.stat().st_size > max_bytes:
        raise Problem("payload-too-large", f"Uploads have at most {max_bytes} bytes.")


def sweep_uploads(folder: Path, now: float | None = None) -> int:
    """Removes old files that no unfinished deployment waits for; how many that were."""
    if not folder.is_dir():
        return 0
    awaited = repository.list_awaited_uploads()
    oldest = (now or time.time()) - ORPHAN_SECONDS
    removed = 0
    for path in folder.glob("*.upload"):
        with suppress(FileNotFoundError):
            if path.name not in awaited and path.stat().st_mtime < oldest:
                path.unlink()
                removed += 1
    return removed
