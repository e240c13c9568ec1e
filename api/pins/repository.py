"""All SQL of pins. Every function works in the session's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select

from api.db import db, hold_lock, utc_now
from api.pins.models import Pin, PinMeta

_CREATED_LOCK = 0x70696E73  # "pins"
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Filters:
    """None lets everything pass."""

    statuses: Sequence[str]
    roots: Sequence[str] | None = None
    name: str | None = None
    match: str = "exact"
    before: datetime | None = None
    after: datetime | None = None
    meta: dict[str, str] | None = None


def next_created() -> datetime:
    """A whole millisecond that no pin has, later than every other's.

    From here to the end of the transaction nobody else makes a pin.
    """
    hold_lock(_CREATED_LOCK)
    now = utc_now()
    now = now.replace(microsecond=now.microsecond // 1_000 * 1_000)
    newest = db.session.execute(select(func.max(Pin.created_at))).scalar_one()
    return now if newest is None else max(now, newest + _MILLISECOND)


def add_pin(pin: Pin) -> None:
    """A new pin, with its meta to be asked for."""
    db.session.add(pin)
    db.session.flush()
    db.session.add_all(
        PinMeta(pin_id=pin.id, key=key, value=value) for key, value in pin.meta.items()
    )


def get_pin(services: Sequence[int], pin_id: str, *, lock: bool = False) -> Pin | None:
    """A pin on one of these services; locked, nobody else changes it meanwhile."""
    query = select(Pin).where(Pin.id == pin_id, Pin.service_id.in_(services))
    return db.session.execute(query.with_for_update() if lock else query).scalar_one_or_none()


def lock_pin(pin_id: str) -> Pin | None:
    """A pin as it stands now, which nobody else changes until this transaction ends."""
    query = select(Pin).where(Pin.id == pin_id).with_for_update()
    return db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def delete_pin(pin: Pin) -> None:
    """The row and its meta."""
    db.session.execute(delete(PinMeta).where(PinMeta.pin_id == pin.id))
    db.session.delete(pin)
    db.session.flush()


def count_pins(services: Sequence[int], filters: Filters) -> int:
    """How many pins on these services the filters let pass."""
    query = select(func.count()).select_from(Pin).where(*_where(services, filters))
    return db.session.execute(query).scalar_one()


def list_pins(services: Sequence[int], filters: Filters, limit: int) -> list[Pin]:
    """Those pins, newest first."""
    query = select(Pin).where(*_where(services, filters))
    return list(db.session.scalars(query.order_by(Pin.created_at.desc()).limit(limit)))


def _where(services: Sequence[int], filters: Filters) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [
        Pin.service_id.in_(services),
        Pin.status.in_(filters.statuses),
    ]
    if filters.roots is not None:
        where.append(Pin.root.in_(filters.roots))
    if filters.name is not None:
        where.append(_matches(filters.name, filters.match))
    if filters.before is not None:
        where.append(Pin.created_at < filters.before)
    if filters.after is not None:
        where.append(Pin.created_at > filters.after)
    if filters.meta:
        where.append(_has_meta(filters.meta))
    return where


def _matches(name: str, match: str) -> ColumnElement[bool]:
    """`LIKE` means something else on each database, so case is folded in Python beforehand."""
    if match == "exact":
        return Pin.name == name
    if match == "iexact":
        return Pin.name_folded == name.casefold()
    if match == "partial":
        return _position(Pin.name, name) > 0
    return _position(Pin.name_folded, name.casefold()) > 0


def _position(column: ColumnElement[str | None] | object, part: str) -> ColumnElement[int]:
    """Where the part begins, from 1; 0 where it doesn't."""
    if db.engine.dialect.name == "postgresql":
        return func.strpos(column, part)
    return func.instr(column, part)


def _has_meta(meta: dict[str, str]) -> ColumnElement[bool]:
    pairs = or_(*(and_(PinMeta.key == key, PinMeta.value == text) for key, text in meta.items()))
    found = select(func.count()).where(PinMeta.pin_id == Pin.id, pairs).scalar_subquery()
    return found == len(meta)
