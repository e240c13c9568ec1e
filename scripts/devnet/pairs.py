"""The SQLite file, its transactions, and py-evm's key-value pairs in it.

Invariant: pairs are only ever added, inside a transaction, and are seen by readers at once. What
a transaction wrote is on the disk when it ends, or is not there at all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.devnet.errors import DevnetError

FORMAT = "1"
CACHED_PAIRS = 100_000  # mostly trie nodes of some hundred bytes
LOCK_SECONDS = 2.0


class Pairs:
    """Not thread-safe: the holder of the chain's lock is the only one who calls it."""

    def __init__(self, path: Path, schema: str) -> None:
        """Opens or makes the file; DevnetError where it is somebody else's."""
        self._pending: dict[bytes, bytes] = {}
        self._cache: dict[bytes, bytes] = {}
        self._is_writing = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False
            )
            for pragma in ("locking_mode = exclusive", "journal_mode = wal", "synchronous = full"):
                self._db.execute(f"pragma {pragma}")
            self._db.executescript(schema)
            written_as = self.get_meta("format")
        except OSError as error:
            raise DevnetError(f"{path.parent} can't be used: {error.strerror}") from error
        except sqlite3.Error as error:
            if error.sqlite_errorname == "SQLITE_BUSY":
                raise DevnetError(f"{path} is in use by another chain") from error
            raise DevnetError(f"{path} is no chain of this devnet: {error}") from error
        if written_as not in (None, FORMAT):
            raise DevnetError(f"{path} was written by another version of the devnet; move it away")

    def close(self) -> None:
        """Ends the use of the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside is kept, or none of it."""
        self._db.execute("begin immediate")
        self._is_writing = True
        try:
            yield
            self._db.executemany("insert or replace into kv values (?, ?)", self._pending.items())
            self._db.execute("commit")
            self._cache |= self._pending
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("rollback")
            raise
        finally:
            self._pending.clear()
            self._is_writing = False

    def get_meta(self, key: str) -> str | None:
        """A named value of the chain's own."""
        row = self._db.execute("select value from meta where key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, **values: object) -> None:
        """Keeps named values; in a transaction."""
        pairs = [(key, str(value)) for key, value in values.items()]
        self._db.executemany("insert or replace into meta values (?, ?)", pairs)

    # what py-evm asks of a database

    def __getitem__(self, key: bytes) -> bytes:
        for known in (self._pending, self._cache):
            if key in known:
                return known[key]
        row = self._db.execute("select value from kv where key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        if len(self._cache) > CACHED_PAIRS:
            self._cache.clear()
        return self._cache.setdefault(key, bytes(row[0]))

    def __contains__(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    def __setitem__(self, key: bytes, value: bytes) -> None:
        if not self._is_writing:
            raise RuntimeError("a write outside a transaction")
        self._pending[key] = value

    def __delitem__(self, key: bytes) -> None:
        raise RuntimeError("pairs are never deleted: old states can be read for ever")
