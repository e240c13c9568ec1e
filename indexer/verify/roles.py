"""Which views prove who may do what; every contract with roles has them."""

from __future__ import annotations

from indexer import schema
from indexer.name_rules import ZERO_ADDRESS
from indexer.projections import MIRRORED_CONTRACTS
from indexer.verify.check import At, Check, Row, Telling, one_each
from indexer.verify.views import Question


def _roles(row: Row, _at: At) -> Telling:
    (bits,) = yield [Question(row["contract"], "roles_of", (row["address"],))]
    return {"roles": bits}


def _admin(row: Row, _at: At) -> Telling:
    (address,) = yield [Question(row["contract"], "admin")]
    return {"address": address}


def _proposal(row: Row, _at: At) -> Telling:
    (address,) = yield [Question(row["contract"], "proposed_admin")]
    return {"address": address}


CHECKS = (
    Check(schema.roles, _roles),
    Check(
        schema.admins,
        _admin,
        one_each(schema.admins, {"address": ZERO_ADDRESS}, *MIRRORED_CONTRACTS),
    ),
    Check(
        schema.admin_proposals,
        _proposal,
        one_each(schema.admin_proposals, {"address": ZERO_ADDRESS}, *MIRRORED_CONTRACTS),
    ),
)
