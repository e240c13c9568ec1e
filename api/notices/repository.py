"""All SQL of notices."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, union, update
from sqlalchemy.dialects import postgresql, sqlite

from api.collector.models import EndedService
from api.db import db, utc_now
from api.holds.models import Hold
from api.notices.models import Notice
from indexer import schema

PAGE = 500


class Told(NamedTuple):
    """What makes a notice the same as another."""

    address: str
    kind: str
    subject: str


class Ended(NamedTuple):
    """A service that is over."""

    owner: str
    service_id: int
    state: str
    since: datetime
    holds: bool  # whether anything of it is still kept


def list_addresses(after: str) -> list[str]:
    """Accounts that something is kept for, or that were told something that still holds."""
    services = schema.services.c
    owners = select(services.owner.label("address")).where(
        services.owner > after, select(Hold.cid).where(Hold.service_id == services.id).exists()
    )
    told = select(Notice.address).where(Notice.address > after, Notice.over_at.is_(None))
    both = union(owners, told).subquery()
    return list(db.session.scalars(select(both.c.address).order_by(both.c.address).limit(PAGE)))


def list_ended(addresses: Collection[str]) -> list[Ended]:
    """The services of some accounts that are over."""
    services = schema.services.c
    holds = select(Hold.cid).where(Hold.service_id == EndedService.service_id).exists()
    query = (
        select(
            services.owner, EndedService.service_id, EndedService.state, EndedService.since, holds
        )
        .join(schema.services, services.id == EndedService.service_id)
        .where(services.owner.in_(addresses))
    )
    return [Ended(*row) for row in db.session.execute(query)]


def list_open(addresses: Collection[str]) -> dict[Told, int]:
    """What some accounts were told and still holds, with the notices' ids."""
    query = select(Notice.address, Notice.kind, Notice.subject, Notice.id).where(
        Notice.address.in_(addresses), Notice.over_at.is_(None)
    )
    return {Told(*row[:3]): row[3] for row in db.session.execute(query)}


def add(notices: Mapping[Told, Mapping[str, Any]]) -> int:
    """Tells it, but for what was told meanwhile; how many there were."""
    if notices:
        dialect: Any = postgresql if db.engine.dialect.name == "postgresql" else sqlite
        now = utc_now()
        db.session.execute(
            dialect.insert(Notice).on_conflict_do_nothing(),
            [
                told._asdict() | {"at": now, "over_at": None, "details": dict(details)}
                for told, details in sorted(notices.items())
            ],
        )
    return len(notices)


def close(ids: Sequence[int]) -> None:
    """What these say no longer holds."""
    for at in range(0, len(ids), PAGE):
        query = update(Notice).where(Notice.id.in_(ids[at : at + PAGE]), Notice.over_at.is_(None))
        db.session.execute(query.values(over_at=utc_now()))


def list_notices(address: str, below: int | None, limit: int) -> list[Notice]:
    """Newest first; those with a lower id than `below`."""
    query = select(Notice).where(Notice.address == address)
    if below is not None:
        query = query.where(Notice.id < below)
    return list(db.session.scalars(query.order_by(Notice.id.desc()).limit(limit)))
