"""What Hosting keeps: plans, tiers, subscriptions, services."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from indexer.schema.columns import ADDRESS, Uint256, last_event, mirror

plans = Table(
    "mirror_plans",
    mirror,
    Column("id", Uint256, primary_key=True),
    Column("name", String(32), nullable=False),
    Column("kind", Integer, nullable=False),  # 1 static site, 2 storage, 3 function site
    Column("rate", Uint256, nullable=False),  # nano credit a second
    Column("free_period", BigInteger, nullable=False),  # seconds
    Column("offered", Boolean, nullable=False),
    *last_event(),
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
    *last_event(),
    Index("ix_mirror_services_block_number", "block_number"),
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
    *last_event(),
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
    *last_event(),
)
