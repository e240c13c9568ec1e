"""Takes content in, before any transaction is open: files, archives, CARs, each into the store.

    file        one part or many; a file's name may be a relative path, as browsers give of folders
    archive     zip, tar or tar.gz, spooled, then unpacked into the path
    car         one root, spooled, then checked as a whole; also as the body itself

Invariant: what was taken in is flushed, and stays no longer than a day unless a version comes to
hold it; an upload that fails midway leaves no block behind. Whoever may not write is refused
before the body is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import Any, cast

from flask import request

from api.db import begin, db
from api.files.cars import import_checked
from api.files.forms import current_settings, receive_form
from api.files.incoming import Incoming
from api.files.paths import parse_path
from api.files.schemas import UploadQuery
from api.files.trees import current_store
from api.holds.service import storage_service
from api.http.access import current_caller
from api.http.receive import parse_query
from api.http.spool import FULL
from api.mirror import open_mirror
from api.problems import Problem
from api.storage.car import MEDIA_TYPE as CAR
from api.storage.ports import ArchiveRejected, CarRejected, StoreFull


def receive_upload() -> Incoming:
    """The content of `POST /v1/files`; raises a Problem of 4xx or 507."""
    query = parse_query(UploadQuery)
    incoming = Incoming(query, parse_path(query.path))
    require_storage()
    with taken_in():
        try:
            _receive(incoming)
        finally:
            incoming.discard()
    return incoming


def require_storage() -> None:
    """Raises a Problem of 402: nobody sends a gigabyte for a refusal."""
    begin(writes=False)
    try:
        storage_service(open_mirror(), current_caller().address)
    finally:
        db.session.rollback()


@contextmanager
def taken_in() -> Iterator[None]:
    """Flushes what was put within; on any failure nothing of it is kept."""
    store = current_store()
    try:
        yield
        store.flush()
    except BaseException as error:
        store.discard()
        if isinstance(error, StoreFull) or (isinstance(error, OSError) and error.errno in FULL):
            raise Problem("storage-full") from error
        if isinstance(error, ArchiveRejected):
            raise Problem("archive-rejected", f"{error}.", entry=error.entry) from None
        if isinstance(error, CarRejected):
            raise Problem("car-rejected", f"{error}.", entry=error.entry) from None
        raise


def _receive(incoming: Incoming) -> None:
    settings = current_settings()
    if request.mimetype == CAR:
        request.max_content_length = settings.max_upload_bytes
        stream = BufferedReader(cast("Any", request.stream), 2**16)
        incoming.car = import_checked(stream, current_store(), current_caller().address)
    elif request.mimetype == "multipart/form-data":
        receive_form(incoming)
    else:
        raise Problem(
            "unsupported-media-type",
            f"Send files as multipart/form-data, or a CAR as {CAR}.",
        )
