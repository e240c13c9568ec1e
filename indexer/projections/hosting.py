"""What the events of Hosting mean."""

from __future__ import annotations

from collections.abc import Mapping

from indexer import schema
from indexer.projections.rule import Arguments, EventRule, Projection, Row, of_argument
from indexer.rules import unpack_service

RULES: Mapping[str, EventRule] = {
    "PlanSet": EventRule(of_argument("plan")),
    "ServiceStarted": EventRule(of_argument("service"), "owner"),
    "ServiceChanged": EventRule(of_argument("service"), "owner"),
    "ServiceTransferred": EventRule(of_argument("service"), "owner"),
    "ServiceSuspended": EventRule(of_argument("service"), "owner"),
    "TierSet": EventRule(of_argument("tier")),
    "Subscribed": EventRule(of_argument("account"), "account"),
}


def _tier(_contract: str, arguments: Arguments) -> Row:
    return {
        "id": int(arguments["tier"]),
        "name": arguments["name"],
        "rate": int(arguments["rate"]),
        "discount": int(arguments["discount"]),
        "services": int(arguments["services"]),
        "storage": int(arguments["storage"]),
        "traffic": int(arguments["traffic"]),
        "offered": arguments["offered"],
    }


def _subscription(_contract: str, arguments: Arguments) -> Row:
    return {
        "address": arguments["account"],
        "tier": int(arguments["tier"]),
        "rate": int(arguments["rate"]),
        "discount": int(arguments["discount"]),
        "services": int(arguments["services"]),
        "epoch": int(arguments["epoch"]),
    }


def _plan(_contract: str, arguments: Arguments) -> Row:
    return {
        "id": int(arguments["plan"]),
        "name": arguments["name"],
        "kind": int(arguments["kind"]),
        "rate": int(arguments["rate"]),
        "free_period": int(arguments["free_period"]),
        "offered": arguments["offered"],
    }


def _service(_contract: str, arguments: Arguments) -> Row:
    service = unpack_service(int(arguments["service"]), int(arguments["word"]))
    return {
        "id": service.id,
        "owner": service.owner,
        "plan": service.plan,
        "state": int(service.state),
        "rate": service.rate,
        "discount": service.discount,
        "epoch": service.epoch,
        "expires_at": service.expires_at,
    }


PROJECTIONS: tuple[Projection, ...] = (
    Projection(schema.plans, {"PlanSet": _plan}),
    Projection(
        schema.services,
        dict.fromkeys(
            ("ServiceStarted", "ServiceChanged", "ServiceTransferred", "ServiceSuspended"),
            _service,
        ),
    ),
    Projection(schema.tiers, {"TierSet": _tier}),
    Projection(schema.subscriptions, {"Subscribed": _subscription}),
)
