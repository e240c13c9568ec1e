"""Writes the mirror: a batch of blocks, or a reorg, in one transaction each.

Invariant, at every commit: `mirror_events` holds each event of the chain up to the cursor once,
every projection row is its key's last event, `mirror_blocks` is one branch that ends at the
cursor. A crash leaves the state before a transaction or the one after it.

Refuses: a batch that doesn't follow the cursor's hash, a rollback below the last final block,
tables of another version or of another chain, and a second writer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from indexer import metrics, schema
from indexer.acts import Act, list_acts_without_ground, open_register
from indexer.bulk import insert_rows, upsert_rows
from indexer.chain.types import Block, Head
from indexer.decode import Event
from indexer.errors import DeepReorg, NotLeader, SchemaMismatch, WrongChain
from indexer.lock import LeaderLock
from indexer.reads.cursor import AsOf, read_as_of
from indexer.rows import fold, restore_touched, touched_since

HALTED_LENGTH = 512

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dropped:
    """What going back took away, and how many rows of each table it changed."""

    blocks: int
    events: int
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Rewound:
    """A rewind: where the mirror stood and stands, and the acts that it left without ground."""

    before: AsOf
    after: AsOf
    dropped: Dropped
    acts: Sequence[Act]


class Store:
    """The mirror's one writer. Everything goes over the connection that holds the leader lock."""

    def __init__(self, engine: Engine, chain_id: int, genesis_hash: str) -> None:
        self._engine = engine
        self._chain_id = chain_id
        self._genesis_hash = genesis_hash
        self._lock = LeaderLock()
        self._conn: Connection | None = None

    def open(self) -> bool:
        """Takes the lead and makes the tables; False where another process leads."""
        self.close()
        conn = self._engine.connect()
        if not self._lock.acquire(conn):
            conn.close()
            return False
        self._conn = conn
        schema.mirror.create_all(conn)
        open_register(conn)
        conn.commit()
        return True

    def check(self) -> None:
        """Raises SchemaMismatch or WrongChain for tables of another program or chain."""
        version = self._transaction(_version)
        if version not in (None, schema.SCHEMA_VERSION):
            raise SchemaMismatch(
                f"the tables are of version {version}, this program's of "
                f"{schema.SCHEMA_VERSION}: run `dspace index rebuild`"
            )
        found = self.as_of()
        if found is not None and (found.chain_id, found.genesis_hash) != (
            self._chain_id,
            self._genesis_hash,
        ):
            raise WrongChain(
                f"the tables mirror chain {found.chain_id} of genesis {found.genesis_hash}, the "
                f"deployment is on chain {self._chain_id} of genesis {self._genesis_hash}"
            )

    def close(self) -> None:
        """Gives the lead away."""
        if self._conn is not None:
            conn, self._conn = self._conn, None
            self._lock.release(conn)
            conn.invalidate()  # not back to the pool: the session may hold the lock still
            conn.close()

    def as_of(self) -> AsOf | None:
        """Where the mirror stands; None before `begin`."""
        return self._transaction(read_as_of)

    def hashes(self, first: int, last: int) -> dict[int, str]:
        """The hashes of the mirrored blocks in a range, both ends included."""
        numbers = schema.blocks.c.number
        query = select(numbers, schema.blocks.c.hash).where(numbers.between(first, last))
        rows = self._transaction(lambda conn: conn.execute(query).all())
        return {row.number: row.hash for row in rows}

    def first_number(self) -> int:
        """The number of the block that the mirror begins after."""
        query = select(func.min(schema.blocks.c.number))
        return self._transaction(lambda conn: int(conn.execute(query).scalar_one()))

    def begin(self, base: Block) -> AsOf:
        """Starts an empty mirror after a block that is older than every event."""

        def write(conn: Connection) -> None:
            conn.execute(
                insert(schema.cursor).values(
                    id=1,
                    schema_version=schema.SCHEMA_VERSION,
                    chain_id=self._chain_id,
                    genesis_hash=self._genesis_hash,
                    finalized_number=-1,
                    safe_number=-1,
                    halted="",
                    head_number=base.number,
                    **_position(base),
                )
            )
            _insert_blocks(conn, [base])

        return self._write(write)

    def apply(self, blocks: Sequence[Block], events: Sequence[Event], head: Head) -> AsOf:
        """Takes the next blocks with all their events."""
        return self._write(lambda conn: _append(conn, _cursor(conn), blocks, events, head))

    def replace(
        self, ancestor: int, blocks: Sequence[Block], events: Sequence[Event], head: Head
    ) -> AsOf:
        """Drops every block above `ancestor` and takes the branch that replaces them.

        Readers see the old branch or the new one, never the gap between them.
        """

        def write(conn: Connection) -> None:
            cursor = _cursor(conn)
            if ancestor < min(cursor.finalized_number, cursor.block_number):
                raise DeepReorg(f"block {cursor.finalized_number} is final; kept as it is")
            found = conn.execute(
                select(schema.blocks).where(schema.blocks.c.number == ancestor)
            ).one()
            base = Block(found.number, found.hash, found.parent_hash, found.timestamp)
            _drop_above(conn, ancestor)
            _move(conn, cursor, base, head)
            if blocks:
                _append(conn, _cursor(conn), blocks, events, head)

        return self._write(write)

    def note_head(self, head: Head) -> AsOf:
        """Keeps how far the chain goes, where no block came with it."""

        def write(conn: Connection) -> None:
            conn.execute(update(schema.cursor).values(_head(_cursor(conn), head)))

        return self._write(write)

    def halt(self, reason: str) -> None:
        """Keeps why an operator must act; all else stays as it is."""
        halted = update(schema.cursor).values(halted=reason[:HALTED_LENGTH])
        self._transaction(lambda conn: conn.execute(halted))

    def rewind(self, number: int, *, dry_run: bool = False) -> Rewound:
        """Goes back to a block of the mirror at any depth, below the final ones, too.

        Raises ValueError for a block that isn't in the mirror. With `dry_run` nothing is changed.
        """
        if self._conn is None:
            raise NotLeader("the store isn't open")
        with self._conn.begin() as transaction:
            rewound = _rewind(self._conn, number)
            if dry_run:
                transaction.rollback()
        return rewound

    def reset(self) -> None:
        """Empties the mirror; tables of another version are made anew."""

        def write(conn: Connection) -> None:
            if _version(conn) in (None, schema.SCHEMA_VERSION):
                for table in schema.mirror.sorted_tables:
                    conn.execute(delete(table))
            else:
                schema.mirror.drop_all(conn)
                schema.mirror.create_all(conn)

        self._transaction(write)

    def _write(self, write: Callable[[Connection], None]) -> AsOf:
        def write_and_read(conn: Connection) -> AsOf:
            write(conn)
            return _cursor(conn)

        with metrics.batch():
            return self._transaction(write_and_read)

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        if self._conn is None:
            raise NotLeader("the store isn't open")
        with self._conn.begin():
            return work(self._conn)


def _version(conn: Connection) -> int | None:
    return conn.execute(select(schema.cursor.c.schema_version)).scalar_one_or_none()


def _cursor(conn: Connection) -> AsOf:
    cursor = read_as_of(conn)
    if cursor is None:
        raise NotLeader("the mirror was emptied by another process")
    return cursor


def _append(
    conn: Connection,
    cursor: AsOf,
    blocks: Sequence[Block],
    events: Sequence[Event],
    head: Head,
) -> None:
    parent = cursor.block_hash
    for block in blocks:
        if block.parent_hash != parent:
            raise ValueError(f"block {block.number} doesn't follow {parent}")
        parent = block.hash
    _insert_blocks(conn, blocks)
    insert_rows(conn, schema.events, events)
    for projection, rows in fold(events):
        upsert_rows(conn, projection.table, rows)
    _move(conn, cursor, blocks[-1], head)
    metrics.note_blocks(len(blocks), events)


def _drop_above(conn: Connection, number: int) -> Dropped:
    touched = touched_since(conn, number + 1)
    events = conn.execute(delete(schema.events).where(schema.events.c.block_number > number))
    blocks = conn.execute(delete(schema.blocks).where(schema.blocks.c.number > number))
    restore_touched(conn, touched)
    rows = {str(one.projection.table.name): len(one.primary_keys) for one in touched}
    return Dropped(
        blocks.rowcount, events.rowcount, {table: count for table, count in rows.items() if count}
    )


def _rewind(conn: Connection, number: int) -> Rewound:
    cursor = _cursor(conn)
    found = conn.execute(
        select(schema.blocks).where(schema.blocks.c.number == number)
    ).one_or_none()
    if found is None:
        first = conn.execute(select(func.min(schema.blocks.c.number))).scalar_one()
        raise ValueError(
            f"block {number} isn't in the mirror, which goes from {first} to {cursor.block_number}"
        )
    groundless = list_acts_without_ground(conn, number)
    dropped = _drop_above(conn, number)
    conn.execute(
        update(schema.cursor).values(
            **_position(Block(found.number, found.hash, found.parent_hash, found.timestamp)),
            finalized_number=min(cursor.finalized_number, number),
            safe_number=min(cursor.safe_number, number),
            halted="",
        )
    )
    return Rewound(cursor, _cursor(conn), dropped, groundless)


def _move(conn: Connection, cursor: AsOf, to: Block, head: Head) -> None:
    moved = conn.execute(
        update(schema.cursor)
        .where(schema.cursor.c.block_hash == cursor.block_hash)
        .values(**_position(to), **_head(cursor, head))
    )
    if moved.rowcount != 1:
        raise NotLeader("the cursor was moved by another process")


def _position(block: Block) -> dict[str, int | str]:
    return {
        "block_number": block.number,
        "block_hash": block.hash,
        "block_timestamp": block.timestamp,
        "indexed_at": time.time_ns() // 1_000_000,
    }


def _head(cursor: AsOf, head: Head) -> dict[str, int | str]:
    """What was final stays final."""
    return {
        "head_number": head.number,
        "finalized_number": max(cursor.finalized_number, head.finalized),
        "safe_number": max(cursor.finalized_number, head.finalized, head.safe),
        "halted": "",  # the mirror and the chain agree again
    }


def _insert_blocks(conn: Connection, blocks: Sequence[Block]) -> None:
    rows = [(block.number, block.hash, block.parent_hash, block.timestamp) for block in blocks]
    insert_rows(conn, schema.blocks, rows)
