"""Reads an account's tree: entries, pages of them, content.

Whoever owns it may read as long as one storage service of theirs has not ended: what is paused or
lapsed is kept, and can be taken away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from urllib.parse import quote

from flask import Response, current_app, request

from api.db import utc_now
from api.files import repository
from api.files.models import FileVersion
from api.files.paths import Path, parse_path, show_path
from api.files.schemas import (
    Entry,
    Listing,
    ListQuery,
    ReadQuery,
    StorageDay,
    StorageUsage,
    UsageQuery,
    Version,
    Versions,
)
from api.gateway.conditional import ByteRange, Unsatisfiable, matches, read_range
from api.gateway.mime import content_type
from api.holds.levels import read_usage
from api.holds.links import services_above
from api.holds.service import list_storage_services, require_readable
from api.http.schemas import bad_cursor, decode_cursor, encode_cursor
from api.mirror import MirrorView
from api.problems import FieldError, Problem, invalid
from api.storage.car import MEDIA_TYPE as CAR
from api.storage.car import write_car
from api.storage.ports import BadCid, BlockStore, EntryMissing, NotADirectory
from api.storage.unixfs import Cid, Dag, Directory, File, parse_cid
from api.storage.unixfs.cid import RAW
from api.storage.unixfs.edit import empty_directory
from api.storage.unixfs.walk import walk_blocks

_SNIFFED_BYTES = 512
_USAGE_DAYS, _MOST_USAGE_DAYS = 30, 366


@dataclass(frozen=True, slots=True)
class Found:
    """What is at a path."""

    cid: Cid
    is_directory: bool
    size: int  # bytes: of a file's content, of all blocks of a directory
    dag_bytes: int


@dataclass(frozen=True, slots=True)
class Root:
    """Where reading begins."""

    dag: Dag
    cid: Cid
    version: str | None


def list_directory(mirror: MirrorView, address: str, query: ListQuery) -> Listing | Response:
    """A page of a directory; where a CID was asked for that is a file, its content."""
    root = _root(mirror, address, query.version, query.cid)
    path = parse_path(query.path)
    return _show(mirror, root, path, query.cursor, query.limit)


def read_entry(mirror: MirrorView, address: str, text: str, query: ReadQuery) -> Listing | Response:
    """A file's content, a directory's first page, or either as a CAR."""
    root = _root(mirror, address, query.version, None)
    path = parse_path(text)
    if query.format == "car":
        return _send_car(root.dag.store, _find(root, path).cid, path)
    return _show(mirror, root, path, query.cursor, query.limit)


def list_usage(mirror: MirrorView, address: str, query: UsageQuery) -> StorageUsage:
    """Byte-seconds by service and day; raises a Problem of 422."""
    now = utc_now()
    last = query.to or now.date()
    first = query.from_ or last - timedelta(days=_USAGE_DAYS - 1)
    if not timedelta(0) <= last - first < timedelta(days=_MOST_USAGE_DAYS):
        raise invalid(FieldError("from", f"1 to {_MOST_USAGE_DAYS} days until `to`"))
    start, end = (datetime.combine(day, time(), UTC) for day in (first, last))
    found = read_usage(address, start, end + timedelta(days=1), now)
    return StorageUsage(
        items=[
            StorageDay(
                service_id=str(use.service_id),
                day=use.day.date(),
                byte_seconds=str(use.byte_seconds),
            )
            for use in found
        ],
        as_of=mirror.as_of,
    )


def current_folder(mirror: MirrorView, address: str, text: str) -> str:
    """The CID of a folder as it is now; raises a Problem of 402, 404, 422."""
    root = _root(mirror, address, None, None)
    found = _find(root, parse_path(text, "folder"))
    if not isinstance(found, Directory):
        raise invalid(FieldError("folder", "is a file"))
    return str(found.cid)


def list_versions(address: str, cursor: str | None, limit: int) -> Versions:
    """A page of the tree's versions."""
    below = None
    if cursor is not None:
        text = decode_cursor(cursor)[0]
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise bad_cursor()
        below = int(text)
    rows = repository.list_versions(address, below, limit + 1)
    page = rows[:limit]
    more = len(rows) > limit
    return Versions(
        items=[version_out(row) for row in page],
        next_cursor=encode_cursor(page[-1].number) if more else None,
    )


def version_out(row: FileVersion) -> Version:
    """A row as it is shown."""
    return Version(
        id=row.id,
        number=row.number,
        cid=row.cid,
        size=row.dag_bytes,
        change=row.change,
        created_at=row.created_at,
    )


def get_version(address: str, version_id: str) -> FileVersion:
    """One of the account's versions; raises a Problem of 404."""
    found = repository.get_version(address, version_id) if version_id.isalnum() else None
    if found is None:
        raise Problem("unknown-version")
    return found


def readable_cid(mirror: MirrorView, address: str, cid: Cid) -> None:
    """Raises a Problem of 404 where no storage service of the account holds the CID."""
    own = {view.service.id for view in list_storage_services(mirror, address)}
    if own.isdisjoint(service_id for service_id, _ in services_above(str(cid))):
        raise Problem("unknown-file", "The account's folders and pins hold no such content.")


def find_entry(dag: Dag, root: Cid, path: Path) -> Found:
    """What is at a path below a root; raises EntryMissing, NotADirectory."""
    steps = dag.resolve(root, path[:-1])
    parent = steps[-1]
    if not isinstance(parent, Directory):
        raise NotADirectory(show_path(path))
    if not path:
        return Found(root, is_directory=True, size=0, dag_bytes=0)
    dag_bytes = next(
        (entry.dag_bytes for entry in dag.entries(parent) if entry.name == path[-1]), None
    )
    if dag_bytes is None:
        raise EntryMissing(show_path(path))
    return _found(dag, dag.child(parent, path[-1]), dag_bytes)


def _found(dag: Dag, cid: Cid, dag_bytes: int) -> Found:
    if cid.codec == RAW:  # its length is its link's, so the block needn't be read
        return Found(cid, is_directory=False, size=dag_bytes, dag_bytes=dag_bytes)
    step = dag.open(cid)
    if isinstance(step, Directory):
        return Found(cid, is_directory=True, size=dag_bytes, dag_bytes=dag_bytes)
    return Found(cid, is_directory=False, size=step.size_bytes, dag_bytes=dag_bytes)


def _root(mirror: MirrorView, address: str, version_id: str | None, text: str | None) -> Root:
    require_readable(mirror, address)
    store: BlockStore = current_app.extensions["dspace_store"]
    dag = Dag(store)
    if text is not None:
        try:
            cid = parse_cid(text)
        except BadCid:
            raise invalid(FieldError("cid", "is no CID that the store could hold")) from None
        readable_cid(mirror, address, cid)
        return Root(dag, cid, None)
    version = get_version(address, version_id) if version_id else repository.newest_version(address)
    if version is None:
        empty = empty_directory(dag).cid
        store.flush()
        return Root(dag, empty, None)
    return Root(dag, parse_cid(version.cid), version.id)


def _find(root: Root, path: Path) -> File | Directory:
    try:
        return root.dag.resolve(root.cid, path)[-1]
    except (EntryMissing, NotADirectory):
        raise Problem("unknown-file", path=show_path(path)) from None


def _show(
    mirror: MirrorView, root: Root, path: Path, cursor: str | None, limit: int
) -> Listing | Response:
    step = _find(root, path)
    if isinstance(step, File):
        return _send_file(root.dag, step, path)
    entries = sorted(root.dag.entries(step), key=lambda entry: entry.name)
    if cursor is not None:
        after = _decode_name(cursor)
        entries = [entry for entry in entries if entry.name > after]
    page = entries[:limit]
    items = []
    for entry in page:
        found = _found(root.dag, entry.cid, entry.dag_bytes)
        items.append(
            Entry(
                name=entry.name,
                path=show_path((*path, entry.name)),
                kind="directory" if found.is_directory else "file",
                cid=str(entry.cid),
                size=found.size,
            )
        )
    more = len(entries) > limit
    return Listing(
        path=show_path(path),
        cid=str(step.cid),
        version=root.version,
        items=items,
        next_cursor=encode_cursor(page[-1].name.encode().hex()) if more else None,
        as_of=mirror.as_of,
    )


def _decode_name(cursor: str) -> str:
    try:
        return bytes.fromhex(decode_cursor(cursor)[0]).decode()
    except ValueError:
        raise bad_cursor() from None


def _send_file(dag: Dag, file: File, path: Path) -> Response:
    """With ranges and entity tags (RFC 9110), and for no browser to run anything of."""
    etag = f'"{file.cid}"'
    wanted = request.headers.get("If-None-Match")
    if wanted is not None and matches(wanted, etag):
        return Response(status=304, headers={"ETag": etag})
    part = _wanted_part(etag, file.size_bytes)
    start, end = (part.start, part.end) if part else (0, file.size_bytes)
    head = next(dag.read(file, 0, _SNIFFED_BYTES), b"")
    body: Iterator[bytes] = (
        iter(()) if request.method == "HEAD" else dag.read(file, start, end - start)
    )
    name = path[-1] if path else str(file.cid)
    response = Response(body, 206 if part else 200, content_type=content_type(name, head))
    response.headers["Content-Length"] = str(end - start)
    response.headers["ETag"] = etag
    response.headers["Accept-Ranges"] = "bytes"
    if part:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size_bytes}"
    return _attached(response, name)


def _wanted_part(etag: str, size: int) -> ByteRange | None:
    header = request.headers.get("Range")
    if header is None or request.method == "HEAD":
        return None
    try:
        return read_range(header, request.headers.get("If-Range"), etag, size)
    except Unsatisfiable:
        raise Problem(
            "range-not-satisfiable", headers={"Content-Range": f"bytes */{size}"}
        ) from None


def _send_car(store: BlockStore, cid: Cid, path: Path) -> Response:
    body = iter(()) if request.method == "HEAD" else write_car([cid], walk_blocks(store, [cid]))
    response = Response(body, content_type=f"{CAR}; version=1")
    response.headers["ETag"] = f'W/"{cid}.car"'
    return _attached(response, f"{path[-1] if path else cid}.car")


def _attached(response: Response, name: str) -> Response:
    plain = name.encode("ascii", "replace").decode().replace('"', "'").replace("?", "_")
    response.headers.set(
        "Content-Disposition", "attachment", filename=plain, **{"filename*": _quoted(name)}
    )
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _quoted(name: str) -> str:
    return f"UTF-8''{quote(name, safe='')}"
