"""Which event makes which row: the one place that knows what the contracts' events mean.

A row is a pure function of the last event of its key. Every event of a mirrored contract has a
rule here and feeds at least one table; a test holds that against the ABIs. TestUSD isn't
mirrored: what counts of it is in Credits' events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table

from indexer import schema
from indexer.rules import unpack

MIRRORED_CONTRACTS = ("Credits", "Hosting")
ZERO_ADDRESS = "0x" + "0" * 40

Arguments = Mapping[str, Any]  # as indexer.decode makes them: JSON
Row = dict[str, Any]
MakeRow = Callable[[str, Arguments], Row]  # (contract, arguments) -> all but the last event


@dataclass(frozen=True, slots=True)
class EventRule:
    """What an event is about."""

    key: Callable[[str, Arguments], str]  # (contract, arguments) -> the subject's key
    account: str | None = None  # the argument that names whose history it belongs to


@dataclass(frozen=True, slots=True)
class Projection:
    """A table, and the row that each of its events leaves behind for the event's key."""

    table: Table
    rows: Mapping[str, MakeRow]  # event -> row


def _of_contract(contract: str, _arguments: Arguments) -> str:
    return contract


def _of(argument: str) -> Callable[[str, Arguments], str]:
    return lambda _contract, arguments: str(arguments[argument])


def _role_holder(contract: str, arguments: Arguments) -> str:
    return f"{contract}:{arguments['account']}"


RULES: Mapping[str, EventRule] = {
    "CreditsDeployed": EventRule(_of_contract),
    "Bought": EventRule(_of("account"), "account"),
    "Refunded": EventRule(_of("account"), "account"),
    "RateAdjusted": EventRule(_of("account"), "account"),
    "Spent": EventRule(_of("account"), "account"),
    "LimitSet": EventRule(_of("account"), "account"),
    "EpochEnded": EventRule(_of("account"), "account"),
    "MeterSet": EventRule(_of("meter")),
    "EarnedWithdrawn": EventRule(_of_contract),
    "PlanSet": EventRule(_of("plan")),
    "ServiceStarted": EventRule(_of("service"), "owner"),
    "ServiceChanged": EventRule(_of("service"), "owner"),
    "ServiceSuspended": EventRule(_of("service"), "owner"),
    "RolesChanged": EventRule(_role_holder, "account"),
    "AdminProposed": EventRule(_of_contract, "proposed"),
    "AdminChanged": EventRule(_of_contract, "admin"),
}


def _terms(contract: str, arguments: Arguments) -> Row:
    return {
        "contract": contract,
        "asset": arguments["asset"],
        "scale": int(arguments["scale"]),
        "grace": int(arguments["grace"]),
    }


def _account(_contract: str, arguments: Arguments) -> Row:
    account = unpack(int(arguments["word"]))
    return {
        "address": arguments["account"],
        "paid": account.paid,
        "granted": account.granted,
        "rate": account.rate,
        "updated_at": account.updated_at,
        "spent_today": account.spent_today,
        "lowered": account.lowered,
        "per_day": account.per_day,
    }


def _limit(_contract: str, arguments: Arguments) -> Row:
    return {"address": arguments["account"], "per_day": int(arguments["per_day"])}


def _epoch(_contract: str, arguments: Arguments) -> Row:
    return {
        "address": arguments["account"],
        "epoch": int(arguments["epoch"]),
        "depleted_at": int(arguments["depleted_at"]),
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
    return {
        "id": int(arguments["service"]),
        "owner": arguments["owner"],
        "plan": int(arguments["plan"]),
        "state": int(arguments["state"]),
        "rate": int(arguments["rate"]),
        "epoch": int(arguments["epoch"]),
        "expires_at": int(arguments["expires_at"]),
    }


def _roles(contract: str, arguments: Arguments) -> Row:
    return {
        "contract": contract,
        "address": arguments["account"],
        "roles": int(arguments["roles"]),
    }


def _admin(contract: str, arguments: Arguments) -> Row:
    return {"contract": contract, "address": arguments["admin"]}


def _proposal(contract: str, arguments: Arguments) -> Row:
    return {"contract": contract, "address": arguments["proposed"]}


def _proposal_taken(contract: str, _arguments: Arguments) -> Row:
    return {"contract": contract, "address": ZERO_ADDRESS}


def _meter(_contract: str, arguments: Arguments) -> Row:
    return {"address": arguments["meter"], "registered": arguments["registered"]}


def _treasury(contract: str, arguments: Arguments) -> Row:
    return {"contract": contract, "earned": int(arguments["earned"])}


PROJECTIONS: tuple[Projection, ...] = (
    Projection(schema.terms, {"CreditsDeployed": _terms}),
    Projection(
        schema.accounts,
        dict.fromkeys(
            ("Bought", "Refunded", "RateAdjusted", "Spent", "LimitSet", "EpochEnded"), _account
        ),
    ),
    Projection(schema.limits, {"LimitSet": _limit}),
    Projection(schema.epochs, {"EpochEnded": _epoch}),
    Projection(schema.plans, {"PlanSet": _plan}),
    Projection(
        schema.services,
        dict.fromkeys(("ServiceStarted", "ServiceChanged", "ServiceSuspended"), _service),
    ),
    Projection(schema.roles, {"RolesChanged": _roles}),
    Projection(schema.admins, {"AdminChanged": _admin}),
    Projection(
        schema.admin_proposals, {"AdminProposed": _proposal, "AdminChanged": _proposal_taken}
    ),
    Projection(schema.meters, {"MeterSet": _meter}),
    Projection(schema.treasury, {"EarnedWithdrawn": _treasury}),
)
