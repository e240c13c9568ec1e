"""The job that makes a pin true. Run twice, or killed anywhere, it goes on with what is here.

begin       the service is active, there is room            else failed
gather      every block is here, counted and fresh          else failed, or tried again
settle      indexed, counted by the hold, pinned            in one transaction
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from flask import current_app

from api.db import utc_now, writing
from api.holds.links import index_dag
from api.holds.models import HoldKind
from api.holds.repository import resize_hold
from api.holds.service import read_allowance, require_room
from api.jobs.kinds import PIN
from api.jobs.queue import enqueue
from api.jobs.work import Payload
from api.mirror import STATE_NAMES, MirrorView, open_mirror
from api.pins.gather import Gathering, LinkNotKept
from api.pins.models import UNFINISHED, Pin, PinStatus
from api.pins.repository import lock_pin
from api.pins.service import fail_pin
from api.problems import Problem
from api.settings import ApiSettings
from api.storage.network import FetchLimits, NetworkError, NotFound, TooLarge
from api.storage.ports import BlockCorrupt, BlockStore
from api.storage.unixfs.cid import parse_cid
from indexer import reads
from indexer.rules import ServiceState

MAX_PIN_BLOCKS = 1_000_000  # some 100 bytes of memory each, while it is walked

log = structlog.get_logger()


class Failed(Exception):
    """The pin can't be had, however often it is tried; the text is for its owner."""


class NotYet(Exception):
    """Nothing of the pin could be had now."""


@dataclass(frozen=True, slots=True)
class _Begun:
    root: str
    origins: list[str]
    max_bytes: int
    allowed: bool  # whether it is the allowance that limits the bytes


def pin(payload: Payload) -> None:
    """From queued, or from wherever it stands, to pinned or failed."""
    try:
        begun = _begin(payload)
        if begun is not None:
            size = _gather(begun, payload)
            if size is not None:
                _settle(payload, size)
    except (Failed, Problem) as reason:
        if isinstance(reason, Problem) and reason.status == 503:
            raise  # the mirror isn't there
        told = reason.detail if isinstance(reason, Problem) else str(reason)
        with writing():
            found = _unfinished(payload)
            if found is not None:
                fail_pin(found, told)
        log.info("pin_failed", pin=payload["pin_id"], reason=told)


def pin_failed(payload: Payload, reason: str) -> None:
    """It was tried often enough."""
    found = _unfinished(payload)
    if found is not None:
        fail_pin(found, f"{found.details}. {reason}" if found.details else reason)


def _begin(payload: Payload) -> _Begun | None:
    """None where it is settled, removed, or begun anew by another job."""
    settings: ApiSettings = current_app.config["DSPACE"]
    with writing():
        found = _unfinished(payload)
        if found is None:
            return None
        if utc_now() - found.queued_at > timedelta(seconds=settings.pin_timeout):
            raise Failed(f"it was not whole after {settings.pin_timeout} seconds")
        mirror = open_mirror()
        allowance = read_allowance(mirror, _payer(mirror, found))
        room = allowance.allowed_bytes - allowance.used_bytes
        found.status = PinStatus.PINNING
        return _Begun(
            found.root,
            found.origins,
            max_bytes=max(0, min(room, settings.max_pin_bytes)),
            allowed=room <= settings.max_pin_bytes,
        )


def _gather(begun: _Begun, payload: Payload) -> int | None:
    """The DAG's bytes; None where some of it is here now, and another job goes on with it."""
    settings: ApiSettings = current_app.config["DSPACE"]
    limits = FetchLimits(
        begun.max_bytes, MAX_PIN_BLOCKS, time.monotonic() + settings.pin_try_seconds
    )
    network = current_app.extensions["dspace_network"]
    gathering = Gathering(_store(), network, begun.origins, limits)
    try:
        return gathering.gather(parse_cid(begun.root))
    except TooLarge:
        what = "the allowance has left" if begun.allowed else "a pin may have"
        raise Failed(f"it has more than the {begun.max_bytes} bytes that {what}") from None
    except (LinkNotKept, NotFound) as reason:
        raise Failed(str(reason)) from None
    except BlockCorrupt:
        raise Failed("a block below it is no dag-pb") from None
    except NetworkError as later:
        _note(payload, str(later), goes_on=gathering.fetched_blocks > 0)
        if not gathering.fetched_blocks:
            raise NotYet(str(later)) from later
        return None


def _note(payload: Payload, told: str, *, goes_on: bool) -> None:
    with writing():
        found = _unfinished(payload)
        if found is not None:
            found.details = told
            if goes_on:
                enqueue(PIN, dict(payload))


def _settle(payload: Payload, size: int) -> None:
    with writing():
        found = _unfinished(payload)
        if found is None:
            return
        index_dag(_store(), parse_cid(found.root))
        mirror = open_mirror()
        require_room(mirror, _payer(mirror, found), size)
        resize_hold(HoldKind.PIN, found.id, size)
        found.size_bytes = size
        found.status = PinStatus.PINNED
        found.details = None


def _payer(mirror: MirrorView, found: Pin) -> str:
    """The owner of the pin's service, which must be active."""
    views = reads.read_service_view(mirror.connection, service_ids=[found.service_id])
    state = mirror.state_of(views[0]) if views else "unknown"
    if state != STATE_NAMES[ServiceState.ACTIVE]:
        raise Failed(f"storage service {found.service_id} is {state}")
    return views[0].service.owner


def _unfinished(payload: Payload) -> Pin | None:
    """The pin, locked, where this job is still the one for it."""
    found = lock_pin(str(payload["pin_id"]))
    if found is None or found.status not in UNFINISHED:
        return None
    return found if found.queued_at == datetime.fromisoformat(payload["queued_at"]) else None


def _store() -> BlockStore:
    store: BlockStore = current_app.extensions["dspace_store"]
    return store
