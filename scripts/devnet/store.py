"""What survives a kill: the canonical chain beside py-evm's pairs, in one SQLite file.

Invariant: a block, its state and its index change in one SQLite transaction, synced to the disk
before it returns; after a kill the file holds whole blocks only. So a restart reads the head and
is there: nothing is executed again, however long the chain is. (A journal of transactions would
run them all again: 12 s for 1,000 of them and 10,000 empty blocks, minutes after a week.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from scripts.devnet.pairs import Pairs

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

LAST_NUMBER = 2**63 - 1  # that SQLite can hold
BLOCK = "select number, hash, size, has_logs, transactions, receipts from blocks"


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A canonical block; its header is a pair under its hash."""

    number: int
    hash: bytes
    size: int
    has_logs: bool
    transactions: bytes
    receipts: bytes


class Store(Pairs):
    """The canonical blocks and transactions; dropped ones are not found."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, SCHEMA)

    def append(self, block: BlockRow, transaction_hashes: list[bytes]) -> None:
        """Makes a block the head; in a transaction."""
        self._db.execute("insert into blocks values (?, ?, ?, ?, ?, ?)", astuple(block))
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
        if number > LAST_NUMBER:
            return None
        row = self._db.execute(f"{BLOCK} where number = ?", (number,)).fetchone()
        return None if row is None else BlockRow(*row)

    def block_by_hash(self, hash_: bytes) -> BlockRow | None:
        """The canonical block of a hash."""
        row = self._db.execute(f"{BLOCK} where hash = ?", (hash_,)).fetchone()
        return None if row is None else BlockRow(*row)

    def blocks_with_logs(self, first: int, last: int) -> Iterator[BlockRow]:
        """The canonical blocks in a range that hold a log, in order."""
        between = f"{BLOCK} where has_logs and number between ? and ? order by number"
        for row in self._db.execute(between, (first, last)):
            yield BlockRow(*row)

    def find_transaction(self, hash_: bytes) -> tuple[int, int] | None:
        """A canonical transaction's block number and position."""
        found = "select block_number, position from transactions where hash = ?"
        row = self._db.execute(found, (hash_,)).fetchone()
        return None if row is None else (int(row[0]), int(row[1]))
