"""What survives a kill: py-evm's key-value pairs and the canonical chain, in one SQLite file.

Invariant: a block, its state and its index change in one SQLite transaction, synced to the disk
before it returns; after a kill the file holds whole blocks only. So a restart reads the head and
is there: nothing is executed again, however long the chain is (a journal of transactions would
take 20 s for 1,000 of them and 10,000 empty blocks, and minutes after a week of heartbeats).
Refuses a file of another format or chain, and one that another process holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.devnet.errors import DevnetError

FORMAT = "1"
CACHED_PAIRS = 100_000  # of py-evm's, mostly trie nodes of some hundred bytes

SCHEMA = """
create table if not exists meta (key text primary key, value text not null) without rowid;
create table if not exists kv (key blob primary key, value blob not null) without rowid;
create table if not exists blocks (
    number integer primary key,
    hash blob not null unique,
    size integer not null,
    has_logs integer not null,
    transactions blob not null, -- JSON, as they are served
    receipts blob not null      -- JSON, as they are served
);
create index if not exists blocks_with_logs on blocks (number) where has_logs;
create table if not exists transactions (
    hash blob primary key,
    block_number integer not null,
    position integer not null
) without rowid;
create index if not exists transactions_of_block on transactions (block_number);
"""


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A canonical block; its header is a pair under its hash."""

    number: int
    hash: bytes
    size: int
    has_logs: bool
    transactions: bytes
    receipts: bytes


class Store:
    """Not thread-safe: the holder of the chain's lock is the only one who calls it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._pending: dict[bytes, bytes] = {}
        self._cache: dict[bytes, bytes] = {}
        self._open = False
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2)
        try:
            self._db.execute("pragma locking_mode = exclusive")
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = full")
            self._db.executescript(SCHEMA)
        except sqlite3.OperationalError as error:
            raise DevnetError(f"{path} is in use by another chain, or can't be written") from error
        except sqlite3.DatabaseError as error:
            raise DevnetError(f"{path} is no chain of this devnet; move it away") from error
        if self.get_meta("format") not in (None, FORMAT):
            raise DevnetError(f"{path} was written by another version of the devnet; move it away")

    def close(self) -> None:
        """Ends the use of the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written inside is kept, or none of it."""
        self._db.execute("begin immediate")
        self._open = True
        try:
            yield
            self._db.executemany("insert or replace into kv values (?, ?)", self._pending.items())
            self._db.execute("commit")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("rollback")
            raise
        else:
            if len(self._cache) > CACHED_PAIRS:
                self._cache.clear()
            self._cache |= self._pending
        finally:
            self._pending.clear()
            self._open = False

    # py-evm's database

    def __getitem__(self, key: bytes) -> bytes:
        for known in (self._pending, self._cache):
            if key in known:
                return known[key]
        row = self._db.execute("select value from kv where key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        value = bytes(row[0])
        self._cache[key] = value
        return value

    def __contains__(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True

    def __setitem__(self, key: bytes, value: bytes) -> None:
        if not self._open:
            raise RuntimeError("a write outside a transaction")
        self._pending[key] = value

    def __delitem__(self, key: bytes) -> None:
        raise RuntimeError("pairs are never deleted: old states can be read for ever")

    # the canonical chain

    def get_meta(self, key: str) -> str | None:
        """A named value of the chain's own."""
        row = self._db.execute("select value from meta where key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, **values: object) -> None:
        """Keeps named values; in a transaction."""
        pairs = [(key, str(value)) for key, value in values.items()]
        self._db.executemany("insert or replace into meta values (?, ?)", pairs)

    def append(self, block: BlockRow, transaction_hashes: list[bytes]) -> None:
        """Makes a block the head; in a transaction."""
        self._db.execute(
            "insert into blocks values (?, ?, ?, ?, ?, ?)",
            (
                block.number,
                block.hash,
                block.size,
                block.has_logs,
                block.transactions,
                block.receipts,
            ),
        )
        self._db.executemany(
            "insert into transactions values (?, ?, ?)",
            [(hash_, block.number, at) for at, hash_ in enumerate(transaction_hashes)],
        )

    def truncate(self, number: int) -> None:
        """Drops the blocks above a number; in a transaction."""
        self._db.execute("delete from transactions where block_number > ?", (number,))
        self._db.execute("delete from blocks where number > ?", (number,))

    def head_hash(self) -> bytes | None:
        """The newest block's hash; None before the genesis."""
        row = self._db.execute("select hash from blocks order by number desc limit 1").fetchone()
        return None if row is None else bytes(row[0])

    def block(self, number: int) -> BlockRow | None:
        """The canonical block of a number."""
        return self._one_block("number = ?", number)

    def block_by_hash(self, hash_: bytes) -> BlockRow | None:
        """The canonical block of a hash."""
        return self._one_block("hash = ?", hash_)

    def blocks_with_logs(self, first: int, last: int) -> Iterator[BlockRow]:
        """The canonical blocks in a range that hold a log, in order."""
        rows = self._db.execute(
            "select * from blocks where has_logs and number between ? and ? order by number",
            (first, last),
        )
        for row in rows:
            yield _block_row(row)

    def find_transaction(self, hash_: bytes) -> tuple[int, int] | None:
        """A canonical transaction's block number and position."""
        row = self._db.execute(
            "select block_number, position from transactions where hash = ?", (hash_,)
        ).fetchone()
        return None if row is None else (int(row[0]), int(row[1]))

    def _one_block(self, condition: str, value: int | bytes) -> BlockRow | None:
        row = self._db.execute(f"select * from blocks where {condition}", (value,)).fetchone()  # noqa: S608  # the conditions are literals above
        return None if row is None else _block_row(row)


def _block_row(row: tuple[int, bytes, int, int, bytes, bytes]) -> BlockRow:
    number, hash_, size, has_logs, transactions, receipts = row
    return BlockRow(number, hash_, size, bool(has_logs), transactions, receipts)
