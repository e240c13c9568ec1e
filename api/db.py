"""The API's database: Flask-SQLAlchemy over the off-chain tables, with the mirror read-only.

Invariant: nothing in `api` writes a `mirror_…` table. On SQLite a guard on each connection
refuses it; on PostgreSQL the API's role is granted SELECT only (docs/operators.md).

A transaction is begun by name, `begin(writes=…)`, never by the first statement: on SQLite a
writer takes the write lock at once, so that two processes can't deadlock over an upgrade; on
PostgreSQL a reader has one snapshot, so that an answer is true at one block.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, DateTime, Dialect, TypeDecorator, event, make_url, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase

BUSY_TIMEOUT_MS = 15_000  # a writer waits this long for another process's transaction
_WRITES = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}


class Base(DeclarativeBase):
    """The base of every off-chain table."""


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, on databases with and without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def begin(*, writes: bool) -> None:
    """Gives up what the session has open, and begins a transaction to read or to write in."""
    db.session.rollback()
    options: dict[str, Any] = {"dspace_writes": writes}
    if db.engine.dialect.name == "postgresql":
        options["isolation_level"] = "READ COMMITTED" if writes else "REPEATABLE READ"
    db.session.connection(execution_options=options)


@contextmanager
def writing() -> Iterator[None]:
    """A transaction of its own: committed at the end, given up at an exception."""
    begin(writes=True)
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def hold_lock(key: int) -> None:
    """Until this writing transaction ends, nobody else gets past the same key.

    SQLite has one writer at a time anyway.
    """
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def engine_options(database_url: str, threads: int) -> dict[str, Any]:
    """A connection for each thread, and a few for metrics and streams."""
    url = make_url(database_url)
    options: dict[str, Any] = {"pool_size": threads, "max_overflow": 8, "pool_timeout": 10}
    if url.get_backend_name() == "postgresql":
        return options | {"pool_pre_ping": True}
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    return options


def prepare_engine(engine: Engine) -> Engine:
    """Sets a SQLite engine up for many processes and guards the mirror; returns the engine."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    # What is off-chain can't be had from the chain again: a commit survives a power cut.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.set_authorizer(_refuse_mirror_writes)


def _begin_sqlite(conn: Connection) -> None:
    writes = conn.get_execution_options().get("dspace_writes", False)
    conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _refuse_mirror_writes(action: int, table: str | None, *_: Any) -> int:
    if action in _WRITES and table is not None and table.startswith("mirror_"):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK
