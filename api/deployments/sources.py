"""What a deployment is made from, taken in and looked at before any row is written.

archive     multipart field `archive`: zip, tar or tar.gz, spooled and inspected
car         application/vnd.ipld.car, or multipart field `car`: spooled; its one root is a directory
            that is whole together with what the store holds
cid         JSON {"cid"}: a directory that the store holds whole
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from flask import current_app, request

from api.db import begin, db
from api.deployments.schemas import CAR, CidRequest, Source
from api.deployments.uploads import SpoolFile, receive_body, receive_file
from api.http.access import current_caller
from api.http.receive import parse_body
from api.mirror import open_mirror
from api.problems import FieldError, Problem, invalid
from api.settings import ApiSettings
from api.sites.service import active_site
from api.storage.archive import inspect_archive
from api.storage.car import MEDIA_TYPE
from api.storage.carfile import CarFile
from api.storage.ports import (
    ArchiveRejected,
    BadCid,
    BlockMissing,
    BlockStore,
    CarRejected,
    StorageError,
)
from api.storage.unixfs import Dag, measure_directory, parse_cid
from api.wiring import archive_limits

ARCHIVE_FIELD, CAR_FIELD = "archive", CAR
_MAX_CAR_BLOCKS = 200_000  # each takes some 200 bytes of memory while the CAR is looked at


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
    settings: ApiSettings = current_app.config["DSPACE"]
    if request.mimetype == "multipart/form-data":
        field, upload = receive_file(
            (ARCHIVE_FIELD, CAR_FIELD), settings.uploads_dir, settings.max_upload_bytes
        )
        return _look(field, upload)
    if request.mimetype == MEDIA_TYPE:
        return _look(CAR_FIELD, receive_body(settings.uploads_dir, settings.max_upload_bytes))
    if request.mimetype == "application/json":
        return _receive_cid()
    raise Problem(
        "unsupported-media-type",
        "Send an archive or a CAR as multipart/form-data, a CAR as application/vnd.ipld.car, or a "
        "CID as application/json.",
    )


def _look(field: str, upload: SpoolFile) -> Incoming:
    """At what was spooled; it is removed where it isn't taken."""
    try:
        return _look_at_archive(upload) if field == ARCHIVE_FIELD else _look_at_car(upload)
    except BaseException:
        upload.discard()
        raise


def _look_at_archive(upload: SpoolFile) -> Incoming:
    settings: ApiSettings = current_app.config["DSPACE"]
    try:
        with upload.path.open("rb") as file:
            summary = inspect_archive(file, archive_limits(settings))
    except ArchiveRejected as rejected:
        raise Problem("archive-rejected", f"{rejected}.", entry=rejected.entry) from None
    told = (
        f"received a {summary.format} archive of {summary.file_count} files, "
        f"{summary.size_bytes} bytes unpacked"
    )
    return Incoming("archive", upload.fingerprint, told, upload=upload)


def _look_at_car(upload: SpoolFile) -> Incoming:
    store: BlockStore = current_app.extensions["dspace_store"]
    try:
        with upload.path.open("rb") as file:
            car = CarFile(file, _MAX_CAR_BLOCKS, behind=store)
            if len(car.roots) != 1:
                raise CarRejected(f"it has {len(car.roots)} roots, and must have one")
            measured = measure_directory(Dag(car), car.roots[0])
    except CarRejected as rejected:
        raise Problem("car-rejected", f"{rejected}.", entry=rejected.entry) from None
    except BlockMissing as missing:
        reason = f"{missing}: it is neither in the CAR nor held."
        raise Problem("car-rejected", reason, entry=str(missing)) from None
    except StorageError as error:
        raise Problem("car-rejected", f"Its root is no directory to deploy: {error}.") from None
    store.touch(car.taken)  # nobody may hold them: they must outlast the queue
    store.flush()
    root = str(car.roots[0])
    told = (
        f"received a CAR of {len(car)} blocks, {car.block_bytes} bytes, for {root}: "
        f"{measured.file_count} files, {measured.size_bytes} bytes"
    )
    return Incoming(CAR, upload.fingerprint, told, upload=upload, cid=root)


def _receive_cid() -> Incoming:
    text = parse_body(CidRequest).cid
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
    return Incoming("cid", sha256(str(cid).encode()).hexdigest(), told, cid=str(cid))
