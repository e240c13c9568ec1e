"""Plans and services by the mirror."""

from __future__ import annotations

from typing import Any

from api.http.schemas import (
    MAX_UINT256,
    bad_cursor,
    decode_cursor,
    encode_cursor,
    from_unix,
)
from api.mirror import MirrorView
from api.problems import Problem
from api.services.schemas import (
    Kind,
    Plan,
    Plans,
    ServiceOut,
    Services,
    ServiceWithAsOf,
    Tier,
    Tiers,
)
from indexer import reads

STATIC_SITE, STORAGE, FUNCTION_SITE = 1, 2, 3
KINDS: dict[int, Kind] = {
    STATIC_SITE: "static_site",
    STORAGE: "storage",
    FUNCTION_SITE: "function_site",
}
SITE_KINDS = frozenset({STATIC_SITE, FUNCTION_SITE})


def list_tiers(mirror: MirrorView) -> Tiers:
    """Every tier, those that aren't offered any more among them."""
    items = [
        Tier(
            id=tier.id,
            name=tier.name,
            rate=str(tier.rate),
            discount_basis_points=tier.discount,
            services=tier.services,
            storage_bytes=str(tier.storage),
            traffic_bytes_per_month=str(tier.traffic),
            offered=tier.offered,
        )
        for tier in reads.list_tiers(mirror.connection)
    ]
    return Tiers(items=items, as_of=mirror.as_of)


def list_plans(mirror: MirrorView) -> Plans:
    """Every plan, those that aren't offered any more among them."""
    items = [
        Plan(
            id=plan.id,
            name=plan.name,
            kind=KINDS[plan.kind],
            rate=str(plan.rate),
            free_period_seconds=plan.free_period,
            offered=plan.offered,
        )
        for plan in reads.list_plans(mirror.connection)
    ]
    return Plans(items=items, as_of=mirror.as_of)


def list_services(mirror: MirrorView, owner: str, cursor: str | None, limit: int) -> Services:
    """A page of an account's services."""
    after = parse_number(decode_cursor(cursor)[0]) if cursor else 0
    if after is None:
        raise bad_cursor()
    rows = reads.list_services(mirror.connection, owner, after, limit + 1)
    page = rows[:limit]
    kinds = _kinds(mirror)
    return Services(
        items=[ServiceOut(**_fields(mirror, row, kinds)) for row in page],
        next_cursor=encode_cursor(page[-1].service.id) if len(rows) > limit else None,
        as_of=mirror.as_of,
    )


def show_service(mirror: MirrorView, text: str) -> ServiceWithAsOf:
    """One service; raises a Problem of 404."""
    number = parse_number(text)
    row = None if number is None else reads.get_service(mirror.connection, number)
    if row is None:
        raise Problem("unknown-service")
    return ServiceWithAsOf(**_fields(mirror, row, _kinds(mirror)), as_of=mirror.as_of)


def service_owner(mirror: MirrorView, service_id: int) -> str | None:
    """Who has a service now; None where a reorg took it away."""
    views = reads.read_service_view(mirror.connection, [service_id])
    return views[0].service.owner if views else None


def parse_number(text: str) -> int | None:
    """A uint256 from its decimal text; None where it is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 78):
        return None
    number = int(text)
    return number if number <= MAX_UINT256 else None


def _kinds(mirror: MirrorView) -> dict[int, Kind]:
    return {plan.id: KINDS[plan.kind] for plan in reads.list_plans(mirror.connection)}


def _fields(mirror: MirrorView, row: reads.ServiceRow, kinds: dict[int, Kind]) -> dict[str, Any]:
    service = row.service
    return {
        "id": str(service.id),
        "plan": service.plan,
        "kind": kinds.get(service.plan),
        "owner": service.owner,
        "state": mirror.state_of(row),
        "rate": str(service.streams),
        "list_rate": str(service.rate),
        "discount_basis_points": service.discount,
        "expires_at": from_unix(service.expires_at) if service.expires_at else None,
        "started_at": from_unix(row.started.block_timestamp),
        "started_by": row.started.transaction_hash,
        "reference": row.started.reference,
        "reason": row.last_change.reason,
        "changed_at": from_unix(row.last_change.block_timestamp),
        "changed_by": row.last_change.transaction_hash,
    }
