"""Where the mirror stands, the blocks behind it, and every event of them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table

from indexer.schema.columns import ADDRESS, HASH, mirror

cursor = Table(
    "mirror_cursor",
    mirror,
    Column("id", Integer, primary_key=True),  # always 1
    Column("schema_version", Integer, nullable=False),
    Column("chain_id", BigInteger, nullable=False),
    Column("genesis_hash", HASH, nullable=False),
    Column("block_number", BigInteger, nullable=False),
    Column("block_hash", HASH, nullable=False),
    Column("block_timestamp", BigInteger, nullable=False),  # unix seconds
    Column("finalized_number", BigInteger, nullable=False),  # -1 before the first
    Column("safe_number", BigInteger, nullable=False),  # never below the finalized one
    Column("head_number", BigInteger, nullable=False),  # the node's head when last asked
    Column("indexed_at", BigInteger, nullable=False),  # unix milliseconds, wall clock
    Column("halted", String(512), nullable=False),  # why the indexer stopped; empty: it didn't
)

blocks = Table(
    "mirror_blocks",
    mirror,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", HASH, nullable=False),
    Column("parent_hash", HASH, nullable=False),
    Column("timestamp", BigInteger, nullable=False),  # unix seconds
)

events = Table(
    "mirror_events",
    mirror,
    Column("block_number", BigInteger, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    # 0 is the event; of a batch, which is about many subjects, 1 and up are its entries.
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("block_hash", HASH, nullable=False),
    Column("block_timestamp", BigInteger, nullable=False),  # unix seconds
    Column("transaction_hash", HASH, nullable=False),
    Column("contract", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("key", String(128), nullable=False),  # the subject's key, as its projection spells it
    Column("account", ADDRESS),  # whose history it belongs to
    Column("arguments", JSON, nullable=False),  # integers as decimal strings, bytes as 0x hex
    # Of most events the account is the key: one entry in an index serves for both.
    Index("ix_mirror_events_key", "key", "block_number", "log_index", "part"),
)
Index(
    "ix_mirror_events_account",
    events.c.account,
    events.c.block_number,
    events.c.log_index,
    events.c.part,
    postgresql_where=events.c.account != events.c.key,
    sqlite_where=events.c.account != events.c.key,
)
