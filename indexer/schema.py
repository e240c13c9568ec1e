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

SCHEMA_VERSION = 2
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
    Index("ix_mirror_events_subject", "name", "key", "block_number", "log_index", "part"),
    Index("ix_mirror_events_account", "account", "block_number", "log_index", "part"),
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
    Column("rate", Uint256, nullable=False),  # nano credit a second, before the discount
    Column("discount", Integer, nullable=False),  # basis points
    Column("epoch", Uint256, nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # unix seconds, 0 for never
    *_last_event(),
    Index("ix_mirror_services_owner", "owner", "id"),
)

tiers = Table(
    "mirror_tiers",
    mirror,
    Column("id", Uint256, primary_key=True),
    Column("name", String(32), nullable=False),
    Column("rate", Uint256, nullable=False),  # nano credit a second
    Column("discount", Integer, nullable=False),  # basis points off paid services
    Column("services", Integer, nullable=False),  # at once
    Column("storage", BigInteger, nullable=False),  # bytes
    Column("traffic", BigInteger, nullable=False),  # bytes a month
    Column("offered", Boolean, nullable=False),
    *_last_event(),
)

subscriptions = Table(  # the terms that the account took its tier at
    "mirror_subscriptions",
    mirror,
    Column("address", ADDRESS, primary_key=True),
    Column("tier", Uint256, nullable=False),
    Column("rate", Uint256, nullable=False),  # nano credit a second
    Column("discount", Integer, nullable=False),  # basis points
    Column("services", Integer, nullable=False),  # at once
    Column("epoch", Uint256, nullable=False),  # an older one than the account's has ended
    *_last_event(),
)

grants = Table(
    "mirror_grants",
    mirror,
    Column("reference", HASH, primary_key=True),
    Column("account", ADDRESS, nullable=False, index=True),
    Column("amount", Uint256, nullable=False),  # nano credit: given; once frozen, set aside
    Column("state", Integer, nullable=False),  # 1 given, 2 frozen, 3 forfeited
    *_last_event(),
)

settlements = Table(  # what each account was charged is in the `Charged` entries of the events
    "mirror_settlements",
    mirror,
    Column("sequence", Uint256, primary_key=True),
    Column("root", HASH, nullable=False),  # Merkle root of the usage lines
    Column("entries", Integer, nullable=False),
    *_last_event(),
)

buying = Table(
    "mirror_buying",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("open", Boolean, nullable=False),
    *_last_event(),
)

grant_caps = Table(
    "mirror_grant_caps",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("per_day", Uint256, nullable=False),  # nano credit
    *_last_event(),
)

feeds = Table(
    "mirror_feeds",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("feed", ADDRESS, nullable=False),  # the zero address: none
    Column("max_age", Uint256, nullable=False),  # seconds
    *_last_event(),
)

floats = Table(
    "mirror_floats",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("amount", Uint256, nullable=False),  # nano credit
    *_last_event(),
)

ether = Table(
    "mirror_ether",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("wei", Uint256, nullable=False),  # held, after the last sale or withdrawal
    *_last_event(),
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
    Column("counts_at", BigInteger, nullable=False),  # unix seconds
    *_last_event(),
)

treasury = Table(
    "mirror_treasury",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("earned", Uint256, nullable=False),  # nano credit, after the last withdrawal
    *_last_event(),
)


# ------------------------------------------------------------------ names
# A node is 0x and 64 hex digits. What a row amounts to now is decided by `name_rules`.

name_terms = Table(  # of Domains, fixed when it was deployed
    "mirror_name_terms",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("top_node", HASH, nullable=False),
    Column("top_label", String(63), nullable=False),
    Column("credits", ADDRESS, nullable=False),
    Column("hosting", ADDRESS, nullable=False),
    *_last_event(),
)

names = Table(  # the fields of the packed word; whoever owned an expired name is still in it
    "mirror_names",
    mirror,
    Column("node", HASH, primary_key=True),
    Column("owner", ADDRESS, nullable=False),
    Column("expires_at", BigInteger, nullable=False),  # unix seconds
    Column("service", Uint256, nullable=False),  # as linked, 0 for none
    Column("version", BigInteger, nullable=False),  # counts the changes of hands
    Column("format", Integer, nullable=False),  # of the content hash, 0 for none
    *_last_event(),
    Index("ix_mirror_names_owner", "owner", "node"),
    Index("ix_mirror_names_service", "service", "node"),
    Index("ix_mirror_names_expires_at", "expires_at"),
)

name_labels = Table(  # of a node for ever, whoever registers it
    "mirror_name_labels",
    mirror,
    Column("node", HASH, primary_key=True),
    Column("label", String(63), nullable=False, index=True),
    *_last_event(),
)

commitments = Table(
    "mirror_commitments",
    mirror,
    Column("commitment", HASH, primary_key=True),
    Column("committed_at", BigInteger, nullable=False),  # unix seconds, 0 once it is used
    *_last_event(),
)

name_tokens = Table(  # by ERC-721's own events; the row's event is the last change of hands
    "mirror_name_tokens",
    mirror,
    Column("node", HASH, primary_key=True),
    Column("holder", ADDRESS, nullable=False),
    *_last_event(),
)

name_approvals = Table(  # counts where it came after the token's last change of hands
    "mirror_name_approvals",
    mirror,
    Column("node", HASH, primary_key=True),
    Column("owner", ADDRESS, nullable=False),  # who owned it then
    Column("approved", ADDRESS, nullable=False),  # the zero address: nobody
    *_last_event(),
)

name_operators = Table(
    "mirror_name_operators",
    mirror,
    Column("owner", ADDRESS, primary_key=True),
    Column("operator", ADDRESS, primary_key=True),
    Column("approved", Boolean, nullable=False),
    *_last_event(),
)

content_hashes = Table(  # counts while its version is the name's
    "mirror_content_hashes",
    mirror,
    Column("node", HASH, primary_key=True),
    Column("hash", String(2 + 2 * 128), nullable=False),  # ENSIP-7 bytes, 0x hex; 0x: none
    Column("version", BigInteger, nullable=False),
    *_last_event(),
)

name_addrs = Table(  # counts while its version is the name's
    "mirror_name_addrs",
    mirror,
    Column("node", HASH, primary_key=True),
    Column("account", ADDRESS, nullable=False),  # the zero address: none
    Column("version", BigInteger, nullable=False),
    *_last_event(),
)

name_texts = Table(  # counts while its version is the name's
    "mirror_name_texts",
    mirror,
    Column("node", HASH, primary_key=True),
    Column("key_hash", HASH, primary_key=True),  # of the key's bytes, which may be no UTF-8
    Column("key", String(64), nullable=False),
    Column("value", String(512), nullable=False),  # empty: none
    Column("version", BigInteger, nullable=False),
    *_last_event(),
)

base_uris = Table(
    "mirror_base_uris",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("base_uri", String(128), nullable=False),
    *_last_event(),
)

name_prices = Table(  # nano credit a year, for labels of 3, 4, and 5 or more characters
    "mirror_name_prices",
    mirror,
    Column("contract", String(32), primary_key=True),
    *(
        Column(f"{when}_{length}", Uint256, nullable=False)
        for when in ("before", "after")
        for length in (3, 4, 5)
    ),
    Column("changes_at", BigInteger, nullable=False),  # unix seconds
    *_last_event(),
)

registering = Table(
    "mirror_registering",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("open", Boolean, nullable=False),
    *_last_event(),
)

dns_claims = Table(  # says only that a wallet wants the name
    "mirror_dns_claims",
    mirror,
    Column("name_hash", HASH, primary_key=True),
    Column("claimant", ADDRESS, primary_key=True),
    Column("name", String(253), nullable=False),
    *_last_event(),
    Index("ix_mirror_dns_claims_claimant", "claimant", "name"),
)

dns_names = Table(
    "mirror_dns_names",
    mirror,
    Column("name_hash", HASH, primary_key=True),
    Column("name", String(253), nullable=False, index=True),
    Column("owner", ADDRESS, nullable=False),  # the zero address: revoked
    Column("until", BigInteger, nullable=False),  # unix seconds, 0 where revoked
    *_last_event(),
    Index("ix_mirror_dns_names_owner", "owner", "name"),
)
