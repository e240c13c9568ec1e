"""Folders over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response

from api.files import reading, service
from api.files.receive import Incoming, receive_put, receive_upload
from api.files.schemas import (
    CopyRequest,
    FolderRequest,
    Listing,
    ListQuery,
    MoveRequest,
    PutQuery,
    ReadQuery,
    RestoreRequest,
    Saved,
    SavedMany,
    Storage,
    StorageUsage,
    UploadQuery,
    UsageQuery,
    Version,
    Versions,
)
from api.holds.service import read_allowance
from api.http.access import current_caller, scope
from api.http.limits import bearer_or_address, limiter, upload_limit
from api.http.operation import operation
from api.http.schemas import PageQuery
from api.mirror import open_mirror

blueprint = Blueprint("files", __name__, url_prefix="/v1")

_READ = ["storage-not-active", "unknown-file", "mirror-not-ready"]
_WRITE = [
    "storage-not-active",
    "allowance-exceeded",
    "path-taken",
    "storage-full",
    "mirror-not-ready",
]
_PUT = [*_WRITE, "precondition-failed", "payload-too-large"]
_OCTETS = "application/octet-stream"


@blueprint.get("/files")
@operation(
    access=scope("files:read"),
    tag="files",
    query=ListQuery,
    returns=(200, Listing),
    problems=[*_READ, "unknown-version", "range-not-satisfiable"],
)
def list_files(query: ListQuery) -> Listing | Response:
    """A page of a folder, by name.

    `version` reads an older state; `cid` reads what the account holds under a CID, whose bytes
    are the answer where it is a file.
    """
    return reading.list_directory(open_mirror(), current_caller().address, query)


@blueprint.post("/files")
@limiter.limit(upload_limit, key_func=bearer_or_address)
@operation(
    access=scope("files:write"),
    tag="files",
    query=UploadQuery,
    receive=receive_upload,
    uploads="file",
    returns=(201, SavedMany),
    problems=[*_PUT, "archive-rejected", "car-rejected", "unsupported-media-type"],
    writes=True,
    idempotent=True,
)
def add_files(query: UploadQuery, received: Incoming) -> SavedMany:
    """Add files to a folder: many in `file`, an `archive` to unpack, or a `car`.

    A file's name in the form may be a path, as browsers send it for a whole folder. A file takes
    the place of a file; a folder comes into the one that is there. All of it is one version.
    """
    del query
    return service.add_all(open_mirror(), current_caller().address, received)


@blueprint.get("/files/<path:path>")
@operation(
    access=scope("files:read"),
    tag="files",
    query=ReadQuery,
    returns=(200, _OCTETS),
    problems=[*_READ, "unknown-version", "range-not-satisfiable"],
)
def read_file(path: str, query: ReadQuery) -> Listing | Response:
    """A file's bytes, with ranges and its CID as ETag; of a folder its first page.

    `format=car` gives the file or folder as a CAR.
    """
    return reading.read_entry(open_mirror(), current_caller().address, path, query)


@blueprint.put("/files/<path:path>")
@limiter.limit(upload_limit, key_func=bearer_or_address)
@operation(
    access=scope("files:write"),
    tag="files",
    query=PutQuery,
    receive=receive_put,
    uploads=_OCTETS,
    returns=(201, Saved),
    problems=_PUT,
    writes=True,
    idempotent=True,
)
def put_file(path: str, query: PutQuery, received: Incoming) -> Response:
    """Put the body as a file; 201 where there was none, 200 where one was replaced.

    `If-Match: "<cid>"` makes sure that nobody changed it meanwhile, `If-None-Match: *` that there
    is none.
    """
    del path, query
    saved, is_new = service.put_file(open_mirror(), current_caller().address, received)
    return Response(
        saved.model_dump_json(),
        201 if is_new else 200,
        {"ETag": f'"{saved.cid}"', "Location": f"/v1/files{saved.path}"},
        mimetype="application/json",
    )


@blueprint.delete("/files/<path:path>")
@operation(
    access=scope("files:write"),
    tag="files",
    returns=(204, None),
    problems=[*_WRITE, "unknown-file", "precondition-failed"],
    writes=True,
    idempotent=True,
)
def delete_file(path: str) -> None:
    """Delete a file or a folder. Older versions still have it, until they run out."""
    service.delete_entry(open_mirror(), current_caller().address, path)


@blueprint.post("/files/move")
@operation(
    access=scope("files:write"),
    tag="files",
    body=MoveRequest,
    returns=(200, Saved),
    problems=[*_WRITE, "unknown-file"],
    writes=True,
    idempotent=True,
)
def move_file(body: MoveRequest) -> Saved:
    """Move or rename a file or a folder."""
    return service.move_entry(open_mirror(), current_caller().address, body)


@blueprint.post("/files/copy")
@operation(
    access=scope("files:write"),
    tag="files",
    body=CopyRequest,
    returns=(200, Saved),
    problems=[*_WRITE, "unknown-file"],
    writes=True,
    idempotent=True,
)
def copy_file(body: CopyRequest) -> Saved:
    """Copy a file or a folder from a path, or from a CID that the account holds."""
    return service.copy_entry(open_mirror(), current_caller().address, body)


@blueprint.post("/files/folders")
@operation(
    access=scope("files:write"),
    tag="files",
    body=FolderRequest,
    returns=(201, Saved),
    problems=_WRITE,
    writes=True,
    idempotent=True,
)
def make_folder(body: FolderRequest) -> Saved:
    """Make an empty folder; one that is there stays as it is."""
    return service.make_folder(open_mirror(), current_caller().address, body.path)


@blueprint.get("/file-versions")
@operation(
    access=scope("files:read"), tag="files", query=PageQuery, returns=(200, Versions), problems=[]
)
def list_versions(query: PageQuery) -> Versions:
    """The states of the whole tree, newest first, each with what was done."""
    return reading.list_versions(current_caller().address, query.cursor, query.limit)


@blueprint.post("/file-versions/<version_id>/restore")
@operation(
    access=scope("files:write"),
    tag="files",
    body=RestoreRequest,
    returns=(200, Version),
    problems=[*_WRITE, "unknown-version", "unknown-file"],
    writes=True,
    idempotent=True,
)
def restore_version(version_id: str, body: RestoreRequest) -> Version:
    """Bring the tree, or one path of it, back to a version, as a new version."""
    made = service.restore_version(open_mirror(), current_caller().address, version_id, body.path)
    return reading.version_out(made)


@blueprint.get("/account/storage")
@operation(
    access=scope("account:read"),
    tag="account",
    returns=(200, Storage),
    problems=["mirror-not-ready"],
)
def show_storage() -> Storage:
    """How much the account's sites, folders and pins hold, and what its tier allows."""
    mirror = open_mirror()
    allowance = read_allowance(mirror, current_caller().address)
    return Storage(
        used_bytes=str(allowance.used_bytes),
        allowed_bytes=str(allowance.allowed_bytes),
        as_of=mirror.as_of,
    )


@blueprint.get("/account/storage/usage")
@operation(
    access=scope("account:read"),
    tag="account",
    query=UsageQuery,
    returns=(200, StorageUsage),
    problems=["mirror-not-ready"],
)
def show_usage(query: UsageQuery) -> StorageUsage:
    """What the account's services held, in byte-seconds by service and UTC day."""
    return reading.list_usage(open_mirror(), current_caller().address, query)
