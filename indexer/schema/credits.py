"""What Credits keeps: accounts, grants, settlements, and the terms of the treasury."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table

from indexer.schema.columns import ADDRESS, HASH, Uint256, last_event, mirror

terms = Table(  # of Credits, fixed when it was deployed
    "mirror_terms",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("asset", ADDRESS, nullable=False),
    Column("scale", Uint256, nullable=False),  # nano credit in one base unit of the asset
    Column("grace", BigInteger, nullable=False),  # seconds
    *last_event(),
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
    *last_event(),
)

limits = Table(  # what the account itself set
    "mirror_limits",
    mirror,
    Column("address", ADDRESS, primary_key=True),
    Column("per_day", Uint256, nullable=False),  # micro credit
    *last_event(),
)

epochs = Table(
    "mirror_epochs",
    mirror,
    Column("address", ADDRESS, primary_key=True),
    Column("epoch", Uint256, nullable=False),
    Column("depleted_at", BigInteger, nullable=False),  # unix seconds
    *last_event(),
)

grants = Table(
    "mirror_grants",
    mirror,
    Column("reference", HASH, primary_key=True),
    Column("account", ADDRESS, nullable=False, index=True),
    Column("amount", Uint256, nullable=False),  # nano credit: given; once frozen, set aside
    Column("state", Integer, nullable=False),  # 1 given, 2 frozen, 3 forfeited
    *last_event(),
)

settlements = Table(  # what each account was charged is in the `Charged` entries of the events
    "mirror_settlements",
    mirror,
    Column("sequence", Uint256, primary_key=True),
    Column("root", HASH, nullable=False),  # Merkle root of the usage lines
    Column("entries", Integer, nullable=False),
    *last_event(),
)

buying = Table(
    "mirror_buying",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("open", Boolean, nullable=False),
    *last_event(),
)

grant_caps = Table(
    "mirror_grant_caps",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("per_day", Uint256, nullable=False),  # nano credit
    *last_event(),
)

feeds = Table(
    "mirror_feeds",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("feed", ADDRESS, nullable=False),  # the zero address: none
    Column("max_age", Uint256, nullable=False),  # seconds
    *last_event(),
)

floats = Table(
    "mirror_floats",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("amount", Uint256, nullable=False),  # nano credit
    *last_event(),
)

ether = Table(
    "mirror_ether",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("wei", Uint256, nullable=False),  # held, after the last sale or withdrawal
    *last_event(),
)

meters = Table(
    "mirror_meters",
    mirror,
    Column("address", ADDRESS, primary_key=True),
    Column("registered", Boolean, nullable=False),
    Column("counts_at", BigInteger, nullable=False),  # unix seconds
    *last_event(),
)

treasury = Table(
    "mirror_treasury",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("earned", Uint256, nullable=False),  # nano credit, after the last withdrawal
    *last_event(),
)
