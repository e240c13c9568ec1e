"""One writer a database: the leader lock.

PostgreSQL: an advisory lock of the very session that writes, so that whoever loses the session
loses lock and pen together. SQLite: a lock on a file beside the database, which the kernel drops
when its process dies, however it dies.
"""

from __future__ import annotations

import fcntl
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from zlib import crc32

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

LOCK_SPACE = crc32(b"decentraspace indexer") & 0x7FFF_FFFF


class LeaderLock:
    """Held from a successful `acquire` until `release` or the end of the process."""

    def __init__(self) -> None:
        self._file: TextIOWrapper | None = None

    def acquire(self, conn: Connection) -> bool:
        """Tries once, on the connection that will write; whether this process leads now."""
        if conn.dialect.name == "postgresql":
            # A schema of its own is a mirror of its own.
            query = text("SELECT pg_try_advisory_lock(:space, hashtext(current_schema()))")
            leads = bool(conn.execute(query, {"space": LOCK_SPACE}).scalar_one())
            conn.commit()
            return leads
        return self._lock_file(conn)

    def release(self, conn: Connection) -> None:
        """Gives the lead away at once; a connection that is broken has lost it already."""
        if conn.dialect.name == "postgresql":
            # The server may take a moment to notice that a session has ended.
            with suppress(DBAPIError):
                conn.rollback()
                conn.execute(text("SELECT pg_advisory_unlock_all()"))
                conn.commit()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _lock_file(self, conn: Connection) -> bool:
        path = _lock_path(conn)
        if self._file is not None or path is None:
            return True
        file = path.open("w")  # held, not used and closed
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True


def is_led(conn: Connection) -> bool:
    """Whether any process leads on this database now; for a reader, which takes nothing away."""
    if conn.dialect.name == "postgresql":
        # Of two keys the lock's `classid` is the first and `objid` the second, unsigned.
        query = text(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND classid = CAST(:space AS oid) AND objsubid = 2"
            " AND objid = CAST(hashtext(current_schema())::bigint & 4294967295 AS oid))"
        )
        return bool(conn.execute(query, {"space": LOCK_SPACE}).scalar_one())
    path = _lock_path(conn)
    if path is None or not path.exists():
        return False
    with path.open() as file:
        try:
            # Shared, and for a moment: two that look don't take each other for a leader.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _lock_path(conn: Connection) -> Path | None:
    """None for a database in memory, which no other process can see."""
    database = conn.engine.url.database
    if not database or database == ":memory:":
        return None
    return Path(f"{database}.indexer-lock")
