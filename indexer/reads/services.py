"""Services as they are stored, with all that `rules.service_state` needs beside them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, Subquery, and_, select, union

from indexer import schema
from indexer.reads.rows import ACCOUNT_COLUMNS, account_of, service_of, with_owner
from indexer.rules import Account, Service, ServiceState, service_state


@dataclass(frozen=True, slots=True)
class ServiceView:
    """The least that decides what a service amounts to at a time."""

    service: Service
    account: Account  # its owner's, as stored
    epoch: int  # its owner's, as stored

    def state(self, now: int, grace: int) -> ServiceState:
        """At a unix second; `grace` is Credits' grace period in seconds."""
        return service_state(self.service, self.account, self.epoch, now, grace)


@dataclass(frozen=True, slots=True)
class Started:
    """Where a service comes from."""

    block_number: int
    block_timestamp: int  # unix seconds
    transaction_hash: str
    reference: str  # 0x and 64 hex digits, its owner's own


@dataclass(frozen=True, slots=True)
class LastChange:
    """The event that a service's row stands for."""

    event: str
    block_number: int
    block_timestamp: int  # unix seconds
    transaction_hash: str
    reason: str | None  # what a suspended service's owner and visitors are told


@dataclass(frozen=True, slots=True)
class ServiceRow(ServiceView):
    """A service with its history's first and last event."""

    started: Started
    last_change: LastChange


def get_service(conn: Connection, service_id: int) -> ServiceRow | None:
    """One service by its number."""
    rows = _rows(conn, _with_last_event().where(schema.services.c.id == service_id))
    return rows[0] if rows else None


def list_services(
    conn: Connection, owner: str, after_id: int = 0, limit: int = 100
) -> list[ServiceRow]:
    """An owner's services by number, those above `after_id`."""
    services = schema.services.c
    query = _with_last_event().where(services.owner == owner, services.id > after_id)
    return _rows(conn, query.order_by(services.id).limit(limit))


def read_service_view(
    conn: Connection,
    service_ids: Collection[int] | None = None,
    since_block: int | None = None,
    owner: str | None = None,
) -> list[ServiceView]:
    """All services, or those of some numbers or an owner, or those that changed since a block.

    A service has changed with its own row or with its owner's account or epoch. A reorg restores
    rows of older blocks: a reader that goes by `since_block` first makes sure by
    `read_block_hash` that the block it saw last is still there, and reads everything otherwise.
    """
    query = with_owner(_select_services(schema.epochs.c.epoch.label("owner_epoch")))
    if service_ids is not None:
        query = query.where(schema.services.c.id.in_(service_ids))
    if owner is not None:
        query = query.where(schema.services.c.owner == owner)
    if since_block is not None:
        query = query.where(schema.services.c.id.in_(select(_changed_since(since_block).c.id)))
    return [
        ServiceView(service_of(row), account_of(row), row.owner_epoch or 0)
        for row in conn.execute(query.order_by(schema.services.c.id))
    ]


def list_services_changed_since(conn: Connection, block_number: int) -> list[ServiceView]:
    """`read_service_view` from a block on."""
    return read_service_view(conn, since_block=block_number)


def _select_services(*more: Any) -> Select[Any]:
    return select(schema.services, *ACCOUNT_COLUMNS, *more).select_from(schema.services)


def _changed_since(block_number: int) -> Subquery:
    """Two indexed look-ups: of the services, and of the owners that Credits told something of."""
    services, events = schema.services.c, schema.events.c
    owners = select(events.account).where(
        events.block_number >= block_number, events.contract == "Credits"
    )
    return union(
        select(services.id).where(services.block_number >= block_number),
        select(services.id).where(services.owner.in_(owners)),
    ).subquery()


def _with_last_event() -> Select[Any]:
    services, events = schema.services.c, schema.events.c
    query = _select_services(
        schema.epochs.c.epoch.label("owner_epoch"),
        events.name.label("event_name"),
        events.block_timestamp,
        events.transaction_hash,
        events.arguments,
    )
    return with_owner(query).join(
        schema.events,
        and_(
            events.block_number == services.block_number,
            events.log_index == services.log_index,
            events.part == 0,
        ),
    )


def _rows(conn: Connection, query: Select[Any]) -> list[ServiceRow]:
    found = conn.execute(query).all()
    started = _started(conn, [row.id for row in found])
    return [
        ServiceRow(
            service=service_of(row),
            account=account_of(row),
            epoch=row.owner_epoch or 0,
            started=started[row.id],
            last_change=_last_change(row),
        )
        for row in found
    ]


def _started(conn: Connection, service_ids: Collection[int]) -> dict[int, Started]:
    events = schema.events.c
    query = select(
        events.key,
        events.block_number,
        events.block_timestamp,
        events.transaction_hash,
        events.arguments,
    ).where(
        events.name == "ServiceStarted", events.key.in_([str(number) for number in service_ids])
    )
    return {
        int(row.key): Started(
            block_number=row.block_number,
            block_timestamp=row.block_timestamp,
            transaction_hash=row.transaction_hash,
            reference=row.arguments["reference"],
        )
        for row in conn.execute(query)
    }


def _last_change(row: Row[Any]) -> LastChange:
    return LastChange(
        event=row.event_name,
        block_number=row.block_number,
        block_timestamp=row.block_timestamp,
        transaction_hash=row.transaction_hash,
        reason=row.arguments.get("reason"),
    )
