"""Who may do what, in each contract."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from indexer.schema.columns import ADDRESS, Uint256, last_event, mirror

roles = Table(
    "mirror_roles",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("address", ADDRESS, primary_key=True),
    Column("roles", Uint256, nullable=False),  # bit set, see contracts/modules/roles.vy
    *last_event(),
)

admins = Table(
    "mirror_admins",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("address", ADDRESS, nullable=False),
    *last_event(),
)

admin_proposals = Table(
    "mirror_admin_proposals",
    mirror,
    Column("contract", String(32), primary_key=True),
    Column("address", ADDRESS, nullable=False),  # the zero address: withdrawn
    *last_event(),
)
