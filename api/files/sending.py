"""Sends files and CARs block by block, each hash checked, at the client's pace.

What turns out broken on the way ends the connection before its promised length, or, of a CAR,
before its last chunk: a client never takes a part for the whole. Content is sent as an attachment
in a sandbox: on this origin, no page of a user's ever runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from urllib.parse import quote

from flask import Response, request

from api.files.conditions import etag_of, names
from api.files.trees import blocks_of, current_dag
from api.gateway.conditional import Unsatisfiable, matches, read_range
from api.gateway.mime import content_type
from api.problems import Problem
from api.storage.car import MEDIA_TYPE, write_car
from api.storage.unixfs import File, Step

_REVALIDATE = "private, no-cache"


def send_file(file: File, name: str) -> Response:
    """A file: whole, in part, unchanged, or its head alone."""
    etag = etag_of(file.cid)
    headers = _headers(etag, name)
    headers["Accept-Ranges"] = "bytes"
    unless = request.headers.get("If-None-Match")
    if unless is not None and names(unless, file.cid):
        return Response(status=304, headers=headers)
    try:
        part = read_range(
            request.headers.get("Range", ""), request.headers.get("If-Range"), etag, file.size_bytes
        )
    except Unsatisfiable:
        told = {"Content-Range": f"bytes */{file.size_bytes}"}
        raise Problem("range-not-satisfiable", headers=told) from None
    start, end = (part.start, part.end) if part else (0, file.size_bytes)
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size_bytes}"
    first = b"".join(current_dag().read(file, 0, 512))
    headers["Content-Length"] = str(end - start)
    headers["Content-Type"] = content_type(name, first)
    body = _begun(current_dag().read(file, start, end - start))
    return Response(body, 206 if part else 200, headers)


def send_car(step: Step, name: str) -> Response:
    """A file or folder as a CAR of version 1, depth first, each block once."""
    etag = f'"{step.cid}.car"'
    headers = _headers(etag, f"{name}.car")
    unless = request.headers.get("If-None-Match")
    if unless is not None and matches(unless, etag):
        return Response(status=304, headers=headers)
    headers["Content-Type"] = MEDIA_TYPE
    return Response(_begun(write_car([step.cid], blocks_of(step))), 200, headers)


def _headers(etag: str, name: str) -> dict[str, str]:
    return {
        "ETag": etag,
        "Cache-Control": _REVALIDATE,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox",
    }


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, the first of which was had already: what fails at once is no answer."""
    return chain([next(pieces, b"")], pieces)
