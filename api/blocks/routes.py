"""Blocks over HTTP: what is missing is asked for, and comes in as CARs, before it is deployed."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, current_app, request

from api.blocks import service
from api.blocks.schemas import MAX_CIDS_BYTES, BlocksAsked, BlocksMissing, BlocksTaken
from api.db import begin, db
from api.deployments.uploads import body_stream
from api.holds.service import check_room
from api.http.access import current_caller, scope
from api.http.limits import bearer_or_address, limiter, upload_limit
from api.http.operation import operation
from api.mirror import open_mirror
from api.problems import Problem
from api.settings import ApiSettings
from api.storage.car import MEDIA_TYPE
from api.storage.ports import BlockStore

blueprint = Blueprint("blocks", __name__, url_prefix="/v1/blocks")


def receive_blocks() -> service.Taken:
    """The blocks of the body, in the store; no transaction is open while they come in."""
    if request.mimetype != MEDIA_TYPE:
        raise Problem("unsupported-media-type", f"Send a CAR as {MEDIA_TYPE}.")
    settings: ApiSettings = current_app.config["DSPACE"]
    address = current_caller().address
    begin(writes=False)
    try:
        mirror = open_mirror()
        service.require_some_service(mirror, address)
        room = check_room(mirror, address, request.content_length or 0)
    finally:
        db.session.rollback()
    stream = body_stream(settings.max_upload_bytes)
    return service.take_car(_store(), stream, settings.max_upload_bytes, room)


@blueprint.post("/missing")
@limiter.limit(upload_limit, key_func=bearer_or_address)
@operation(
    access=scope("sites:write"),
    tag="blocks",
    body=BlocksAsked,
    max_body_bytes=MAX_CIDS_BYTES,
    returns=(200, BlocksMissing),
    problems=["service-not-active", "storage-full", "mirror-not-ready"],
    idempotent=True,
)
def list_missing(body: BlocksAsked) -> BlocksMissing:
    """Ask which of at most 4096 blocks the store lacks.

    Those that it has count as put now: they stay for a day, to be deployed.
    """
    service.require_some_service(open_mirror(), current_caller().address)
    return BlocksMissing(missing=service.list_missing(_store(), body.cids))


@blueprint.post("")
@limiter.limit(upload_limit, key_func=bearer_or_address)
@operation(
    access=scope("sites:write"),
    tag="blocks",
    receive=receive_blocks,
    takes=MEDIA_TYPE,
    returns=(201, BlocksTaken),
    problems=[
        "service-not-active",
        "allowance-exceeded",
        "car-rejected",
        "unsupported-media-type",
        "payload-too-large",
        "storage-full",
        "mirror-not-ready",
    ],
    idempotent=True,
)
def take_blocks(received: service.Taken) -> BlocksTaken:
    """Send blocks as a CAR (version 1), each of which is checked; its roots don't matter.

    They stay for a day: deploy their root, `{"cid": …}`, before that is over. Of a CAR that was cut
    what came whole is kept.
    """
    return BlocksTaken(blocks=received.blocks, bytes=received.bytes)


def _store() -> BlockStore:
    return cast("BlockStore", current_app.extensions["dspace_store"])
