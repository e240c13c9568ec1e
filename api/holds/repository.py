"""All SQL of holds. Every function works in the session's transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from api.db import db, utc_now
from api.holds.levels import each_root_once, record_levels
from api.holds.links import index_dag
from api.holds.models import Hold, HoldKind
from api.storage.ports import BlockStore
from api.storage.unixfs.cid import Cid
from indexer import schema


def add_hold(
    kind: HoldKind,
    subject: str,
    service_id: int,
    root: Cid,
    size_bytes: int,
    store: BlockStore | None,
) -> None:
    """Keeps a DAG; in the transaction that first tells of it.

    The blocks must have been put within the last day (a put of one that is there counts), or lie
    below another hold: nothing else keeps the collector off until this is committed. What is held
    on somebody's word is therefore looked at after its hold was committed: such a hold is added
    without a store, and indexed (`links.index_dag`) once all of it is seen to be there.

    Raises BlockMissing, BlockCorrupt, BadCid where the DAG isn't whole.
    """
    if store is not None:
        index_dag(store, root, put_lately=True)
    db.session.add(
        Hold(
            kind=kind,
            subject=subject,
            service_id=service_id,
            cid=str(root),
            size_bytes=size_bytes,
            created_at=utc_now(),
            indexed=store is not None,
        )
    )
    db.session.flush()
    record_levels([service_id])


def release_holds(kind: HoldKind, subjects: Collection[str]) -> None:
    """Lets roots go; they stay for the grace period. One that was let go stays as it was."""
    _change(kind, subjects, Hold.released_at.is_(None), released_at=utc_now())


def take_back_holds(kind: HoldKind, subjects: Collection[str]) -> set[str]:
    """Undoes a release within its grace period; the subjects whose hold is still there."""
    _change(kind, subjects, Hold.released_at.is_not(None), released_at=None)
    still = select(Hold.subject).where(Hold.kind == kind, Hold.subject.in_(subjects))
    return set(db.session.scalars(still))


def drop_hold(kind: HoldKind, subject: str) -> None:
    """Forgets a hold at once: of what never was told to be kept, or whose time is over."""
    drop_holds(kind, [subject])


def drop_holds(kind: HoldKind, subjects: Collection[str]) -> None:
    """As `drop_hold`, of many."""
    where = (Hold.kind == kind, Hold.subject.in_(subjects))
    services = db.session.scalars(delete(Hold).where(*where).returning(Hold.service_id))
    record_levels(set(services))


def resize_hold(kind: HoldKind, subject: str, size_bytes: int) -> None:
    """Changes what a hold counts towards the allowance."""
    _change(kind, [subject], Hold.size_bytes != size_bytes, size_bytes=size_bytes)


def move_holds(kind: HoldKind, subjects: Collection[str], service_id: int) -> None:
    """Lets another service pay."""
    where = (Hold.kind == kind, Hold.subject.in_(subjects))
    paying = set(db.session.scalars(select(Hold.service_id).where(*where).distinct()))
    _change(kind, subjects, Hold.service_id != service_id, service_id=service_id)
    record_levels(paying - {service_id})


def get_hold(kind: HoldKind, subject: str) -> Hold | None:
    """As it stands in the database now."""
    return db.session.get(Hold, (kind, subject), populate_existing=True)


def held_bytes(owner: str) -> int:
    """What the services of an account hold and have not let go; bytes.

    A root that a service holds twice counts once.
    """
    services = schema.services.c
    held = (
        each_root_once()
        .join(schema.services, services.id == Hold.service_id)
        .where(services.owner == owner)
        .subquery()
    )
    return int(db.session.execute(select(func.coalesce(func.sum(held.c.bytes), 0))).scalar_one())


def counted_bytes(service_id: int, cid: str) -> int:
    """What a root counts already towards the allowance of a service's owner."""
    held = each_root_once().where(Hold.service_id == service_id, Hold.cid == cid).subquery()
    return int(db.session.execute(select(func.coalesce(func.sum(held.c.bytes), 0))).scalar_one())


def list_released(before: datetime, limit: int) -> list[Hold]:
    """Holds that were let go before a time, oldest first."""
    query = select(Hold).where(Hold.released_at < before)
    return list(db.session.scalars(query.order_by(Hold.released_at).limit(limit)))


def _change(
    kind: HoldKind, subjects: Collection[str], which: ColumnElement[bool], **values: Any
) -> None:
    """Changes holds, and writes down what their services hold from now on."""
    services = db.session.scalars(
        update(Hold)
        .where(Hold.kind == kind, Hold.subject.in_(subjects), which)
        .values(**values)
        .returning(Hold.service_id)
    )
    record_levels(set(services))
