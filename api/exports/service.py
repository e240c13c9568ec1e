"""Sends an account's everything as one zip: a manifest, a CAR for each root, what was sent.

It streams: the zip is stored, not deflated, and a CAR is written while it is read. A block that
can't be read ends its CAR, and is named in `sent.json`, the last member; the rest still comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from threading import BoundedSemaphore
from typing import Any

import orjson
import structlog
import zipstream
from flask import Response, current_app

from api.exports.manifest import make_manifest
from api.mirror import MirrorView
from api.problems import Problem
from api.storage.car import MEDIA_TYPE, write_car
from api.storage.ports import BlockStore, StorageError
from api.storage.unixfs import Cid, parse_cid
from api.storage.unixfs.walk import walk_blocks

log = structlog.get_logger()


def export_account(mirror: MirrorView, address: str) -> Response:
    """The zip, whatever the state of the services: what is here can be taken away."""
    manifest, roots = make_manifest(mirror, address)
    store: BlockStore = current_app.extensions["dspace_store"]
    response = Response(_zip(store, manifest, roots), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="decentraspace-{address}.zip"'
    return _in_its_place(response)


def export_root(cid: str, name: str) -> Response:
    """One directory as a CAR."""
    store: BlockStore = current_app.extensions["dspace_store"]
    root = parse_cid(cid)
    body = write_car([root], walk_blocks(store, [root]))
    response = Response(body, content_type=f"{MEDIA_TYPE}; version=1")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.car"'
    return _in_its_place(response)


def _in_its_place(response: Response) -> Response:
    """Long answers hold a thread each: no more than a quarter of them."""
    places: BoundedSemaphore = current_app.extensions["dspace_streams"]
    if not places.acquire(blocking=False):
        raise Problem("busy", "Too many exports are under way; try again in a while.")
    response.call_on_close(places.release)
    return response


def _zip(store: BlockStore, manifest: dict[str, Any], roots: dict[str, str]) -> Iterator[bytes]:
    archive = zipstream.ZipStream()
    archive.add(orjson.dumps(manifest, option=orjson.OPT_INDENT_2), "manifest.json")
    sent: dict[str, dict[str, Any]] = {}
    for cid, name in roots.items():
        archive.add(_car(store, parse_cid(cid), sent), name)
    archive.add(_sent(sent), "sent.json")
    yield from archive


def _sent(sent: dict[str, dict[str, Any]]) -> Iterator[bytes]:
    """Made when it is its turn, after all others."""
    yield orjson.dumps(sent, option=orjson.OPT_INDENT_2)


def _car(store: BlockStore, root: Cid, sent: dict[str, dict[str, Any]]) -> Iterator[bytes]:
    digest, size, missing = sha256(), 0, None
    pieces = write_car([root], walk_blocks(store, [root]))
    while True:
        try:
            piece = next(pieces, None)
        except StorageError as error:
            log.error("export_incomplete", cid=str(root), error=type(error).__name__)
            missing = str(error)
            break
        if piece is None:
            break
        digest.update(piece)
        size += len(piece)
        yield piece
    sent[str(root)] = {"bytes": size, "sha256": digest.hexdigest(), "missing": missing}
