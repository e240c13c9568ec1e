"""The IPFS Pinning Service API, version 1.0.0; and CARs, which it doesn't know."""

from __future__ import annotations

from flask import Blueprint

from api.http.access import current_caller, scope
from api.http.limits import bearer_or_address, limiter, upload_limit
from api.http.operation import operation
from api.mirror import open_mirror
from api.pins import service
from api.pins.cars import IncomingCar, receive_for, receive_new
from api.pins.errors import PINNING_SERVICE
from api.pins.schemas import CarQuery, PinRequest, PinResults, PinsQuery, PinStatusOut
from api.problems.shapes import ShapedBlueprint
from api.storage.car import MEDIA_TYPE

blueprint: Blueprint = ShapedBlueprint(
    "pins", __name__, errors=PINNING_SERVICE, url_prefix="/v1/pins"
)

_WRITING = ["storage-not-active", "mirror-not-ready"]
_CAR = ["car-rejected", "allowance-exceeded", "storage-full"]


@blueprint.get("")
@operation(
    access=scope("pins:read"),
    tag="pins",
    query=PinsQuery,
    returns=(200, PinResults),
    problems=["mirror-not-ready"],
)
def list_pins(query: PinsQuery) -> PinResults:
    """The account's pins, newest first; those that are pinned, where no status is asked for.

    The next page is asked for with `before` and the `created` of the last one.
    """
    return service.list_pins(open_mirror(), current_caller().address, query)


@blueprint.post("")
@operation(
    access=scope("pins:write"),
    tag="pins",
    body=PinRequest,
    returns=(202, PinStatusOut),
    problems=[*_WRITING, "allowance-exceeded"],
    writes=True,
    idempotent=True,
)
def add_pin(body: PinRequest) -> PinStatusOut:
    """Pin a CID: the store keeps the whole of its DAG, which is fetched where it isn't here."""
    return service.create_pin(open_mirror(), current_caller().address, body)


@blueprint.post("/car")
@limiter.limit(upload_limit, key_func=bearer_or_address)
@operation(
    access=scope("pins:write"),
    tag="pins",
    query=CarQuery,
    receive=receive_new,
    media=MEDIA_TYPE,
    returns=(202, PinStatusOut),
    problems=[*_WRITING, *_CAR],
    writes=True,
    idempotent=True,
)
def add_pin_of_car(received: IncomingCar, query: CarQuery) -> PinStatusOut:
    """Pin the root of a CAR, which brings the blocks along. An extension of the specification."""
    wanted = PinRequest(cid=str(received.root), name=query.name, meta=query.meta)
    return service.create_pin(open_mirror(), current_caller().address, wanted)


@blueprint.get("/<requestid>")
@operation(
    access=scope("pins:read"),
    tag="pins",
    returns=(200, PinStatusOut),
    problems=["unknown-pin", "mirror-not-ready"],
)
def show_pin(requestid: str) -> PinStatusOut:
    """One pin, and how far it is."""
    return service.show_pin(open_mirror(), current_caller().address, requestid)


@blueprint.post("/<requestid>")
@operation(
    access=scope("pins:write"),
    tag="pins",
    body=PinRequest,
    returns=(202, PinStatusOut),
    problems=["unknown-pin", *_WRITING, "allowance-exceeded"],
    writes=True,
    idempotent=True,
)
def replace_pin(requestid: str, body: PinRequest) -> PinStatusOut:
    """Put a new pin in the place of one, which is removed in the same moment."""
    return service.replace_pin(open_mirror(), current_caller().address, requestid, body)


@blueprint.delete("/<requestid>")
@operation(
    access=scope("pins:write"),
    tag="pins",
    returns=(202, None),
    problems=["unknown-pin", *_WRITING],
    writes=True,
    idempotent=True,
)
def delete_pin(requestid: str) -> None:
    """Remove a pin. What only it kept is gone after the grace period."""
    service.delete_pin(open_mirror(), current_caller().address, requestid)


@blueprint.post("/<requestid>/car")
@limiter.limit(upload_limit, key_func=bearer_or_address)
@operation(
    access=scope("pins:write"),
    tag="pins",
    receive=receive_for,
    media=MEDIA_TYPE,
    returns=(202, PinStatusOut),
    problems=["unknown-pin", *_WRITING, *_CAR],
    writes=True,
    idempotent=True,
)
def supply_pin(requestid: str, received: IncomingCar) -> PinStatusOut:
    """Bring blocks of a pin as a CAR. An extension of the specification.

    A pin that failed is tried again with them.
    """
    del received  # its blocks are in the store
    return service.revive_pin(open_mirror(), current_caller().address, requestid)
