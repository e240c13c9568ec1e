"""`dspace index status`: what the database says of the mirror, in figures and in lines."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from indexer import schema
from indexer.database import open_engine
from indexer.errors import Fatal
from indexer.lock import is_led
from indexer.reads import AsOf, read_as_of, state_digest
from indexer.reads.digest import NOT_STATE

Status = dict[str, Any]


def read_status(database_url: str, *, digest: bool) -> Status:
    """All figures as of one block; the digest reads every row. Raises Fatal for a bad database."""
    try:
        engine = open_engine(database_url, writes=False)
        try:
            with engine.connect() as conn:
                return _read(conn, digest)
        finally:
            engine.dispose()
    except DBAPIError as error:
        raise Fatal(f"the database can't be read: {_first_line(error.orig)}") from error
    except (SQLAlchemyError, sqlite3.Error, OSError, ValueError) as error:
        raise Fatal(f"the database can't be read: {_first_line(error)}") from error


def describe(status: Status) -> Iterator[str]:
    """The lines for an operator; the first says what matters."""
    if not status["started"]:
        yield _first("nothing indexed yet", status)
        return
    yield _first(_standing(status), status)
    yield ""
    yield from _aligned(
        {
            "cursor": f"{status['block_number']:,}  {status['block_hash']}",
            "head": f"{status['head_number']:,}",
            "safe": f"{status['safe_number']:,}",
            "finalized": f"{status['finalized_number']:,}",
            "lag": f"{status['lag_blocks']:,} blocks, {status['lag_seconds']:,} s",
            "block time": _time(status["block_timestamp"]),
            "indexed at": _time(status["indexed_at"]),
            "chain": f"{status['chain_id']}, genesis {status['genesis_hash']}",
            "schema": str(status["schema_version"]),
            "events": f"{status['events']:,}",
        }
        | ({"state digest": status["state_digest"]} if "state_digest" in status else {})
    )
    yield ""
    yield from _aligned({table: f"{rows:>12,}" for table, rows in status["rows"].items()})


def _read(conn: Connection, digest: bool) -> Status:
    leader = is_led(conn)
    as_of = read_as_of(conn)
    if as_of is None:
        return {"started": False, "leader": leader}
    status = _figures(as_of) | {"leader": leader}
    status["rows"] = {
        str(table.name): conn.execute(select(func.count()).select_from(table)).scalar_one()
        for table in sorted(
            schema.mirror.sorted_tables, key=lambda t: (t.name not in NOT_STATE, t.name)
        )
    }
    status["events"] = status["rows"][schema.events.name]
    if digest:
        status["state_digest"] = state_digest(conn)
    return status


def _figures(as_of: AsOf) -> Status:
    return {
        "started": True,
        "chain_id": as_of.chain_id,
        "genesis_hash": as_of.genesis_hash,
        "block_number": as_of.block_number,
        "block_hash": as_of.block_hash,
        "block_timestamp": as_of.block_timestamp,
        "indexed_at": as_of.indexed_at_ms // 1_000,
        "finalized_number": as_of.finalized_number,
        "safe_number": as_of.safe_number,
        "halted": as_of.halted,
        "head_number": as_of.head_number,
        "lag_blocks": max(0, as_of.head_number - as_of.block_number),
        "lag_seconds": as_of.lag_seconds(int(time.time())),
        "schema_version": schema.SCHEMA_VERSION,
    }


def _standing(status: Status) -> str:
    if status["halted"]:
        return f"HALTED: {status['halted']}"
    behind = status["lag_blocks"]
    if not behind:
        return "at the head"
    return f"{behind:,} {'block' if behind == 1 else 'blocks'} behind"


def _first(standing: str, status: Status) -> str:
    """Without a leader the node's head is as old as the last one's."""
    return standing if status["leader"] else f"no indexer is leading; {standing}"


def _aligned(figures: dict[str, str]) -> Iterator[str]:
    width = max(map(len, figures)) + 2
    for name, value in figures.items():
        yield f"{name:<{width}}{value}"


def _time(seconds: int) -> str:
    ago = max(0, int(time.time()) - seconds)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC, {ago:,} s ago"


def _first_line(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
