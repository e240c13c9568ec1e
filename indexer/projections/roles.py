"""What the events mean that every contract with roles emits."""

from __future__ import annotations

from collections.abc import Mapping

from indexer import schema
from indexer.name_rules import ZERO_ADDRESS
from indexer.projections.rule import Arguments, EventRule, Projection, Row, of_contract


def _role_holder(contract: str, arguments: Arguments) -> str:
    return f"{contract}:{arguments['account']}"


RULES: Mapping[str, EventRule] = {
    "RolesChanged": EventRule(_role_holder, "account"),
    "AdminProposed": EventRule(of_contract, "proposed"),
    "AdminChanged": EventRule(of_contract, "admin"),
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


PROJECTIONS: tuple[Projection, ...] = (
    Projection(schema.roles, {"RolesChanged": _roles}),
    Projection(schema.admins, {"AdminChanged": _admin}),
    Projection(
        schema.admin_proposals, {"AdminProposed": _proposal, "AdminChanged": _proposal_taken}
    ),
)
