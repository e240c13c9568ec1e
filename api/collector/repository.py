"""All SQL of the collector but the index of blocks'."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, union
from sqlalchemy.dialects import postgresql, sqlite

from api.collector.models import EndedService
from api.db import db, utc_now
from api.holds.links import BlockLink, blocks_below
from api.holds.models import Hold

PAGE = 500


def list_services(after: int | None) -> list[int]:
    """Services that hold something or are marked, a page by number."""
    held, marked = select(Hold.service_id.label("id")), select(EndedService.service_id)
    if after is not None:
        held = held.where(Hold.service_id > after)
        marked = marked.where(EndedService.service_id > after)
    both = union(held, marked).subquery()
    return list(db.session.scalars(select(both.c.id).order_by(both.c.id).limit(PAGE)))


def mark_ended(states: Mapping[int, str], block_number: int) -> None:
    """Marks services as over from now on; one that is marked keeps its time."""
    if not states:
        return
    now = utc_now()
    dialect: Any = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    rows = [
        {"service_id": number, "since": now, "state": state, "block_number": block_number}
        for number, state in sorted(states.items())
    ]
    db.session.execute(dialect.insert(EndedService).on_conflict_do_nothing(), rows)


def unmark(service_ids: Collection[int]) -> None:
    """These aren't over, or not any more."""
    db.session.execute(delete(EndedService).where(EndedService.service_id.in_(service_ids)))


def list_ended(before: datetime, after: int | None) -> list[int]:
    """Marked services that still hold something, a page by number."""
    holds = select(Hold.service_id).where(Hold.service_id == EndedService.service_id).exists()
    query = select(EndedService.service_id).where(EndedService.since < before, holds)
    if after is not None:
        query = query.where(EndedService.service_id > after)
    return list(db.session.scalars(query.order_by(EndedService.service_id).limit(PAGE)))


def lock_released(before: datetime) -> list[Hold]:
    """Holds that were let go before a time, which nobody takes back any more."""
    query = select(Hold).where(Hold.released_at < before).order_by(Hold.released_at)
    return _lock(query)


def lock_of_services(service_ids: Collection[int]) -> list[Hold]:
    """Holds of some services."""
    return _lock(select(Hold).where(Hold.service_id.in_(service_ids)))


def count_due(before: datetime, services: Collection[int]) -> tuple[int, int]:
    """Holds that were let go before a time, and those of some services; of both once."""
    released = Hold.released_at < before
    ended = Hold.service_id.in_(services)
    query = select(
        func.count().filter(released), func.count().filter(ended, func.coalesce(~released, True))
    )
    row = db.session.execute(query.select_from(Hold)).one()
    return int(row[0]), int(row[1])


def count_kept_blocks(before: datetime, services: Collection[int]) -> int:
    """Blocks below the holds that aren't due, as far as they are indexed."""
    down = blocks_below(
        select(Hold.cid).where(
            func.coalesce(Hold.released_at >= before, True), Hold.service_id.not_in(services)
        )
    )
    return db.session.execute(select(func.count()).select_from(down)).scalar_one()


def list_still_held(cids: Collection[str]) -> set[str]:
    """Those of some roots that some hold names."""
    return set(db.session.scalars(select(Hold.cid).where(Hold.cid.in_(cids)).distinct()))


def list_unheld_nodes(limit: int) -> list[str]:
    """Nodes of the index that lie below no hold; as many as are asked for."""
    down = blocks_below(select(Hold.cid))
    query = (
        select(BlockLink.parent)
        .join(down, down.c.cid == BlockLink.parent, isouter=True)
        .where(down.c.cid.is_(None))
        .distinct()
        .limit(limit)
    )
    return list(db.session.scalars(query))


def list_waiting(seen: Collection[str]) -> list[str]:
    """Roots of holds that wait to be indexed, without those that were looked at."""
    waiting = db.session.scalars(select(Hold.cid).where(Hold.indexed.is_(False)).distinct())
    return [cid for cid in waiting if cid not in seen]


def in_parts(items: Sequence[str], size: int = PAGE) -> Iterator[Sequence[str]]:
    """As many at once as a statement takes."""
    return (items[at : at + size] for at in range(0, len(items), size))


def _lock(query: Select[Hold]) -> list[Hold]:
    locked = query.limit(PAGE).with_for_update(skip_locked=True)
    return list(db.session.scalars(locked.execution_options(populate_existing=True)))
