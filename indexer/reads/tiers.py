"""The tiers that accounts can take."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from indexer import schema


@dataclass(frozen=True, slots=True)
class Tier:
    """A tier as its last TierSet left it."""

    id: int
    name: str
    rate: int  # nano credit a second
    discount: int  # basis points off paid services
    services: int  # at once
    storage: int  # bytes
    traffic: int  # bytes a month
    offered: bool


def list_tiers(conn: Connection) -> list[Tier]:
    """All tiers by number, those that aren't offered any more among them."""
    return [
        Tier(
            id=row.id,
            name=row.name,
            rate=row.rate,
            discount=row.discount,
            services=row.services,
            storage=row.storage,
            traffic=row.traffic,
            offered=bool(row.offered),
        )
        for row in conn.execute(select(schema.tiers).order_by(schema.tiers.c.id))
    ]
