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
        database = conn.engine.url.database
        if self._file is not None or not database or database == ":memory:":
            return True
        file = Path(f"{database}.indexer-lock").open("w")  # noqa: SIM115 (held, not used and closed)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True
