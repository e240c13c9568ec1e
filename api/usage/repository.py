"""All SQL of usage: the integral of the levels over a day, of all services in one statement."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Numeric, Select, cast, func, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from api.db import db
from api.holds.levels import HoldLevel
from api.usage.models import StorageUsage
from indexer.schema import UINT256_DIGITS


def roll_up(day: date) -> None:
    """Writes the rows of a day that is over; again, if it comes to that."""
    start, end = seconds_of(day)
    spent = _integral(start, end).subquery()
    rows = select(
        spent.c.service_id, literal(day, StorageUsage.day.type), _as_uint256(spent.c.byte_seconds)
    ).where(spent.c.byte_seconds > 0)
    dialect: Any = postgresql if _on_postgresql() else sqlite
    insert = dialect.insert(StorageUsage).from_select(["service_id", "day", "byte_seconds"], rows)
    db.session.execute(
        insert.on_conflict_do_update(
            index_elements=["service_id", "day"],
            set_={"byte_seconds": insert.excluded.byte_seconds},
        )
    )


def integrate(
    start: int, end: int, services: Collection[int] | None = None
) -> list[tuple[int, int]]:
    """What services kept between two unix seconds; byte-seconds, none of 0."""
    rows = db.session.execute(_integral(start, end, services))
    return [(int(row[0]), int(row[1])) for row in rows if row[1]]


def first_day() -> date | None:
    """Of the first level that there is."""
    first = db.session.execute(select(func.min(HoldLevel.at))).scalar_one()
    return None if first is None else datetime.fromtimestamp(first, UTC).date()


def last_rolled_day() -> date | None:
    """The newest day with rows."""
    return db.session.execute(select(func.max(StorageUsage.day))).scalar_one()


def list_usage(services: Collection[int], first: date, last: date) -> list[StorageUsage]:
    """Rows of some services by day, then service."""
    query = select(StorageUsage).where(
        StorageUsage.service_id.in_(services), StorageUsage.day.between(first, last)
    )
    return list(db.session.scalars(query.order_by(StorageUsage.day, StorageUsage.service_id)))


def seconds_of(day: date) -> tuple[int, int]:
    """The unix seconds that a UTC day begins and ends with."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return int(start.timestamp()), int((start + timedelta(days=1)).timestamp())


def _integral(start: int, end: int, services: Collection[int] | None = None) -> Select[int, int]:
    """Each level counts from its second to the next one's, the one before `start` from there."""
    level = HoldLevel
    chosen = [] if services is None else [level.service_id.in_(services)]
    opening_ids = select(func.max(level.id)).where(level.at < start, *chosen)
    opening = select(level.id, level.service_id, literal(start).label("at"), level.bytes).where(
        level.id.in_(opening_ids.group_by(level.service_id))
    )
    within = select(level.id, level.service_id, level.at, level.bytes).where(
        level.at >= start, level.at < end, *chosen
    )
    steps = union_all(opening, within).subquery()
    next_at = func.lead(steps.c.at).over(partition_by=steps.c.service_id, order_by=steps.c.id)
    spans = select(
        steps.c.service_id,
        steps.c.bytes,
        (func.coalesce(next_at, literal(end)) - steps.c.at).label("seconds"),
    ).subquery()
    held: Any = spans.c.bytes
    if _on_postgresql():
        held = cast(held, Numeric(UINT256_DIGITS, 0))
    total = func.sum(held * spans.c.seconds).label("byte_seconds")
    return select(spans.c.service_id, total).group_by(spans.c.service_id)


def _as_uint256(number: Any) -> Any:
    """As the column has it. SQLite adds in 64 bits: exact up to 100 TB a service."""
    return number if _on_postgresql() else func.printf(f"%0{UINT256_DIGITS}d", number)


def _on_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"
