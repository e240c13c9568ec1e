"""Folders over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from api.files import service, versions
from api.files.changes import change_tree
from api.files.conditions import etag_of, read_conditions
from api.files.forms import FILE, spelt
from api.files.incoming import Incoming
from api.files.paths import parse_path, spell, url_of
from api.files.puts import IncomingFile, receive_put
from api.files.schemas import (
    CopyRequest,
    FileOut,
    Folder,
    FolderRequest,
    ListQuery,
    MoveRequest,
    PutQuery,
    ReadQuery,
    RestoreRequest,
    StorageOut,
    UploadOut,
    UploadQuery,
    Versions,
)
from api.files.sending import send_car, send_file
from api.files.service import Copying, receive_copy
from api.files.trees import Tree, find, list_folder, open_held, open_tree, require_readable
from api.files.uploads import receive_upload
from api.holds.service import read_allowance
from api.http.access import current_caller, scope
from api.http.limits import bearer_or_address, files_limit, limiter
from api.http.operation import operation
from api.http.schemas import PageQuery
from api.mirror import MirrorView, open_mirror
from api.storage.unixfs import File

blueprint = Blueprint("files", __name__, url_prefix="/v1")

_READ, _WRITE = scope("files:read"), scope("files:write")
_READING = ["storage-not-active", "unknown-path", "unknown-version", "path-rejected"]
_SENDING = [*_READING, "range-not-satisfiable", "mirror-not-ready"]
_WRITING = [
    "storage-not-active",
    "allowance-exceeded",
    "path-rejected",
    "path-taken",
    "storage-full",
    "mirror-not-ready",
]
_UPLOADING = ["bad-request", "payload-too-large", "unsupported-media-type"]


@blueprint.post("/files")
@limiter.limit(files_limit, key_func=bearer_or_address)
@operation(
    access=_WRITE,
    tag="files",
    query=UploadQuery,
    receive=receive_upload,
    uploads=FILE,
    returns=(201, UploadOut),
    problems=[*_WRITING, *_UPLOADING, "archive-rejected", "car-rejected"],
    writes=True,
    idempotent=True,
)
def upload(query: UploadQuery, received: Incoming) -> tuple[UploadOut, dict[str, str]]:
    """Upload files or a whole folder: `file` parts, an `archive`, or a `car`.

    A file's own name may hold a relative path. Files replace files; nothing replaces a folder. A
    CAR (also as the body itself, `application/vnd.ipld.car`) has one root, which takes the path.
    """
    del query  # it was read with the body
    mirror = open_mirror()
    version = change_tree(mirror, current_caller().address, received.told, received.plan)
    single = received.car is None and len(received.files) == 1
    path = parse_path(received.files[0].path) if single else received.path
    shown = service.show_entry(mirror, version, service.entry_of(version, path), path)
    fields = shown.model_dump() | {"items": None if single else received.files or None}
    if single:
        fields["cid"] = received.files[0].cid
    return UploadOut(**fields), {"Location": f"/v1/files{url_of(path)}"}


@blueprint.put("/files/<path:path>")
@limiter.limit(files_limit, key_func=bearer_or_address)
@operation(
    access=_WRITE,
    tag="files",
    query=PutQuery,
    receive=receive_put,
    returns=(201, FileOut),
    problems=[*_WRITING, *_UPLOADING, "length-required", "precondition-failed"],
    writes=True,
    idempotent=True,
)
def put_file(path: str, query: PutQuery, received: IncomingFile) -> Response:
    """Put one file: the body is its bytes. 201 where it is new, 200 where it replaces one.

    `If-Match` with the CID that is to be replaced, or `If-None-Match: *`, keeps two writers of one
    file from losing each other's.
    """
    del path, query  # they were read with the body
    mirror = open_mirror()
    told = f"put {spell(received.path)}"
    version = change_tree(mirror, current_caller().address, told, received.plan)
    shown = service.show_entry(mirror, version, received.file.cid, received.path)
    body = shown.model_copy(update={"cid": spelt(received.file.cid, received.profile)})
    headers = {"ETag": etag_of(received.file.cid)}
    return _answer(body, 200 if received.replaced else 201, headers)


@blueprint.get("/files/<path:path>")
@operation(
    access=_READ,
    tag="files",
    query=ReadQuery,
    returns=(200, "application/octet-stream"),
    problems=_SENDING,
)
def get_file(path: str, query: ReadQuery) -> Response:
    """A file's bytes, a folder's list, or with `format=car` either as a CAR.

    Ranges, `If-None-Match` and HEAD as in HTTP; the entity tag is the CID.
    """
    mirror = open_mirror()
    tree = open_tree(mirror, current_caller().address, query.version)
    return _show(mirror, tree, path, query)


@blueprint.get("/files")
@operation(
    access=_READ,
    tag="files",
    query=ListQuery,
    returns=(200, Folder),
    problems=[*_SENDING, "unknown-content"],
)
def list_files(query: ListQuery) -> Response:
    """What a folder holds, by name; of a file its bytes, as `GET /v1/files/{path}`.

    With `cid` below that CID instead, where a version of the account's tree that is kept holds it.
    """
    mirror, address = open_mirror(), current_caller().address
    if query.cid is not None:
        tree = open_held(mirror, address, query.cid)
    else:
        tree = open_tree(mirror, address, query.version)
    return _show(mirror, tree, query.path, query)


@blueprint.delete("/files/<path:path>")
@operation(
    access=_WRITE,
    tag="files",
    returns=(204, None),
    problems=[*_WRITING, "unknown-path", "precondition-failed"],
    writes=True,
    idempotent=True,
)
def delete_file(path: str) -> None:
    """Delete a file, or a folder with all in it. Older versions keep it for a while."""
    service.delete(open_mirror(), current_caller().address, path, read_conditions())


@blueprint.post("/files/move")
@operation(
    access=_WRITE,
    tag="files",
    body=MoveRequest,
    returns=(200, FileOut),
    problems=[*_WRITING, "unknown-path", "folder-into-itself"],
    writes=True,
    idempotent=True,
)
def move_file(body: MoveRequest) -> FileOut:
    """Move or rename a file or folder."""
    return service.move(open_mirror(), current_caller().address, body)


@blueprint.post("/files/copy")
@operation(
    access=_WRITE,
    tag="files",
    body=CopyRequest,
    receive=receive_copy,
    returns=(200, FileOut),
    problems=[*_WRITING, "unknown-path", "unknown-content", "folder-into-itself"],
    writes=True,
    idempotent=True,
)
def copy_file(received: Copying) -> FileOut:
    """Copy a file or folder, from a path or by a CID that the account holds."""
    return service.copy(open_mirror(), current_caller().address, received)


@blueprint.post("/files/folders")
@operation(
    access=_WRITE,
    tag="files",
    body=FolderRequest,
    returns=(201, FileOut),
    problems=_WRITING,
    writes=True,
    idempotent=True,
)
def make_folder(body: FolderRequest) -> FileOut:
    """Make an empty folder."""
    return service.make_folder(open_mirror(), current_caller().address, body.path)


@blueprint.get("/file-versions")
@operation(
    access=_READ,
    tag="files",
    query=PageQuery,
    returns=(200, Versions),
    problems=["storage-not-active", "mirror-not-ready"],
)
def list_versions(query: PageQuery) -> Versions:
    """The tree's versions that are kept, newest first, and what made each."""
    address = current_caller().address
    require_readable(open_mirror(), address)
    return versions.list_versions(address, query.cursor, query.limit)


@blueprint.post("/file-versions/<version_id>/restore")
@operation(
    access=_WRITE,
    tag="files",
    body=RestoreRequest,
    returns=(200, FileOut),
    problems=[*_WRITING, "unknown-version", "unknown-path"],
    writes=True,
    idempotent=True,
)
def restore_version(version_id: str, body: RestoreRequest) -> FileOut:
    """Put the tree, or one path of it, back to how it was: a new version, so nothing is lost."""
    return versions.restore(open_mirror(), current_caller().address, version_id, body.path)


@blueprint.get("/account/storage")
@operation(
    access=scope("account:read"),
    tag="account",
    returns=(200, StorageOut),
    problems=["mirror-not-ready"],
)
def show_storage() -> StorageOut:
    """What sites, folders and pins take together, and what the account's tier lets it keep."""
    mirror = open_mirror()
    allowance = read_allowance(mirror, current_caller().address)
    return StorageOut(
        used_bytes=str(allowance.used_bytes),
        allowed_bytes=str(allowance.allowed_bytes),
        as_of=mirror.as_of,
    )


def _show(mirror: MirrorView, tree: Tree, text: str, query: ReadQuery) -> Response:
    path = parse_path(text)
    found = find(tree, path)
    if query.format == "car":
        return send_car(found, path[-1] if path else str(found.cid))
    if isinstance(found, File):
        return send_file(found, path[-1] if path else str(found.cid))
    page = list_folder(found, path, query.cursor, query.limit)
    body = Folder(
        path=spell(path),
        cid=str(found.cid),
        version=tree.version,
        items=page.items,
        next_cursor=page.next_cursor,
        as_of=mirror.as_of,
    )
    return _answer(body, 200, {"ETag": etag_of(found.cid)})


def _answer(body: FileOut | Folder, status: int, headers: dict[str, str]) -> Response:
    made: Response = current_app.response_class(
        body.model_dump_json(), status, headers, mimetype="application/json"
    )
    return made
