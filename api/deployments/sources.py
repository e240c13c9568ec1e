"""What a deployment is made from, taken in and looked at before any row is written.

archive     multipart field `archive`: zip, tar or tar.gz, spooled and inspected
cid         JSON {"cid"}: a directory that the store holds whole
folder      JSON {"folder"}: a directory of the caller's own tree, as it is at this moment
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from flask import current_app, request

from api.db import begin, db
from api.deployments.schemas import Source, SourceRequest
from api.deployments.uploads import receive_file
from api.files.paths import parse_path, spell
from api.files.trees import empty_root, find, open_tree
from api.http.access import current_caller
from api.http.receive import parse_body
from api.http.spool import SpoolFile
from api.mirror import open_mirror
from api.problems import FieldError, Problem, invalid
from api.settings import ApiSettings
from api.sites.service import active_site
from api.storage.archive import inspect_archive
from api.storage.ports import ArchiveRejected, BadCid, BlockStore, StorageError
from api.storage.unixfs import Dag, Directory, measure_directory, parse_cid
from api.wiring import archive_limits

ARCHIVE_FIELD = "archive"
FOLDER_SCOPE = "files:read"


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
        return _receive_json()
    raise Problem(
        "unsupported-media-type",
        "Send an archive as multipart/form-data, or a CID or a folder as application/json.",
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


def _receive_json() -> Incoming:
    asked = parse_body(SourceRequest)
    if asked.folder is not None:
        return _receive_folder(asked.folder, asked.version)
    return _receive_cid(str(asked.cid))


def _receive_cid(text: str) -> Incoming:
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


def _receive_folder(folder: str, version: str | None) -> Incoming:
    """A version's DAG is whole, so none of it is read here; the job does."""
    caller = current_caller()
    if FOLDER_SCOPE not in caller.scopes:
        raise Problem("scope-missing", f"The API key lacks the scope {FOLDER_SCOPE}.")
    path = parse_path(folder)
    begin(writes=False)
    try:
        found = find(open_tree(open_mirror(), caller.address, version), path)
    finally:
        db.session.rollback()
    if not isinstance(found, Directory) or found.cid == empty_root():
        raise Problem("content-not-held", f"{spell(path)} is no folder with files in it.")
    told = f"asked for the folder {spell(path)}: {found.cid}"
    fingerprint = sha256(request.get_data()).hexdigest()
    return Incoming("folder", fingerprint, told, cid=str(found.cid))
