"""Blocks over HTTP."""

from __future__ import annotations

from flask import Blueprint

from api.blocks import service
from api.blocks.schemas import CidsRequest, Missing, Received
from api.blocks.service import ReceivedBlocks
from api.http.access import scope
from api.http.limits import bearer_or_address, limiter, upload_limit
from api.http.operation import operation
from api.storage.car import MEDIA_TYPE

blueprint = Blueprint("blocks", __name__, url_prefix="/v1/blocks")

_PROBLEMS = ["service-not-active", "mirror-not-ready"]


@blueprint.post("/missing")
@operation(
    access=scope("sites:write"),
    tag="deployments",
    body=CidsRequest,
    returns=(200, Missing),
    problems=_PROBLEMS,
    idempotent=True,
    writes=True,
)
def find_missing(body: CidsRequest) -> Missing:
    """Which of these blocks aren't here. Those that are stay for at least a day."""
    return service.find_missing(body)


@blueprint.post("")
@limiter.limit(upload_limit, key_func=bearer_or_address)
@operation(
    access=scope("sites:write"),
    tag="deployments",
    receive=service.receive_blocks,
    uploads=MEDIA_TYPE,
    returns=(201, Received),
    problems=[
        *_PROBLEMS,
        "allowance-exceeded",
        "car-rejected",
        "payload-too-large",
        "storage-full",
        "unsupported-media-type",
    ],
    idempotent=True,
    writes=True,
)
def add_blocks(received: ReceivedBlocks) -> Received:
    """Send blocks as a CAR, ahead of a deployment of the directory that they make."""
    return Received(blocks=received.blocks, bytes=received.size_bytes)
