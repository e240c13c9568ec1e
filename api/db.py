"""The API's database: Flask-SQLAlchemy over the off-chain tables, with the mirror read-only.

Invariant: nothing in `api` writes a `mirror_…` table. On SQLite a guard on each connection
refuses it; on PostgreSQL the API's role is granted SELECT only (docs/operators.md).
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, TypeDecorator, event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase

BUSY_TIMEOUT_MS = 15_000  # a writer waits this long for another process's transaction
_WRITES = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}


class Base(DeclarativeBase):
    """The base of every off-chain table."""


db = SQLAlchemy(model_class=Base)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, on databases with and without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def prepare_engine(engine: Engine) -> Engine:
    """Sets a SQLite engine up for many processes and guards the mirror; returns the engine."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.set_authorizer(_refuse_mirror_writes)


def _refuse_mirror_writes(action: int, table: str | None, *_: Any) -> int:
    if action in _WRITES and table is not None and table.startswith("mirror_"):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK
