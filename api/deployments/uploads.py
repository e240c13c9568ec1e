"""The spool of uploads: DATA_DIR/uploads, where an archive waits until it is stored.

Invariant: a file is whole and fsynced before a row names it. A file that no row names is removed:
by its request when that ends without a row, else by the sweep.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

from flask import Request, request

from api.deployments import repository
from api.http.spool import FULL, SpoolFile
from api.problems import FieldError, Problem, invalid

FORM_OVERHEAD_BYTES = 64 * 1024  # boundaries, part headers and small fields around the file
ORPHAN_SECONDS = 3_600  # an upload that is coming in is written to much more often


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


def receive_file(field: str, folder: Path, max_bytes: int) -> SpoolFile:
    """The one file of a multipart body, whole and durable; raises a Problem of 413, 422 or 507."""
    incoming = cast("SpoolingRequest", request)
    incoming.spool_folder = folder
    incoming.max_content_length = max_bytes + FORM_OVERHEAD_BYTES
    try:
        names = list(incoming.files)
        if names != [field] or len(incoming.spooled) != 1:
            raise invalid(FieldError(field, f"one file in the multipart field {field}"))
        spool = incoming.spooled[0]
        spool.sync()
        if spool.path.stat().st_size > max_bytes:
            raise Problem("payload-too-large", f"Archives have at most {max_bytes} bytes.")
    except BaseException as error:
        for partial in incoming.spooled:
            partial.discard()
        if isinstance(error, OSError) and error.errno in FULL:
            raise Problem("storage-full") from error
        raise
    return spool


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
