"""What the events of Domains mean."""

from __future__ import annotations

from collections.abc import Mapping

from eth_utils.crypto import keccak

from indexer import schema
from indexer.name_rules import ZERO_ADDRESS, unpack_name
from indexer.projections.rule import (
    Arguments,
    EventRule,
    Projection,
    Row,
    of_argument,
    of_both,
    of_contract,
)


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
    "DomainsDeployed": EventRule(of_contract),
    "Committed": EventRule(of_argument("commitment")),
    "NameRegistered": EventRule(of_argument("node"), "owner"),
    "NameRenewed": EventRule(of_argument("node")),  # whose history it is, `Spent` tells
    "NameTransferred": EventRule(of_argument("node"), "owner"),
    "NameLinked": EventRule(of_argument("node"), "owner"),
    "ContenthashSet": EventRule(of_argument("node"), "owner"),
    "AddrSet": EventRule(of_argument("node"), "owner"),
    "TextSet": EventRule(_of_text, "owner"),
    "Transfer": EventRule(_of_token, "sender"),  # the receiver's history has its own event
    "Approval": EventRule(_of_token, "owner"),
    "ApprovalForAll": EventRule(of_both("owner", "operator"), "owner"),
    "BaseUriSet": EventRule(of_contract),
    "PricesSet": EventRule(of_contract),
    "RegisteringSet": EventRule(of_contract),
    "DnsClaimed": EventRule(of_both("name_hash", "claimant"), "claimant"),
    "DnsAttested": EventRule(of_argument("name_hash"), "owner"),
    "DnsRevoked": EventRule(of_argument("name_hash"), "owner"),
}


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
