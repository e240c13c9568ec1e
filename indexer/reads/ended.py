"""When services ended, as far as no reorg can undo it: what deleting may go by."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, func, select

from indexer import schema
from indexer.reads.cursor import AsOf
from indexer.reads.rows import ACCOUNT_COLUMNS, account_of, service_of, with_owner
from indexer.rules import ServiceState, service_state


def read_final(conn: Connection, as_of: AsOf) -> AsOf | None:
    """The newest mirrored block that is final; None where there is none yet."""
    blocks = schema.blocks.c
    row = conn.execute(
        select(blocks.number, blocks.hash, blocks.timestamp)
        .where(blocks.number <= as_of.finalized_number)
        .order_by(blocks.number.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return replace(
        as_of, block_number=row.number, block_hash=row.hash, block_timestamp=row.timestamp
    )


def read_ended(
    conn: Connection, service_ids: Collection[int], final: AsOf, grace: int
) -> dict[int, int]:
    """Services that had ended at a final block, each with the unix second that it did.

    Stopped, out of credit for the whole of Credits' grace period (seconds), or past a free period.
    One of which anything is newer than the final block is left out: in doubt it goes on.
    """
    services, accounts, epochs = schema.services.c, schema.accounts.c, schema.epochs.c
    query = with_owner(
        select(
            schema.services,
            *ACCOUNT_COLUMNS,
            accounts.block_number.label("account_block"),
            epochs.epoch.label("owner_epoch"),
            epochs.block_number.label("epoch_block"),
            _time_of(services.block_number).label("changed_at"),
            _time_of(epochs.block_number).label("epoch_at"),
        ).select_from(schema.services)
    ).where(services.id.in_(service_ids))
    ended: dict[int, int] = {}
    for row in conn.execute(query):
        at = _ended_at(row, final, grace)
        if at is not None:
            ended[int(row.id)] = at
    return ended


def _time_of(number: Any) -> Any:
    events = schema.events.c
    return (
        select(func.max(events.block_timestamp))
        .where(events.block_number == number)
        .scalar_subquery()
    )


def _ended_at(row: Row[Any], final: AsOf, grace: int) -> int | None:
    newest = max(row.block_number, row.account_block or 0, row.epoch_block or 0)
    if newest > final.block_number:
        return None
    service, account, epoch = service_of(row), account_of(row), row.owner_epoch or 0
    state = service_state(service, account, epoch, final.block_timestamp, grace)
    if state is ServiceState.EXPIRED:
        return service.expires_at
    if state is not ServiceState.STOPPED:
        return None
    if service.state is ServiceState.STOPPED:
        return int(row.changed_at)
    if service.epoch < epoch:
        return int(row.epoch_at)
    return max(account.depletes_at or 0, 0) + grace
