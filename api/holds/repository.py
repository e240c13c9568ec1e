"""All SQL of holds. Every function works in the session's transaction."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, func, select, update

from api.db import db, utc_now
from api.holds.levels import note_levels
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
        index_dag(store, root)
    db.session.add(
        Hold(
            kind=kind,
            subject=subject,
            service_id=service_id,
            cid=str(root),
            size_bytes=size_bytes,
            created_at=utc_now(),
        )
    )
    db.session.flush()
    note_levels([service_id])


def release_holds(kind: HoldKind, subjects: Collection[str]) -> None:
    """Lets roots go; they stay for the grace period. One that was let go stays as it was."""
    db.session.execute(
        update(Hold)
        .where(Hold.kind == kind, Hold.subject.in_(subjects), Hold.released_at.is_(None))
        .values(released_at=utc_now())
    )
    note_levels(_services_of(kind, subjects))


def take_back_holds(kind: HoldKind, subjects: Collection[str]) -> set[str]:
    """Undoes a release within its grace period; the subjects whose hold is still there."""
    where = (Hold.kind == kind, Hold.subject.in_(subjects))
    db.session.execute(update(Hold).where(*where).values(released_at=None))
    note_levels(_services_of(kind, subjects))
    return set(db.session.scalars(select(Hold.subject).where(*where)))


def drop_hold(kind: HoldKind, subject: str) -> None:
    """Forgets a hold at once: of what never was told to be kept, or whose time is over."""
    services = _services_of(kind, [subject])
    db.session.execute(delete(Hold).where(Hold.kind == kind, Hold.subject == subject))
    note_levels(services)


def resize_hold(kind: HoldKind, subject: str, size_bytes: int) -> None:
    """Changes what a hold counts towards the allowance."""
    db.session.execute(
        update(Hold).where(Hold.kind == kind, Hold.subject == subject).values(size_bytes=size_bytes)
    )
    note_levels(_services_of(kind, [subject]))


def held_bytes(owner: str) -> int:
    """What the services of an account hold and have not let go; bytes.

    What one service holds twice counts once.
    """
    services = schema.services.c
    each = (
        select(func.max(Hold.size_bytes).label("size_bytes"))
        .join(schema.services, services.id == Hold.service_id)
        .where(services.owner == owner, Hold.released_at.is_(None))
        .group_by(Hold.service_id, Hold.cid)
        .subquery()
    )
    query = select(func.coalesce(func.sum(each.c.size_bytes), 0))
    return int(db.session.execute(query).scalar_one())


def has_hold(kind: HoldKind, subject: str) -> bool:
    """Whether it is kept, or still within the grace period."""
    query = select(Hold.subject).where(Hold.kind == kind, Hold.subject == subject)
    return db.session.execute(query).first() is not None


def move_holds(kind: HoldKind, subjects: Collection[str], service_id: int) -> None:
    """Another service pays from now on."""
    before = _services_of(kind, subjects)
    db.session.execute(
        update(Hold)
        .where(Hold.kind == kind, Hold.subject.in_(subjects))
        .values(service_id=service_id)
    )
    note_levels({*before, service_id})


def _services_of(kind: HoldKind, subjects: Collection[str]) -> set[int]:
    query = select(Hold.service_id).where(Hold.kind == kind, Hold.subject.in_(subjects))
    return {int(number) for number in db.session.scalars(query.distinct())}
