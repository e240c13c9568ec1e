"""The projection rows of a batch of events, and what they were before events that are gone.

Folding: a batch writes one row a key, made from the key's last event. Restoring: a key whose
last event was orphaned gets the row of its last remaining one, or loses its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, select

from indexer import schema
from indexer.bulk import upsert_rows
from indexer.decode import Event
from indexer.projections import PROJECTIONS, Projection, Row

CHUNK_KEYS = 500  # in one IN list


@dataclass(frozen=True, slots=True)
class Touched:
    """The keys of a projection that orphaned events had, with their rows' primary keys."""

    projection: Projection
    primary_keys: dict[str, Row] = field(default_factory=dict)


def fold(events: Iterable[Event]) -> Iterator[tuple[Projection, list[Row]]]:
    """The rows that events in order leave behind, one a key."""
    last: list[dict[str, Event]] = [{} for _ in PROJECTIONS]
    feeds = {name: [last[at] for at in places] for name, places in _FED_BY.items()}
    for event in events:
        for by_key in feeds[event.name]:
            by_key[event.key] = event
    for projection, by_key in zip(PROJECTIONS, last, strict=True):
        if by_key:
            yield projection, [_row(projection, event) for event in by_key.values()]


def touched_since(conn: Connection, block_number: int) -> list[Touched]:
    """What the events from a block on have touched; to be asked before they are deleted."""
    events = schema.events.c
    # Any event of a key tells its row's primary key: one of each is enough.
    places = (events.block_number, events.log_index, events.part)
    nth = func.row_number().over(partition_by=(events.name, events.key), order_by=places)
    ranked = (
        select(events.name, events.key, events.contract, events.arguments, nth.label("nth"))
        .where(events.block_number >= block_number)
        .subquery()
    )
    query = select(ranked.c.name, ranked.c.key, ranked.c.contract, ranked.c.arguments).where(
        ranked.c.nth == 1
    )
    touched = [Touched(projection) for projection in PROJECTIONS]
    for name, key, contract, arguments in conn.execute(query):
        for at in _FED_BY[name]:
            one = touched[at]
            if key not in one.primary_keys:
                row = one.projection.rows[name](contract, arguments)
                one.primary_keys[key] = {
                    column.name: row[column.name] for column in one.projection.table.primary_key
                }
    return touched


def restore_touched(conn: Connection, touched: Sequence[Touched]) -> None:
    """Brings the touched rows back to the last remaining event of their keys."""
    for one in touched:
        keys = list(one.primary_keys)
        for at in range(0, len(keys), CHUNK_KEYS):
            _restore(conn, one, keys[at : at + CHUNK_KEYS])


def _restore(conn: Connection, touched: Touched, keys: Sequence[str]) -> None:
    projection = touched.projection
    remaining = {event.key: event for event in _last_events(conn, list(projection.rows), keys)}
    if remaining:
        upsert_rows(conn, projection.table, [_row(projection, e) for e in remaining.values()])
    gone = [touched.primary_keys[key] for key in keys if key not in remaining]
    if gone:
        table = projection.table
        condition = and_(*(c == bindparam(f"of_{c.name}", type_=c.type) for c in table.primary_key))
        conn.execute(
            delete(table).where(condition),
            [{f"of_{name}": value for name, value in row.items()} for row in gone],
        )


def _last_events(conn: Connection, names: Sequence[str], keys: Sequence[str]) -> Iterator[Event]:
    events = schema.events.c
    newest_first = (events.block_number.desc(), events.log_index.desc(), events.part.desc())
    ranked = (
        select(
            schema.events,
            func.row_number().over(partition_by=events.key, order_by=newest_first).label("rank"),
        )
        .where(events.name.in_(names), events.key.in_(keys))
        .subquery()
    )
    columns = [ranked.c[column.name] for column in schema.events.columns]
    for row in conn.execute(select(*columns).where(ranked.c.rank == 1)):
        yield Event(**row._mapping)


def _row(projection: Projection, event: Event) -> Row:
    row = projection.rows[event.name](event.contract, event.arguments)
    row["block_number"] = event.block_number
    row["log_index"] = event.log_index
    return row


def _feeds() -> dict[str, tuple[int, ...]]:
    fed: dict[str, Any] = {}
    for at, projection in enumerate(PROJECTIONS):
        for name in projection.rows:
            fed.setdefault(name, []).append(at)
    return {name: tuple(found) for name, found in fed.items()}


_FED_BY = _feeds()  # event name -> places in PROJECTIONS
