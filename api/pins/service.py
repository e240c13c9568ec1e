"""Pins of an account: asked for, replaced, let go. The work itself is a job's (`jobs`).

Every pin has its hold in the transaction that answers for it, so the collector never takes what a
pin was promised; a pin that fails gives its hold up.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from flask import current_app

from api.db import utc_now
from api.holds import repository as holds
from api.holds.models import HoldKind
from api.holds.service import lock_account, storage_service
from api.jobs.kinds import PIN
from api.jobs.queue import enqueue
from api.mirror import MirrorView
from api.pins import repository
from api.pins.models import Pin, PinState
from api.pins.schemas import PinIn, PinOut, PinResults, PinsQuery, PinStatus
from api.problems import FieldError, Problem, invalid
from api.settings import ApiSettings
from api.storage.ports import BadCid
from api.storage.unixfs import Cid, parse_cid

_TICK = timedelta(milliseconds=1)


def add_pin(mirror: MirrorView, address: str, body: PinIn) -> PinStatus:
    """A queued pin with its job; raises a Problem of 402, 422."""
    root = _parse(body.cid)
    service = storage_service(mirror, address).service
    lock_account(address)
    now = utc_now()
    now = now.replace(microsecond=now.microsecond // 1_000 * 1_000)
    newest = repository.newest_created(address)
    pin = Pin(
        id=uuid4().hex,
        address=address,
        service_id=service.id,
        cid=body.cid,
        root=str(root),
        name=body.name,
        folded_name=body.name.casefold() if body.name is not None else None,
        origins=list(body.origins),
        meta=dict(body.meta),
        status=PinState.QUEUED,
        created_at=max(now, newest + _TICK) if newest else now,
    )
    repository.add_pin(pin)
    holds.add_hold(HoldKind.PIN, pin.id, service.id, root, 0, None)
    enqueue(PIN, {"request_id": pin.id})
    return pin_out(pin)


def list_pins(address: str, query: PinsQuery) -> PinResults:
    """Those that match, newest first."""
    count, pins = repository.list_pins(address, query, [str(_parse(cid)) for cid in query.cids])
    return PinResults(count=count, results=[pin_out(pin) for pin in pins])


def get_pin(address: str, request_id: str) -> Pin:
    """One of the account's pins; raises a Problem of 404."""
    pin = repository.get_pin(address, request_id) if request_id.isalnum() else None
    if pin is None:
        raise Problem("unknown-pin")
    return pin


def replace_pin(mirror: MirrorView, address: str, request_id: str, body: PinIn) -> PinStatus:
    """Another pin in the place of one, in one step: what both have needn't be fetched again."""
    old = get_pin(address, request_id)
    made = add_pin(mirror, address, body)
    _let_go(old)
    return made


def delete_pin(address: str, request_id: str) -> None:
    """Lets a pin go; its content stays for the grace period."""
    _let_go(get_pin(address, request_id))


def retry_pin(address: str, request_id: str) -> PinStatus:
    """Has the work done again, after more blocks came."""
    pin = get_pin(address, request_id)
    if pin.status != PinState.PINNED:
        pin.status = PinState.QUEUED
        pin.details = None
        if not holds.has_hold(HoldKind.PIN, pin.id):
            holds.add_hold(HoldKind.PIN, pin.id, pin.service_id, parse_cid(pin.root), 0, None)
        enqueue(PIN, {"request_id": pin.id})
    return pin_out(pin)


def pin_out(pin: Pin) -> PinStatus:
    """A row as it is shown."""
    settings: ApiSettings = current_app.config["DSPACE"]
    return PinStatus(
        requestid=pin.id,
        status=PinState(pin.status),
        created=pin.created_at,
        pin=PinOut(cid=pin.cid, name=pin.name, origins=pin.origins, meta=pin.meta),
        delegates=settings.delegates,
        info={"status_details": pin.details} if pin.details else None,
    )


def _let_go(pin: Pin) -> None:
    holds.release_holds(HoldKind.PIN, [pin.id])
    repository.delete_pin(pin)


def _parse(text: str) -> Cid:
    try:
        return parse_cid(text)
    except BadCid:
        raise invalid(FieldError("cid", "is no CID that the store could hold")) from None
