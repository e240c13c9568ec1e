"""Pins over HTTP: the IPFS Pinning Service API at base `/v1`, and CARs beside it."""

from __future__ import annotations

from flask import Blueprint, Response

from api.http.access import current_caller, scope
from api.http.limits import bearer_or_address, limiter, upload_limit
from api.http.operation import operation
from api.http.schemas import Model
from api.mirror import open_mirror
from api.pins import service
from api.pins.receive import ReceivedCar, receive_car
from api.pins.schemas import PinIn, PinResults, PinsQuery, PinStatus
from api.storage.car import MEDIA_TYPE

blueprint = Blueprint("pins", __name__, url_prefix="/v1/pins")

_WRITE = ["storage-not-active", "mirror-not-ready"]


@blueprint.get("")
@operation(
    access=scope("pins:read"), tag="pins", query=PinsQuery, returns=(200, PinResults), problems=[]
)
def list_pins(query: PinsQuery) -> Response:
    """The account's pins, newest first; filtered, and paged by `before`."""
    return _out(service.list_pins(current_caller().address, query), 200)


@blueprint.post("")
@operation(
    access=scope("pins:write"),
    tag="pins",
    body=PinIn,
    returns=(202, PinStatus),
    problems=_WRITE,
    writes=True,
    idempotent=True,
)
def add_pin(body: PinIn) -> Response:
    """Have content kept by its CID; what isn't here yet is fetched."""
    return _out(service.add_pin(open_mirror(), current_caller().address, body), 202)


@blueprint.get("/<request_id>")
@operation(
    access=scope("pins:read"), tag="pins", returns=(200, PinStatus), problems=["unknown-pin"]
)
def show_pin(request_id: str) -> Response:
    """One pin and where it stands."""
    return _out(service.pin_out(service.get_pin(current_caller().address, request_id)), 200)


@blueprint.post("/<request_id>")
@operation(
    access=scope("pins:write"),
    tag="pins",
    body=PinIn,
    returns=(202, PinStatus),
    problems=[*_WRITE, "unknown-pin"],
    writes=True,
    idempotent=True,
)
def replace_pin(request_id: str, body: PinIn) -> Response:
    """Put another pin in the place of one, in one step."""
    replaced = service.replace_pin(open_mirror(), current_caller().address, request_id, body)
    return _out(replaced, 202)


@blueprint.delete("/<request_id>")
@operation(
    access=scope("pins:write"),
    tag="pins",
    returns=(202, None),
    problems=["unknown-pin"],
    writes=True,
    idempotent=True,
)
def delete_pin(request_id: str) -> None:
    """Let a pin go. Its content stays for the grace period."""
    service.delete_pin(current_caller().address, request_id)


@blueprint.post("/<request_id>/car")
@limiter.limit(upload_limit, key_func=bearer_or_address)
@operation(
    access=scope("pins:write"),
    tag="pins",
    receive=receive_car,
    uploads=MEDIA_TYPE,
    returns=(202, PinStatus),
    problems=[
        *_WRITE,
        "unknown-pin",
        "allowance-exceeded",
        "car-rejected",
        "payload-too-large",
        "storage-full",
        "unsupported-media-type",
    ],
    writes=True,
    idempotent=True,
)
def send_car(request_id: str, received: ReceivedCar) -> Response:
    """Send what a pin lacks as a CAR; blocks that don't lie below its root are let go."""
    del received
    return _out(service.retry_pin(current_caller().address, request_id), 202)


def _out(model: Model, status: int) -> Response:
    """Without the members that have no value, as the specification's clients expect."""
    return Response(model.model_dump_json(exclude_none=True), status, mimetype="application/json")
