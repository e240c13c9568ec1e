"""The mirror's tables, all named `mirror_…`: written by the indexer alone, read by everyone else.

Invariant: at the cursor's block, every projection row is the last event of its key, and
`mirror_events` holds each event of the canonical chain once. Nothing here comes from anywhere
but the chain, except the two wall-clock columns of the cursor.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

SCHEMA_VERSION = 1
UINT256_DIGITS = 78


class Uint256(TypeDecorator[int]):
    """A uint256: NUMERIC(78, 0) on PostgreSQL, sortable fixed-width text on SQLite."""

    impl = String(UINT256_DIGITS)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(UINT256_DIGITS, 0))
        return dialect.type_descriptor(String(UINT256_DIGITS))

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if not 0 <= value < 2**256:
            raise ValueError(f"{value} is no uint256")
        return value if dialect.name == "postgresql" else f"{value:0{UINT256_DIGITS}d}"

    def process_result_value(self, value: Any, _dialect: Dialect) -> int | None:
        return None if value is None else int(value)


mirror = MetaData()

ADDRESS = String(42)  # EIP-55
HASH = String(66)  # 0x and 64 hex digits


def _last_event() -> list[Column[Any]]:
    """Where the row comes from: the last event of its key."""
    return [
        Column("block_number", BigInteger, nullable=False, index=True),
        Column("log_index", Integer, nullable=False),
    ]


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
    Column("head_number", BigInteger, nullable=False),  # the node's head when last asked
    Column("indexed_at", BigInteger, nullable=False),  # unix milliseconds, wall clock
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
    Column("block_hash", HASH, nullable=False),
    Column("block_timestamp", BigInteger, nullable=False),  # unix seconds
    Column("transaction_hash", HASH, nullable=False),
    Column("contract", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("key", String(128), nullable=False),  # the subject's key, as its projection spells it
    Column("account", ADDRESS),  # whose history it belongs to
    Column("arguments", JSON, nullable=False),  # integers as decimal strings, bytes as 0x hex
    Index("ix_mirror_events_subject", "name", "key", "block_number", "log_index"),
    Index("ix_mirror_events_account", "account", "block_number", "log_index"),
)

terms = Table(  # of Credits, fixed when it was deployed
    "mirror_terms",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("asset", ADDRESS, nullable=False),
    Column("scale", Uint256, nullable=False),  # nano credit in one base unit of the asset
    Column("grace", BigInteger, nullable=False),  # seconds
    *_last_event(),
)

accounts = Table(  # the fields of the packed word, true at `updated_at`
    "mirror_accounts",
    mirror,
    Column("address", ADDRESS, primary_key=True),
    Column("paid", Uint256, nullable=False),  # nano credit
    Column("granted", Uint256, nullable=False),  # nano credit
    Column("rate", Uint256, nullable=False),  # nano credit a second
    Column("updated_at", BigInteger, nullable=False),  # unix seconds
    Column("spent_today", Uint256, nullable=False),  # micro credit
    Column("lowered", Boolean, nullable=False),  # the limit of mirror_limits waits for tomorrow
    Column("per_day", Uint256, nullable=False),  # micro credit
    *_last_event(),
)

limits = Table(  # what the account itself set
    "mirror_limits",
    mirror,
    Column("address", ADDRESS, primary_key=True),
    Column("per_day", Uint256, nullable=False),  # micro credit
    *_last_event(),
)

epochs = Table(
    "mirror_epochs",
    mirror,
    Column("address", ADDRESS, primary_key=True),
    Column("epoch", Uint256, nullable=False),
    Column("depleted_at", BigInteger, nullable=False),  # unix seconds
    *_last_event(),
)

plans = Table(
    "mirror_plans",
    mirror,
    Column("id", Uint256, primary_key=True),
    Column("name", String(32), nullable=False),
    Column("kind", Integer, nullable=False),  # 1 static site, 2 storage, 3 function site
    Column("rate", Uint256, nullable=False),  # nano credit a second
    Column("free_period", BigInteger, nullable=False),  # seconds
    Column("offered", Boolean, nullable=False),
    *_last_event(),
)

services = Table(  # as stored on-chain; what it amounts to now is `rules.service_state`
    "mirror_services",
    mirror,
    Column("id", Uint256, primary_key=True),
    Column("owner", ADDRESS, nullable=False),
    Column("plan", Uint256, nullable=False),
    Column("state", Integer, nullable=False),  # 1 active, 2 paused, 3 suspended, 4 stopped
    Column("rate", Uint256, nullable=False),  # nano credit a second
    Column("epoch", Uint256, nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # unix seconds, 0 for never
    *_last_event(),
    Index("ix_mirror_services_owner", "owner", "id"),
)

roles = Table(
    "mirror_roles",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("address", ADDRESS, primary_key=True),
    Column("roles", Uint256, nullable=False),  # bit set, see contracts/modules/roles.vy
    *_last_event(),
)

admins = Table(
    "mirror_admins",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("address", ADDRESS, nullable=False),
    *_last_event(),
)

admin_proposals = Table(
    "mirror_admin_proposals",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("address", ADDRESS, nullable=False),  # the zero address: withdrawn
    *_last_event(),
)

meters = Table(
    "mirror_meters",
    mirror,
    Column("address", ADDRESS, primary_key=True),
    Column("registered", Boolean, nullable=False),
    *_last_event(),
)

treasury = Table(
    "mirror_treasury",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("earned", Uint256, nullable=False),  # nano credit, after the last withdrawal
    *_last_event(),
)
