"""All SQL of pins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, select, update

from api.db import db
from api.pins.models import Pin, PinMeta, PinState
from api.pins.schemas import PinsQuery


def get_pin(address: str, request_id: str) -> Pin | None:
    """One of an account's pins."""
    query = select(Pin).where(Pin.address == address, Pin.id == request_id)
    return db.session.execute(query).scalar_one_or_none()


def find_pin(request_id: str) -> Pin | None:
    """A pin as it stands in the database now."""
    return db.session.get(Pin, request_id, populate_existing=True)


def newest_created(address: str) -> datetime | None:
    """When an account's last pin was asked for."""
    query = select(func.max(Pin.created_at)).where(Pin.address == address)
    return db.session.execute(query).scalar_one()


def add_pin(pin: Pin) -> None:
    """A pin with what it can be looked for by."""
    db.session.add(pin)
    db.session.flush()
    db.session.add_all(
        PinMeta(pin_id=pin.id, key=key, value=text) for key, text in pin.meta.items()
    )
    db.session.flush()


def delete_pin(pin: Pin) -> None:
    """Forgets a pin."""
    db.session.execute(delete(PinMeta).where(PinMeta.pin_id == pin.id))
    db.session.delete(pin)
    db.session.flush()


def end_pin(request_id: str) -> None:
    """Its service ended, and its content goes."""
    db.session.execute(
        update(Pin)
        .where(Pin.id == request_id)
        .values(status=PinState.FAILED, details="its storage service ended")
    )


def list_pins(address: str, query: PinsQuery, roots: list[str]) -> tuple[int, list[Pin]]:
    """How many match, and the newest of them; `roots` are the query's CIDs as they are kept."""
    where = _where(address, query, roots)
    counted: Select[Any] = select(func.count()).select_from(Pin).where(*where)
    page = select(Pin).where(*where).order_by(Pin.created_at.desc()).limit(query.limit)
    return int(db.session.execute(counted).scalar_one()), list(db.session.scalars(page))


def _where(address: str, query: PinsQuery, roots: list[str]) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [Pin.address == address, Pin.status.in_(query.statuses)]
    if query.cids:
        where.append(Pin.root.in_(roots))
    if query.name is not None:
        where.append(_named(query.name, query.match))
    if query.before is not None:
        where.append(Pin.created_at < query.before)
    if query.after is not None:
        where.append(Pin.created_at > query.after)
    for key, text in query.pairs.items():
        where.append(
            exists().where(PinMeta.pin_id == Pin.id, PinMeta.key == key, PinMeta.value == text)
        )
    return where


def _named(name: str, match: str) -> ColumnElement[bool]:
    folds = match.startswith("i")
    column: Any = Pin.folded_name if folds else Pin.name
    wanted = name.casefold() if folds else name
    if match.endswith("exact"):
        return column == wanted  # type: ignore[no-any-return]
    # Not LIKE, which SQLite compares without regard to case.
    on_postgresql = db.engine.dialect.name == "postgresql"
    at = func.strpos(column, wanted) if on_postgresql else func.instr(column, wanted)
    return at > 0
