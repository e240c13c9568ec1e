"""What the events of Credits mean."""

from __future__ import annotations

from collections.abc import Mapping

from eth_utils.address import to_checksum_address

from indexer import schema
from indexer.projections.rule import (
    Arguments,
    Batch,
    EventRule,
    Projection,
    Row,
    of_argument,
    of_contract,
)
from indexer.rules import unpack

RULES: Mapping[str, EventRule] = {
    "CreditsDeployed": EventRule(of_contract),
    "Bought": EventRule(of_argument("account"), "account"),
    "EtherSold": EventRule(of_contract, "account"),
    "Refunded": EventRule(of_argument("account"), "account"),
    "RateAdjusted": EventRule(of_argument("account"), "account"),
    "Spent": EventRule(of_argument("account"), "account"),
    "LimitSet": EventRule(of_argument("account"), "account"),
    "EpochEnded": EventRule(of_argument("account"), "account"),
    "Granted": EventRule(of_argument("account"), "account"),
    "GrantFrozen": EventRule(of_argument("account"), "account"),
    "GrantUnfrozen": EventRule(of_argument("account"), "account"),
    "GrantForfeited": EventRule(of_argument("account"), "account"),
    "GrantChanged": EventRule(of_argument("reference")),
    "Settled": EventRule(of_argument("sequence")),
    "Charged": EventRule(of_argument("account"), "account"),
    "MeterSet": EventRule(of_argument("meter")),
    "BuyingSet": EventRule(of_contract),
    "GrantCapSet": EventRule(of_contract),
    "FeedSet": EventRule(of_contract),
    "FloatChanged": EventRule(of_contract),
    "EtherWithdrawn": EventRule(of_contract),
    "EarnedWithdrawn": EventRule(of_contract),
}


def _charges(arguments: Arguments) -> tuple[Row, list[Row]]:
    """A charge is account << 96 | charged << 48 | asked, in micro credit.

    Accounts that nothing was taken from are as they were: they have no entry.
    """
    sequence = arguments["sequence"]
    entries = []
    for packed, word in zip(arguments["charges"], arguments["words"], strict=True):
        charge = int(packed)
        charged = (charge >> 48) & (2**48 - 1)
        if charged:
            entries.append(
                {
                    "account": to_checksum_address((charge >> 96).to_bytes(20, "big")),
                    "sequence": sequence,
                    "asked": str(charge & (2**48 - 1)),
                    "charged": str(charged),
                    "word": word,
                }
            )
    own = {"sequence": sequence, "root": arguments["root"], "charges": arguments["charges"]}
    return own, entries


def _grant_changed(state: int) -> Batch:
    def split(arguments: Arguments) -> tuple[Row, list[Row]]:
        entry = {name: arguments[name] for name in ("reference", "account", "amount")}
        return dict(arguments), [entry | {"state": str(state)}]

    return Batch("GrantChanged", split)


BATCHES: Mapping[str, Batch] = {
    "Settled": Batch("Charged", _charges),
    "Granted": _grant_changed(1),
    "GrantFrozen": _grant_changed(2),
    "GrantUnfrozen": _grant_changed(1),
    "GrantForfeited": _grant_changed(3),
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


def _grant(_contract: str, arguments: Arguments) -> Row:
    return {
        "reference": arguments["reference"],
        "account": arguments["account"],
        "amount": int(arguments["amount"]),
        "state": int(arguments["state"]),
    }


def _settlement(_contract: str, arguments: Arguments) -> Row:
    return {
        "sequence": int(arguments["sequence"]),
        "root": arguments["root"],
        "entries": len(arguments["charges"]),
    }


def _buying(contract: str, arguments: Arguments) -> Row:
    return {"contract": contract, "open": arguments["open"]}


def _grant_cap(contract: str, arguments: Arguments) -> Row:
    return {"contract": contract, "per_day": int(arguments["per_day"])}


def _feed(contract: str, arguments: Arguments) -> Row:
    return {
        "contract": contract,
        "feed": arguments["feed"],
        "max_age": int(arguments["max_age"]),
    }


def _float(contract: str, arguments: Arguments) -> Row:
    return {"contract": contract, "amount": int(arguments["float"])}


def _ether(contract: str, arguments: Arguments) -> Row:
    return {"contract": contract, "wei": int(arguments["wei_held"])}


def _meter(_contract: str, arguments: Arguments) -> Row:
    return {
        "address": arguments["meter"],
        "registered": arguments["registered"],
        "counts_at": int(arguments["counts_at"]),
    }


def _treasury(contract: str, arguments: Arguments) -> Row:
    return {"contract": contract, "earned": int(arguments["earned"])}


PROJECTIONS: tuple[Projection, ...] = (
    Projection(schema.terms, {"CreditsDeployed": _terms}),
    Projection(
        schema.accounts,
        dict.fromkeys(
            (
                *("Bought", "Refunded", "RateAdjusted", "Spent", "LimitSet", "EpochEnded"),
                *("Granted", "GrantFrozen", "GrantUnfrozen", "GrantForfeited", "Charged"),
            ),
            _account,
        ),
    ),
    Projection(schema.limits, {"LimitSet": _limit}),
    Projection(schema.epochs, {"EpochEnded": _epoch}),
    Projection(schema.grants, {"GrantChanged": _grant}),
    Projection(schema.settlements, {"Settled": _settlement}),
    Projection(schema.buying, {"BuyingSet": _buying}),
    Projection(schema.grant_caps, {"GrantCapSet": _grant_cap}),
    Projection(schema.feeds, {"FeedSet": _feed}),
    Projection(schema.floats, dict.fromkeys(("FloatChanged", "EtherSold"), _float)),
    Projection(schema.ether, dict.fromkeys(("EtherSold", "EtherWithdrawn"), _ether)),
    Projection(schema.meters, {"MeterSet": _meter}),
    Projection(schema.treasury, {"EarnedWithdrawn": _treasury}),
)
