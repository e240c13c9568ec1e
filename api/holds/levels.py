"""How much each service holds, from when on: a line a change, never changed afterwards.

Invariant: a service's lines are in the order of their times, and the last one is what its holds
that weren't let go amount to, a root that is held twice counted once. Usage is their integral.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import BigInteger, Index, Integer, Select, func, select
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, db, hold_lock, utc_now
from api.holds.models import Hold
from indexer.schema import Uint256

_LEVELS_LOCK = 0x6C << 56  # "l", beside 56 bits of the service's number


class HoldLevel(Base):
    """From `at` on the service held so much."""

    __tablename__ = "hold_levels"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    service_id: Mapped[int] = mapped_column(Uint256)
    at: Mapped[int] = mapped_column(BigInteger)  # unix seconds
    bytes: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_hold_levels_service", "service_id", "id"),
        Index("ix_hold_levels_at", "at"),
    )


def each_root_once() -> Select[int, int]:
    """What each service holds of each root and has not let go."""
    return (
        select(Hold.service_id, func.max(Hold.size_bytes).label("bytes"))
        .where(Hold.released_at.is_(None))
        .group_by(Hold.service_id, Hold.cid)
    )


def record_levels(service_ids: Collection[int]) -> None:
    """Writes down what services hold now, in the transaction that changed it."""
    services = sorted(set(service_ids))
    if not services:
        return
    for service_id in services:  # two changes of a service, one after the other
        hold_lock(_LEVELS_LOCK | service_id & ((1 << 56) - 1))
    held = each_root_once().where(Hold.service_id.in_(services)).subquery()
    total = select(held.c.service_id, func.sum(held.c.bytes)).group_by(held.c.service_id)
    bytes_of = {row[0]: int(row[1]) for row in db.session.execute(total)}
    last = (
        select(HoldLevel.service_id, func.max(HoldLevel.at))
        .where(HoldLevel.service_id.in_(services))
        .group_by(HoldLevel.service_id)
    )
    last_at = {row[0]: int(row[1]) for row in db.session.execute(last)}
    now = int(utc_now().timestamp())
    db.session.add_all(
        HoldLevel(
            service_id=service_id,
            at=max(now, last_at.get(service_id, 0)),  # a clock that was set back changes nothing
            bytes=bytes_of.get(service_id, 0),
        )
        for service_id in services
    )
    db.session.flush()
