"""Takes a CAR in for a pin, before any transaction is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, cast

from flask import current_app, request

from api.db import begin, db
from api.holds.service import read_allowance, storage_service
from api.http.access import current_caller
from api.mirror import open_mirror
from api.pins.service import get_pin
from api.problems import Problem
from api.settings import ApiSettings
from api.storage.car import MEDIA_TYPE, read_car
from api.storage.network import TooMuch, put_below
from api.storage.ports import BadCid, BlockCorrupt, BlockStore, CarRejected, StoreFull
from api.storage.unixfs import Cid, parse_cid


@dataclass(frozen=True, slots=True)
class ReceivedCar:
    """Its blocks are in the store."""

    fingerprint: str

    def discard(self) -> None:
        """Blocks that no pin needs are the collector's."""


def receive_car(request_id: str) -> ReceivedCar:
    """Puts the blocks that lie below the pin's root; raises a Problem."""
    if request.mimetype != MEDIA_TYPE:
        raise Problem("unsupported-media-type", f"Send a CAR as {MEDIA_TYPE}.")
    root, room_bytes = _ask_first(request_id)
    settings: ApiSettings = current_app.config["DSPACE"]
    request.max_content_length = settings.max_upload_bytes
    store: BlockStore = current_app.extensions["dspace_store"]
    try:
        blocks = read_car(cast("BinaryIO", request.stream)).blocks
        put_below(root, blocks, store, room_bytes)
    except CarRejected as rejected:
        raise Problem("car-rejected", f"{rejected}.", entry=rejected.entry) from None
    except (BadCid, BlockCorrupt) as error:
        raise Problem("car-rejected", f"{error}.") from None
    except TooMuch:
        raise Problem("allowance-exceeded") from None
    except StoreFull:
        raise Problem("storage-full") from None
    return ReceivedCar(f"{root} {request.content_length}")


def _ask_first(request_id: str) -> tuple[Cid, int]:
    begin(writes=False)
    try:
        mirror = open_mirror()
        address = current_caller().address
        pin = get_pin(address, request_id)
        storage_service(mirror, address)
        allowance = read_allowance(mirror, address)
        return parse_cid(pin.root), max(0, allowance.allowed_bytes - allowance.used_bytes)
    finally:
        db.session.rollback()
