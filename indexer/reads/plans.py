"""The plans that services run on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from indexer import schema


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as its last PlanSet left it."""

    id: int
    name: str
    kind: int  # 1 static site, 2 storage, 3 function site
    rate: int  # nano credit a second
    free_period: int  # seconds
    offered: bool


def list_plans(conn: Connection) -> list[Plan]:
    """All plans by number, those that aren't offered any more among them."""
    return [_plan(row) for row in conn.execute(select(schema.plans).order_by(schema.plans.c.id))]


def get_plan(conn: Connection, plan_id: int) -> Plan | None:
    """One plan by its number."""
    row = conn.execute(select(schema.plans).where(schema.plans.c.id == plan_id)).one_or_none()
    return _plan(row) if row else None


def _plan(row: Row[Any]) -> Plan:
    return Plan(
        id=row.id,
        name=row.name,
        kind=row.kind,
        rate=row.rate,
        free_period=row.free_period,
        offered=bool(row.offered),
    )
