"""Which event makes which row: the one place that knows what the contracts' events mean.

A row is a pure function of the last event of its key. Every event of a mirrored contract has a
rule here and feeds at least one table; a test holds that against the ABIs. TestUSD isn't
mirrored: what counts of it is in Credits' events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from sqlalchemy import Table

from indexer import schema
from indexer.name_rules import ZERO_ADDRESS, unpack_name
from indexer.rules import unpack, unpack_service

MIRRORED_CONTRACTS = ("Credits", "Hosting", "Domains")

Arguments = Mapping[str, Any]  # as indexer.decode makes them: JSON
Row = dict[str, Any]
MakeRow = Callable[[str, Arguments], Row]  # (contract, arguments) -> all but the last event


@dataclass(frozen=True, slots=True)
class EventRule:
    """What an event is about."""

    key: Callable[[str, Arguments], str]  # (contract, arguments) -> the subject's key
    account: str | None = None  # the argument that names whose history it belongs to


@dataclass(frozen=True, slots=True)
class Batch:
    """An event of several subjects: kept as itself, and as an entry for each further subject.

    So that an event, or an entry, has one key.
    """

    entry: str  # what an entry is called: it has a rule and feeds tables like an event
    split: Callable[[Arguments], tuple[Row, list[Row]]]  # its own arguments, its entries'


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


def _of_both(first: str, second: str) -> Callable[[str, Arguments], str]:
    return lambda _contract, arguments: f"{arguments[first]}:{arguments[second]}"


def _of_token(_contract: str, arguments: Arguments) -> str:
    return _node(arguments)


def _of_text(_contract: str, arguments: Arguments) -> str:
    """Node and key in one hash: two are longer than an event's key."""
    both = (bytes.fromhex(arguments[name][2:]) for name in ("node", "key_hash"))
    return "0x" + keccak(b"".join(both)).hex()


def _node(arguments: Arguments) -> str:
    """A token's number is its name's node."""
    return f"0x{int(arguments['token_id']):064x}"


RULES: Mapping[str, EventRule] = {
    "CreditsDeployed": EventRule(_of_contract),
    "Bought": EventRule(_of("account"), "account"),
    "EtherSold": EventRule(_of_contract, "account"),
    "Refunded": EventRule(_of("account"), "account"),
    "RateAdjusted": EventRule(_of("account"), "account"),
    "Spent": EventRule(_of("account"), "account"),
    "LimitSet": EventRule(_of("account"), "account"),
    "EpochEnded": EventRule(_of("account"), "account"),
    "Granted": EventRule(_of("account"), "account"),
    "GrantFrozen": EventRule(_of("account"), "account"),
    "GrantUnfrozen": EventRule(_of("account"), "account"),
    "GrantForfeited": EventRule(_of("account"), "account"),
    "GrantChanged": EventRule(_of("reference")),
    "Settled": EventRule(_of("sequence")),
    "Charged": EventRule(_of("account"), "account"),
    "MeterSet": EventRule(_of("meter")),
    "BuyingSet": EventRule(_of_contract),
    "GrantCapSet": EventRule(_of_contract),
    "FeedSet": EventRule(_of_contract),
    "FloatChanged": EventRule(_of_contract),
    "EtherWithdrawn": EventRule(_of_contract),
    "EarnedWithdrawn": EventRule(_of_contract),
    "PlanSet": EventRule(_of("plan")),
    "ServiceStarted": EventRule(_of("service"), "owner"),
    "ServiceChanged": EventRule(_of("service"), "owner"),
    "ServiceTransferred": EventRule(_of("service"), "owner"),
    "ServiceSuspended": EventRule(_of("service"), "owner"),
    "TierSet": EventRule(_of("tier")),
    "Subscribed": EventRule(_of("account"), "account"),
    "RolesChanged": EventRule(_role_holder, "account"),
    "AdminProposed": EventRule(_of_contract, "proposed"),
    "AdminChanged": EventRule(_of_contract, "admin"),
    "DomainsDeployed": EventRule(_of_contract),
    "Committed": EventRule(_of("commitment")),
    "NameRegistered": EventRule(_of("node"), "owner"),
    "NameRenewed": EventRule(_of("node")),  # whose history it is, `Spent` tells
    "NameTransferred": EventRule(_of("node"), "owner"),
    "NameLinked": EventRule(_of("node"), "owner"),
    "ContenthashSet": EventRule(_of("node"), "owner"),
    "AddrSet": EventRule(_of("node"), "owner"),
    "TextSet": EventRule(_of_text, "owner"),
    "Transfer": EventRule(_of_token, "sender"),  # the receiver's history has its own event
    "Approval": EventRule(_of_token, "owner"),
    "ApprovalForAll": EventRule(_of_both("owner", "operator"), "owner"),
    "BaseUriSet": EventRule(_of_contract),
    "PricesSet": EventRule(_of_contract),
    "RegisteringSet": EventRule(_of_contract),
    "DnsClaimed": EventRule(_of_both("name_hash", "claimant"), "claimant"),
    "DnsAttested": EventRule(_of("name_hash"), "owner"),
    "DnsRevoked": EventRule(_of("name_hash"), "owner"),
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
    return {
        "address": arguments["meter"],
        "registered": arguments["registered"],
        "counts_at": int(arguments["counts_at"]),
    }


def _treasury(contract: str, arguments: Arguments) -> Row:
    return {"contract": contract, "earned": int(arguments["earned"])}


def _name_terms(contract: str, arguments: Arguments) -> Row:
    names = ("top_node", "top_label", "credits", "hosting")
    return {"contract": contract, **{name: arguments[name] for name in names}}


def _name(_contract: str, arguments: Arguments) -> Row:
    name = unpack_name(int(arguments["word"]))
    return {
        "node": arguments["node"],
        "owner": name.owner,
        "expires_at": name.expires_at,
        "service": name.service,
        "version": name.version,
        "format": name.format,
    }


def _label(_contract: str, arguments: Arguments) -> Row:
    return {"node": arguments["node"], "label": arguments["label"]}


def _commitment(_contract: str, arguments: Arguments) -> Row:
    return {
        "commitment": arguments["commitment"],
        "committed_at": int(arguments["committed_at"]),
    }


def _token(_contract: str, arguments: Arguments) -> Row:
    return {"node": _node(arguments), "holder": arguments["receiver"]}


def _approval(_contract: str, arguments: Arguments) -> Row:
    return {
        "node": _node(arguments),
        "owner": arguments["owner"],
        "approved": arguments["approved"],
    }


def _operator(_contract: str, arguments: Arguments) -> Row:
    return {name: arguments[name] for name in ("owner", "operator", "approved")}


def _content_hash(_contract: str, arguments: Arguments) -> Row:
    return {
        "node": arguments["node"],
        "hash": arguments["hash"],
        "version": unpack_name(int(arguments["word"])).version,
    }


def _addr(_contract: str, arguments: Arguments) -> Row:
    return {
        "node": arguments["node"],
        "account": arguments["account"],
        "version": int(arguments["version"]),
    }


def _text(_contract: str, arguments: Arguments) -> Row:
    return {
        **{name: arguments[name] for name in ("node", "key_hash", "key", "value")},
        "version": int(arguments["version"]),
    }


def _base_uri(contract: str, arguments: Arguments) -> Row:
    return {"contract": contract, "base_uri": arguments["base_uri"]}


def _name_prices(contract: str, arguments: Arguments) -> Row:
    before, after = arguments["before"], arguments["prices"]
    return {
        "contract": contract,
        **{f"before_{at + 3}": int(price) for at, price in enumerate(before)},
        **{f"after_{at + 3}": int(price) for at, price in enumerate(after)},
        "changes_at": int(arguments["changes_at"]),
    }


def _registering(contract: str, arguments: Arguments) -> Row:
    return {"contract": contract, "open": arguments["open"]}


def _dns_claim(_contract: str, arguments: Arguments) -> Row:
    return {name: arguments[name] for name in ("name_hash", "claimant", "name")}


def _dns_name(_contract: str, arguments: Arguments) -> Row:
    return {
        **{name: arguments[name] for name in ("name_hash", "name", "owner")},
        "until": int(arguments["until"]),
    }


def _dns_revoked(_contract: str, arguments: Arguments) -> Row:
    return {
        "name_hash": arguments["name_hash"],
        "name": arguments["name"],
        "owner": ZERO_ADDRESS,
        "until": 0,
    }


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
    Projection(schema.grants, {"GrantChanged": _grant}),
    Projection(schema.settlements, {"Settled": _settlement}),
    Projection(schema.buying, {"BuyingSet": _buying}),
    Projection(schema.grant_caps, {"GrantCapSet": _grant_cap}),
    Projection(schema.feeds, {"FeedSet": _feed}),
    Projection(schema.floats, dict.fromkeys(("FloatChanged", "EtherSold"), _float)),
    Projection(schema.ether, dict.fromkeys(("EtherSold", "EtherWithdrawn"), _ether)),
    Projection(schema.roles, {"RolesChanged": _roles}),
    Projection(schema.admins, {"AdminChanged": _admin}),
    Projection(
        schema.admin_proposals, {"AdminProposed": _proposal, "AdminChanged": _proposal_taken}
    ),
    Projection(schema.meters, {"MeterSet": _meter}),
    Projection(schema.treasury, {"EarnedWithdrawn": _treasury}),
    Projection(schema.name_terms, {"DomainsDeployed": _name_terms}),
    Projection(
        schema.names,
        dict.fromkeys(
            ("NameRegistered", "NameRenewed", "NameTransferred", "NameLinked", "ContenthashSet"),
            _name,
        ),
    ),
    Projection(schema.name_labels, {"NameRegistered": _label}),
    Projection(schema.commitments, {"Committed": _commitment}),
    Projection(schema.name_tokens, {"Transfer": _token}),
    Projection(schema.name_approvals, {"Approval": _approval}),
    Projection(schema.name_operators, {"ApprovalForAll": _operator}),
    Projection(schema.content_hashes, {"ContenthashSet": _content_hash}),
    Projection(schema.name_addrs, {"AddrSet": _addr}),
    Projection(schema.name_texts, {"TextSet": _text}),
    Projection(schema.base_uris, {"BaseUriSet": _base_uri}),
    Projection(schema.name_prices, {"PricesSet": _name_prices}),
    Projection(schema.registering, {"RegisteringSet": _registering}),
    Projection(schema.dns_claims, {"DnsClaimed": _dns_claim}),
    Projection(schema.dns_names, {"DnsAttested": _dns_name, "DnsRevoked": _dns_revoked}),
)
