"""The history of an account: every event of it, with the transaction that caused it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, select, tuple_, union_all

from indexer import schema

Place = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """An event of the canonical chain, or an entry of one: `place` is where, and the cursor."""

    block_number: int
    log_index: int
    part: int  # 0, or the number of a batch's entry
    block_hash: str
    block_timestamp: int  # unix seconds
    transaction_hash: str
    contract: str
    name: str
    arguments: Mapping[str, Any]  # integers as decimal strings, bytes as 0x hex

    @property
    def place(self) -> Place:
        """Block number, log index, part."""
        return (self.block_number, self.log_index, self.part)


def list_account_events(
    conn: Connection,
    address: str,
    before: Place | None = None,
    limit: int = 100,
) -> list[LedgerEvent]:
    """An account's events, newest first; `before` is the place of the last one already read."""
    events = schema.events.c
    # As the indexes have them: the ones that are about the account, and the ones about others.
    about_it = _newest(before, limit, events.key == address, events.account == address)
    about_others = _newest(before, limit, events.account == address, events.account != events.key)
    both = union_all(about_it.select(), about_others.select()).subquery().c
    newest_first = (both.block_number.desc(), both.log_index.desc(), both.part.desc())
    query = select(*both).order_by(*newest_first).limit(limit)
    return [LedgerEvent(**row._mapping) for row in conn.execute(query)]


def _newest(before: Place | None, limit: int, *conditions: ColumnElement[bool]) -> Subquery:
    events = schema.events.c
    query = select(
        events.block_number,
        events.log_index,
        events.part,
        events.block_hash,
        events.block_timestamp,
        events.transaction_hash,
        events.contract,
        events.name,
        events.arguments,
    ).where(*conditions)
    if before is not None:
        query = query.where(tuple_(events.block_number, events.log_index, events.part) < before)
    newest_first = (events.block_number.desc(), events.log_index.desc(), events.part.desc())
    return query.order_by(*newest_first).limit(limit).subquery()
