"""The job that pins: looks whether all of it is here, fetches what isn't, and settles.

Run twice, it finds what the first run put. The hold was committed before, so whatever is looked at
here stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from api.db import writing
from api.holds import repository as holds
from api.holds.links import index_dag
from api.holds.models import HoldKind
from api.holds.service import lock_account, read_allowance, require_room, storage_service
from api.jobs.work import GiveUp, Payload
from api.mirror import open_mirror
from api.pins import repository
from api.pins.models import Pin, PinState
from api.problems import Problem
from api.storage.claim import claim_dag
from api.storage.network import Network, NotFound, TooMuch
from api.storage.ports import BadCid, BlockCorrupt, BlockMissing, BlockStore
from api.storage.unixfs import Cid, parse_cid

_OPEN = (PinState.QUEUED, PinState.PINNING)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A pin to be worked on."""

    root: Cid
    origins: list[str]
    room_bytes: int


def pin(payload: Payload) -> None:
    """From a queued pin to one that is pinned."""
    request_id = str(payload["request_id"])
    begun = _begin(request_id)
    if begun is None:
        return
    size_bytes = _bring(begun)
    with writing():
        found = _open_pin(request_id)
        if found is not None:
            _settle(found, begun.root, size_bytes)


def pin_failed(payload: Payload, reason: str) -> None:
    """Tells the owner; nothing of it is kept."""
    found = _open_pin(str(payload["request_id"]))
    if found is not None:
        found.status = PinState.FAILED
        found.details = reason
        holds.drop_hold(HoldKind.PIN, found.id)


def _begin(request_id: str) -> _Begun | None:
    with writing():
        found = _open_pin(request_id)
        if found is None:
            return None
        found.status = PinState.PINNING
        mirror = open_mirror()
        try:
            storage_service(mirror, found.address)
        except Problem as problem:
            raise GiveUp(problem.detail) from None
        allowance = read_allowance(mirror, found.address)
        room = max(0, allowance.allowed_bytes - allowance.used_bytes)
        return _Begun(parse_cid(found.root), list(found.origins), room)


def _bring(begun: _Begun) -> int:
    """The DAG's bytes, once all of it is here."""
    store: BlockStore = current_app.extensions["dspace_store"]
    try:
        try:
            return claim_dag(store, begun.root)
        except BlockMissing:
            network: Network = current_app.extensions["dspace_network"]
            network.fetch(begun.root, begun.origins, store, begun.room_bytes)
            return claim_dag(store, begun.root)
    except BlockMissing as missing:
        raise GiveUp(f"block {missing} is nowhere to be had") from None
    except BadCid:
        raise GiveUp("it links to content of a codec or hash that is not kept here") from None
    except BlockCorrupt as corrupt:
        raise GiveUp(f"it contradicts itself: {corrupt}") from None
    except NotFound as error:
        raise GiveUp(f"not found: {error}") from None
    except TooMuch as error:
        raise GiveUp(f"it doesn't fit the account's allowance: {error}") from None


def _settle(found: Pin, root: Cid, size_bytes: int) -> None:
    store: BlockStore = current_app.extensions["dspace_store"]
    lock_account(found.address)
    try:
        require_room(open_mirror(), found.address, size_bytes)
    except Problem as problem:
        found.status, found.details = PinState.FAILED, problem.detail
        holds.drop_hold(HoldKind.PIN, found.id)
        return
    index_dag(store, root)
    holds.resize_hold(HoldKind.PIN, found.id, size_bytes)
    found.status, found.details = PinState.PINNED, None


def _open_pin(request_id: str) -> Pin | None:
    found = repository.find_pin(request_id)
    return found if found is not None and found.status in _OPEN else None
