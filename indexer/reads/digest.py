"""One hash of the whole mirrored state: two mirrors of one chain at one block have the same.

Covers every row of every projection table; not the events (a row names the event it stands for,
and that event's block hash is under the cursor's) and not the cursor's wall clock.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, Connection, String, Table, collate, select

from indexer import schema

NOT_STATE = frozenset({schema.cursor.name, schema.blocks.name, schema.events.name})
CHUNK_ROWS = 5_000


def state_tables() -> list[Table]:
    """The projection tables by name."""
    tables = (table for table in schema.mirror.sorted_tables if table.name not in NOT_STATE)
    return sorted(tables, key=lambda table: table.name)


def state_digest(conn: Connection) -> str:
    """64 hex digits; the same on SQLite and on PostgreSQL. Reads every row: linear in them."""
    digest = sha256()
    for table in state_tables():
        digest.update(orjson.dumps([table.name, *table.columns.keys()]) + b"\n")
        query = select(table).order_by(*(_in_byte_order(conn, key) for key in table.primary_key))
        with conn.execute(query.execution_options(yield_per=CHUNK_ROWS)) as rows:
            for row in rows:
                digest.update(orjson.dumps([_plain(value) for value in row]) + b"\n")
    return digest.hexdigest()


def _in_byte_order(conn: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """PostgreSQL would sort text by the language of its cluster."""
    if conn.dialect.name == "postgresql" and type(column.type) is String:
        return collate(column, "C")
    return column


def _plain(value: object) -> object:
    """A uint256 is wider than JSON's integers."""
    return str(value) if type(value) is int else value
