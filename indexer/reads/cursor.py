"""Where the mirror stands, and the terms that Credits was deployed under."""

from __future__ import annotations

from dataclasses import dataclass, replace
from weakref import WeakSet

from sqlalchemy import Connection, Engine, inspect, select

from indexer import schema


@dataclass(frozen=True, slots=True)
class AsOf:
    """The block that every mirrored row is true at."""

    chain_id: int
    genesis_hash: str
    block_number: int
    block_hash: str
    block_timestamp: int  # unix seconds
    finalized_number: int  # -1 before the first
    head_number: int  # the node's head when last asked
    indexed_at_ms: int  # unix milliseconds, wall clock
    safe_number: int = -1  # never below the finalized one
    halted: str = ""  # why the indexer stopped and an operator must act

    @property
    def finalized(self) -> bool:
        """Whether this block can't be undone any more."""
        return self.block_number <= self.finalized_number

    def lag_seconds(self, wall: int) -> int:
        """How old the block is by the wall clock (unix seconds); never negative."""
        return max(0, wall - self.block_timestamp)


@dataclass(frozen=True, slots=True)
class Terms:
    """What Credits was deployed with, fixed for ever."""

    asset: str
    scale: int  # nano credit in one base unit of the asset
    grace: int  # seconds from depletion until what ran has ended


_with_mirror: WeakSet[Engine] = WeakSet()


def read_as_of(conn: Connection) -> AsOf | None:
    """None before the indexer's first block, and before it has made its tables."""
    if not _has_mirror(conn):
        return None
    row = conn.execute(select(schema.cursor)).one_or_none()
    if row is None:
        return None
    return AsOf(
        chain_id=row.chain_id,
        genesis_hash=row.genesis_hash,
        block_number=row.block_number,
        block_hash=row.block_hash,
        block_timestamp=row.block_timestamp,
        finalized_number=row.finalized_number,
        head_number=row.head_number,
        indexed_at_ms=row.indexed_at,
        safe_number=row.safe_number,
        halted=row.halted,
    )


def read_block_hash(conn: Connection, number: int) -> str | None:
    """The hash of a mirrored block; whoever keeps rows in memory sees a reorg by its change."""
    blocks = schema.blocks.c
    return conn.execute(select(blocks.hash).where(blocks.number == number)).scalar_one_or_none()


def read_final(conn: Connection, as_of: AsOf) -> AsOf | None:
    """The newest mirrored block that can't be undone any more; None where there is none.

    The rows are true at `as_of`'s block: at this one too are those that no later block changed.
    """
    if as_of.finalized:
        return as_of
    blocks = schema.blocks
    row = conn.execute(
        select(blocks).where(blocks.c.number == as_of.finalized_number)
    ).one_or_none()
    if row is None:
        return None
    return replace(
        as_of, block_number=row.number, block_hash=row.hash, block_timestamp=row.timestamp
    )


def read_terms(conn: Connection) -> Terms | None:
    """None before the block that Credits was deployed in."""
    row = conn.execute(select(schema.terms)).one_or_none()
    return Terms(asset=row.asset, scale=row.scale, grace=row.grace) if row else None


def _has_mirror(conn: Connection) -> bool:
    """Asks the catalogue until the tables are there, then never again."""
    if conn.engine in _with_mirror:
        return True
    if inspect(conn).has_table(schema.cursor.name):
        _with_mirror.add(conn.engine)
        return True
    return False
