"""Pins of an account: ask for one, look, replace, let go, bring its blocks.

Invariant: a pin and its hold are made, replaced and removed in one transaction, with the job that
does the work. Reading needs a storage service that has not ended; writing needs an active one.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from flask import current_app

from api.db import utc_now
from api.holds.models import HoldKind
from api.holds.repository import add_hold, drop_hold, release_holds
from api.holds.service import list_storage_services, require_room, storage_service
from api.jobs.kinds import PIN
from api.jobs.queue import enqueue
from api.mirror import STATE_NAMES, MirrorView
from api.pins import repository
from api.pins.cids import CidNotKept, NoCid, read_cid
from api.pins.delegates import list_delegates
from api.pins.models import Pin, PinStatus
from api.pins.repository import Filters
from api.pins.schemas import PinRequest, PinResults, PinsQuery, PinStatusOut, pin_out
from api.problems import FieldError, Problem, invalid
from api.storage.unixfs.cid import parse_cid
from indexer.rules import ServiceState


def list_pins(mirror: MirrorView, address: str, query: PinsQuery) -> PinResults:
    """A page of the account's pins, newest first."""
    services = list_services(mirror, address)
    filters = Filters(
        statuses=list(dict.fromkeys(query.status)),
        roots=None if query.cid is None else _roots(query.cid),
        name=query.name,
        match=query.match,
        before=query.before,
        after=query.after,
        meta=query.meta,
    )
    return PinResults(
        count=repository.count_pins(services, filters),
        results=[_out(pin) for pin in repository.list_pins(services, filters, query.limit)],
    )


def show_pin(mirror: MirrorView, address: str, pin_id: str) -> PinStatusOut:
    """One of the account's pins."""
    return _out(get_pin(mirror, address, pin_id))


def create_pin(mirror: MirrorView, address: str, wanted: PinRequest) -> PinStatusOut:
    """A queued pin with its hold and its job, in the session's writing transaction."""
    service = storage_service(mirror, address)
    require_room(mirror, address, 1)
    return _out(_add(service.service.id, wanted))


def replace_pin(mirror: MirrorView, address: str, pin_id: str, wanted: PinRequest) -> PinStatusOut:
    """A new pin instead of an old one, whose room is free for it."""
    service = storage_service(mirror, address)
    _remove(get_pin(mirror, address, pin_id, lock=True))
    require_room(mirror, address, 1)
    return _out(_add(service.service.id, wanted))


def delete_pin(mirror: MirrorView, address: str, pin_id: str) -> None:
    """Lets a pin go; its content stays for the grace period."""
    storage_service(mirror, address)
    _remove(get_pin(mirror, address, pin_id, lock=True))


def revive_pin(mirror: MirrorView, address: str, pin_id: str) -> PinStatusOut:
    """Looks at a pin anew, now that blocks of it were brought; a pinned one stays as it is."""
    storage_service(mirror, address)
    pin = get_pin(mirror, address, pin_id, lock=True)
    if pin.status != PinStatus.PINNED:
        if pin.status == PinStatus.FAILED:
            _hold(pin)
        pin.status = PinStatus.QUEUED
        pin.details = None
        _enqueue(pin)
    return _out(pin)


def fail_pin(pin: Pin, reason: str) -> None:
    """It can't be pinned; nothing of it is kept. In a writing transaction, the pin locked."""
    pin.status = PinStatus.FAILED
    pin.details = reason
    drop_hold(HoldKind.PIN, pin.id)


def get_pin(mirror: MirrorView, address: str, pin_id: str, *, lock: bool = False) -> Pin:
    """One of the account's pins; raises a Problem of 404."""
    found = None
    if pin_id.isascii() and pin_id.isalnum():
        found = repository.get_pin(list_services(mirror, address), pin_id, lock=lock)
    if found is None:
        raise Problem("unknown-pin")
    return found


def list_services(mirror: MirrorView, address: str) -> list[int]:
    """The account's storage services that have not ended; their pins are the account's."""
    return [
        view.service.id
        for view in list_storage_services(mirror, address)
        if mirror.state_of(view) != STATE_NAMES[ServiceState.STOPPED]
    ]


def _add(service_id: int, wanted: PinRequest) -> Pin:
    now = repository.next_created()
    pin = Pin(
        id=uuid4().hex,
        service_id=service_id,
        cid=wanted.cid,
        root=str(read_cid(wanted.cid)),
        name=wanted.name,
        name_folded=None if wanted.name is None else wanted.name.casefold(),
        origins=wanted.origins or [],
        meta=wanted.meta or {},
        status=PinStatus.QUEUED,
        created_at=now,
    )
    _enqueue(pin)
    repository.add_pin(pin)
    _hold(pin)
    return pin


def _remove(pin: Pin) -> None:
    release_holds(HoldKind.PIN, [pin.id])
    repository.delete_pin(pin)


def _hold(pin: Pin) -> None:
    """On the client's word: the job looks at it, and measures it, once this is committed."""
    add_hold(HoldKind.PIN, pin.id, pin.service_id, parse_cid(pin.root), 0, None)


def _enqueue(pin: Pin) -> None:
    """What was begun for the pin before is over with that: it has another time in it."""
    pin.queued_at = utc_now()
    enqueue(PIN, {"pin_id": pin.id, "queued_at": pin.queued_at.isoformat()})


def _roots(cids: Sequence[str]) -> list[str]:
    """As they are called here; one of a kind that is not kept is nobody's."""
    roots: list[str] = []
    for text in cids:
        try:
            roots.append(str(read_cid(text)))
        except CidNotKept:
            continue
        except NoCid:
            raise invalid(FieldError("cid", f"{text[:80]} is no CID")) from None
    return roots


def _out(pin: Pin) -> PinStatusOut:
    return pin_out(pin, list_delegates(current_app.config["DSPACE"]))
