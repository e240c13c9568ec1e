"""Which views of Hosting prove which rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Table, select

from indexer import schema
from indexer.verify.check import (
    Absent,
    At,
    Check,
    Row,
    Snapshot,
    Telling,
    by_view,
    keys_of,
    numbered,
)
from indexer.verify.recorded import unheard_of
from indexer.verify.views import Question

_HOSTING = "Hosting"
MOST_STARTED = 10**7  # a service's number is its plan's times this, and its place there from 1 on
MOST_PLANS, MOST_TIERS = 2**12, 2**8
# The chain can't list its plans and tiers: so many beyond the last known one are looked at.
LOOK_AHEAD = 64


def _subscription(row: Row, _at: At) -> Telling:
    """The view forgets a tier with its epoch, and looks `allowed` up anew: those say the events."""
    (tenant,) = yield [Question(_HOSTING, "tenant_of", (row["address"],))]
    if tenant["epoch"] != row["epoch"] and not tenant["tier"]:
        return {}
    return {name: tenant[name] for name in ("tier", "rate", "discount")}


def _started(snapshot: Snapshot) -> Iterator[range]:
    query = select(schema.plans.c.id).order_by(schema.plans.c.id)
    plans = [row["id"] for row in snapshot.stream(query) if row["id"] < MOST_PLANS]
    counts = snapshot.ask([Question(_HOSTING, "started_of", (plan,)) for plan in plans])
    for plan, count in zip(plans, counts, strict=True):
        yield range(plan * MOST_STARTED + 1, plan * MOST_STARTED + count + 1)


def _up_to_the_last(table: Table, first: int, most: int) -> Callable[[Snapshot], Iterator[range]]:
    def ranges(snapshot: Snapshot) -> Iterator[range]:
        known = [row["id"] for row in snapshot.stream(select(table.c.id)) if row["id"] < most]
        yield range(first, min(most, max(known, default=0) + 1 + LOOK_AHEAD))

    return ranges


_accounts = schema.accounts.c.address

CHECKS = (
    Check(
        schema.plans,
        by_view(_HOSTING, "plan_of", "id"),
        Absent(
            numbered(schema.plans, "id", _up_to_the_last(schema.plans, 1, MOST_PLANS)), {"kind": 0}
        ),
    ),
    Check(
        schema.services,
        by_view(_HOSTING, "service_of", "id"),
        Absent(numbered(schema.services, "id", _started), None),
    ),
    Check(
        schema.tiers,
        by_view(_HOSTING, "tier_terms", "id"),
        Absent(
            numbered(schema.tiers, "id", _up_to_the_last(schema.tiers, 0, MOST_TIERS)),
            {"name": "", "services": 0, "storage": 0, "traffic": 0, "offered": False},
        ),
    ),
    Check(
        schema.subscriptions,
        _subscription,
        Absent(
            keys_of(select(_accounts).where(unheard_of(_accounts, schema.subscriptions))),
            {"epoch": None, "tier": 0, "rate": 0, "discount": 0},
        ),
    ),
)
