"""What an account may keep: its storage service, its tier's allowance, and what it holds now.

All by the mirror, at each request. Sites, folders and pins of an account share one allowance.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.db import hold_lock
from api.holds import repository
from api.mirror import STATE_NAMES, MirrorView
from api.problems import Problem
from api.services.service import STORAGE
from indexer import reads
from indexer.rules import ServiceState

_HOLDS_LOCK = 0x68 << 56  # "h", beside 56 bits of the address


@dataclass(frozen=True, slots=True)
class Allowance:
    """Bytes."""

    used_bytes: int
    allowed_bytes: int


def read_allowance(mirror: MirrorView, address: str) -> Allowance:
    """What the account holds, and what its tier of now lets it hold."""
    tier = reads.read_account(mirror.connection, address).tier(mirror.now, mirror.terms.grace)
    allowed = next(
        (found.storage for found in reads.list_tiers(mirror.connection) if found.id == tier), 0
    )
    return Allowance(repository.held_bytes(address), allowed)


def require_room(mirror: MirrorView, address: str, more_bytes: int) -> None:
    """Raises a Problem of 402 where the allowance doesn't reach for so many bytes more.

    In a writing transaction: nobody else adds to the account's holds until it ends.
    """
    hold_lock(_HOLDS_LOCK | int(address[-14:], 16))
    check_room(mirror, address, more_bytes)


def check_room(mirror: MirrorView, address: str, more_bytes: int) -> int:
    """As `require_room`, a look that reserves nothing; the bytes that are left."""
    allowance = read_allowance(mirror, address)
    if more_bytes > 0 and allowance.used_bytes + more_bytes > allowance.allowed_bytes:
        raise Problem(
            "allowance-exceeded",
            f"{more_bytes} bytes don't fit: {allowance.used_bytes} of the tier's "
            f"{allowance.allowed_bytes} are in use.",
            used_bytes=str(allowance.used_bytes),
            allowed_bytes=str(allowance.allowed_bytes),
            wanted_bytes=str(more_bytes),
            as_of=mirror.as_of.model_dump(),
        )
    return allowance.allowed_bytes - allowance.used_bytes


def storage_service(mirror: MirrorView, address: str) -> reads.ServiceView:
    """The account's active storage service, the oldest of several; raises a Problem of 402."""
    states: list[str] = []
    for view in list_storage_services(mirror, address):
        state = mirror.state_of(view)
        if state == STATE_NAMES[ServiceState.ACTIVE]:
            return view
        states.append(f"service {view.service.id} is {state}")
    raise Problem(
        "storage-not-active",
        "; ".join(states).capitalize() + "." if states else "The account has no storage service.",
        as_of=mirror.as_of.model_dump(),
    )


def readable_storage(mirror: MirrorView, address: str) -> bool:
    """Whether the owner may read what is kept: some storage service has not ended."""
    return any(
        mirror.state_of(view) != STATE_NAMES[ServiceState.STOPPED]
        for view in list_storage_services(mirror, address)
    )


def list_storage_services(mirror: MirrorView, address: str) -> list[reads.ServiceView]:
    """The account's storage services by number, whatever their state."""
    plans = {plan.id for plan in reads.list_plans(mirror.connection) if plan.kind == STORAGE}
    views = reads.read_service_view(mirror.connection, owner=address)
    return [view for view in views if view.service.plan in plans]
