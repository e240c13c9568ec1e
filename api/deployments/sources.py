"""What a deployment is made from, taken in and looked at before any row is written.

archive     multipart field `archive`: zip, tar or tar.gz, spooled and inspected
car         the body as application/vnd.ipld.car: one root, straight into the store
cid         JSON {"cid"}: a directory that the store holds whole
folder      JSON {"folder"}: a folder of the caller's, as it is at that moment
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from flask import current_app, request

from api.blocks.service import receive_blocks
from api.db import begin, db
from api.deployments.schemas import HeldRequest, Source
from api.deployments.uploads import SpoolFile, receive_file
from api.files.reading import current_folder
from api.http.access import current_caller
from api.http.receive import parse_body
from api.mirror import open_mirror
from api.problems import FieldError, Problem, invalid
from api.settings import ApiSettings
from api.sites.service import active_site
from api.storage.archive import inspect_archive
from api.storage.car import MEDIA_TYPE as CAR
from api.storage.ports import ArchiveRejected, BadCid, BlockStore, StorageError
from api.storage.unixfs import Dag, measure_directory, parse_cid
from api.wiring import archive_limits

ARCHIVE_FIELD = "archive"


@dataclass(slots=True)
class Incoming:
    """A source as it came in."""

    source: Source
    fingerprint: str
    told: str  # the first line of the log
    upload: SpoolFile | None = None
    cid: str | None = None

    def keep(self) -> None:
        """A committed row names it."""
        if self.upload is not None:
            self.upload.keep()

    def discard(self) -> None:
        """Removes the spooled file, unless it was kept."""
        if self.upload is not None:
            self.upload.discard()


def receive_source(name: str) -> Incoming:
    """The source of a new deployment of a site, which must be the caller's and active.

    That is asked first, so that nobody sends a gigabyte for a refusal, and again when the row is
    written. No transaction is open while the body comes in.
    """
    begin(writes=False)
    try:
        active_site(open_mirror(), current_caller().address, name)
    finally:
        db.session.rollback()
    if request.mimetype == "multipart/form-data":
        return _receive_archive()
    if request.mimetype == "application/json":
        return _receive_held()
    if request.mimetype == CAR:
        return _receive_car()
    raise Problem(
        "unsupported-media-type",
        f"Send an archive as multipart/form-data, a CAR as {CAR}, or a CID as application/json.",
    )


def _receive_archive() -> Incoming:
    settings: ApiSettings = current_app.config["DSPACE"]
    upload = receive_file(ARCHIVE_FIELD, settings.uploads_dir, settings.max_upload_bytes)
    try:
        with upload.path.open("rb") as file:
            summary = inspect_archive(file, archive_limits(settings))
    except ArchiveRejected as rejected:
        upload.discard()
        raise Problem("archive-rejected", f"{rejected}.", entry=rejected.entry) from None
    except BaseException:
        upload.discard()
        raise
    told = (
        f"received a {summary.format} archive of {summary.file_count} files, "
        f"{summary.size_bytes} bytes unpacked"
    )
    return Incoming("archive", upload.fingerprint, told, upload=upload)


def _receive_held() -> Incoming:
    body = parse_body(HeldRequest)
    if body.folder is None:
        return _held("cid", str(body.cid))
    begin(writes=False)
    try:
        cid = current_folder(open_mirror(), current_caller().address, body.folder)
    finally:
        db.session.rollback()
    return _held("folder", cid)


def _receive_car() -> Incoming:
    roots = receive_blocks().roots
    if len(roots) != 1:
        raise Problem("car-rejected", f"It has {len(roots)} roots, and not one.")
    return _held("car", str(roots[0]))


def _held(source: Source, text: str) -> Incoming:
    store: BlockStore = current_app.extensions["dspace_store"]
    try:
        cid = parse_cid(text)
    except BadCid:
        raise invalid(FieldError("cid", "is no CID that the store could hold")) from None
    try:
        measured = measure_directory(Dag(store), cid)
    except StorageError:
        raise Problem("content-not-held", cid=str(cid)) from None
    told = f"asked for {cid}: {measured.file_count} files, {measured.size_bytes} bytes"
    return Incoming(source, sha256(str(cid).encode()).hexdigest(), told, cid=str(cid))
