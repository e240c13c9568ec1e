"""How much each service held and when: the steps that byte-seconds are counted by.

Invariant: a step is written in the transaction that changes what a service holds, with what it
holds then; so usage is an integral over steps that nobody changes afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Index, Integer, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, db
from api.holds.models import Hold
from indexer import schema
from indexer.schema import Uint256

_MS = 1_000


class StorageLevel(Base):
    """What a service holds from a moment on."""

    __tablename__ = "storage_levels"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    service_id: Mapped[int] = mapped_column(Uint256)
    at_ms: Mapped[int] = mapped_column(BigInteger)  # unix milliseconds
    size_bytes: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_storage_levels_service", "service_id", "at_ms"),)


@dataclass(frozen=True, slots=True)
class DayOfUse:
    """What a service held over a UTC day."""

    service_id: int
    day: datetime  # its midnight
    byte_seconds: int


def note_levels(service_ids: Collection[int]) -> None:
    """Writes down what some services hold now."""
    each = (
        select(Hold.service_id, func.max(Hold.size_bytes).label("size_bytes"))
        .where(Hold.service_id.in_(service_ids), Hold.released_at.is_(None))
        .group_by(Hold.service_id, Hold.cid)
        .subquery()
    )
    query = select(each.c.service_id, func.sum(each.c.size_bytes)).group_by(each.c.service_id)
    held = {int(row[0]): int(row[1]) for row in db.session.execute(query)}
    now_ms = time.time_ns() // 1_000_000
    rows = [
        {"service_id": service_id, "at_ms": now_ms, "size_bytes": held.get(service_id, 0)}
        for service_id in sorted(set(service_ids))
    ]
    if rows:
        db.session.execute(insert(StorageLevel), rows)


def read_usage(owner: str, start: datetime, end: datetime, now: datetime) -> list[DayOfUse]:
    """Byte-seconds of an account's services by service and UTC day, from `start` to `end`.

    Both are midnights. Of a day that isn't over it is what was used until `now`.
    """
    services = schema.services.c
    query = (
        select(StorageLevel.service_id, StorageLevel.at_ms, StorageLevel.size_bytes)
        .join(schema.services, services.id == StorageLevel.service_id)
        .where(services.owner == owner, StorageLevel.at_ms < _to_ms(end))
        .order_by(StorageLevel.service_id, StorageLevel.at_ms, StorageLevel.id)
    )
    steps: dict[int, list[tuple[int, int]]] = {}
    for service_id, at_ms, size_bytes in db.session.execute(query):
        steps.setdefault(int(service_id), []).append((at_ms, size_bytes))
    until = min(_to_ms(end), _to_ms(now))
    return [
        DayOfUse(service_id, day, byte_ms // _MS)
        for service_id, taken in steps.items()
        for day, byte_ms in _by_day(taken, _to_ms(start), until)
        if byte_ms
    ]


def _by_day(
    steps: Iterable[tuple[int, int]], start_ms: int, end_ms: int
) -> Iterator[tuple[datetime, int]]:
    """The integral of a step function over each day, in byte-milliseconds."""
    days: dict[datetime, int] = {}
    taken = list(steps)
    for index, (at_ms, size_bytes) in enumerate(taken):
        ends_ms = taken[index + 1][0] if index + 1 < len(taken) else end_ms
        at, end = max(at_ms, start_ms), min(ends_ms, end_ms)
        while at < end:
            day = datetime.fromtimestamp(at // _MS, UTC).replace(hour=0, minute=0, second=0)
            midnight = _to_ms(day + timedelta(days=1))
            days[day] = days.get(day, 0) + size_bytes * (min(midnight, end) - at)
            at = midnight
    yield from sorted(days.items())


def _to_ms(moment: datetime) -> int:
    return int(moment.timestamp()) * _MS + moment.microsecond // 1_000
