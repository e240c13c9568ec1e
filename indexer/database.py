"""Opens the database that the mirror lives in, for its one writer or for a reader.

SQLite: WAL, so that readers never wait for the writer; a writer's transaction takes the write
lock at once (BEGIN IMMEDIATE), so that it can't fail half-way for another's sake. WAL with
`synchronous=NORMAL` survives a killed process whole; a power cut may take the last transactions
back, all of each, and the chain gives them again.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

WRITER_CACHE_KIB = 32 * 1024
WRITER_CHECKPOINT_PAGES = 16_000  # of 4 KiB
BUSY_TIMEOUT_MS = 15_000  # a writer waits this long for another process's transaction


def open_engine(database_url: str, *, writes: bool) -> Engine:
    """An engine on SQLite or PostgreSQL; the folder of a SQLite file is made."""
    url = normalised(database_url)
    if url.get_backend_name() == "postgresql":
        # A reader's transaction is one snapshot; the writer holds the leader lock and needs none.
        level = "READ COMMITTED" if writes else "REPEATABLE READ"
        engine = create_engine(url, json_serializer=_to_json, isolation_level=level)
        if writes:
            event.listen(engine, "connect", _notice_the_dead)
    else:
        if url.database and url.database != ":memory:":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, json_serializer=_to_json)
        event.listen(engine, "connect", _prepare_sqlite)
        if writes:
            event.listen(engine, "connect", _prepare_writer)
        event.listen(engine, "begin", _begin_immediate if writes else _begin_deferred)
    return engine


def normalised(database_url: str) -> URL:
    """The URL with the driver that is installed; ValueError for another kind of database."""
    url = make_url(database_url)
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise ValueError(f"{url.get_backend_name()} is neither sqlite nor postgresql")
    return url


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _notice_the_dead(connection: Any, _record: Any) -> None:
    """A host that is gone without a word holds the leader lock for 11 seconds and not for hours.

    By the server's own probes; over a Unix socket, where nobody goes without a word, none.
    """
    connection.execute(
        "SELECT set_config(name, value, false) FROM (VALUES ('tcp_keepalives_idle', '5'),"
        " ('tcp_keepalives_interval', '2'), ('tcp_keepalives_count', '3')) AS probes (name, value)"
    )
    connection.commit()


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _prepare_writer(connection: sqlite3.Connection, _record: Any) -> None:
    """Of 200,000 events, written in batches, these take a fifth off the time."""
    connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={WRITER_CHECKPOINT_PAGES}")


def _begin_immediate(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN")
