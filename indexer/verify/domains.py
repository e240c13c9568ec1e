"""Which views of Domains prove the rows of names, their tokens, prices, and names of the DNS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice

from eth_utils.crypto import keccak
from sqlalchemy import Select, Table, func, select, union

from indexer import schema
from indexer.name_rules import ZERO_ADDRESS, Name
from indexer.verify.check import (
    Absent,
    At,
    Check,
    Row,
    Snapshot,
    Telling,
    by_event,
    by_getters,
    keys_of,
    one_each,
)
from indexer.verify.recorded import unheard_of
from indexer.verify.report import Difference
from indexer.verify.views import Question

DOMAINS = "Domains"
_CHUNK = 500  # owners asked about at once


def node_bytes(row: Row) -> bytes:
    """The 32 bytes of a row's node; ValueError for no hex."""
    return bytes.fromhex(row["node"][2:])


def names_without(table: Table) -> Select[tuple[str]]:
    """The names that another table has neither row nor event of."""
    return select(schema.names.c.node).where(unheard_of(schema.names.c.node, table))


def _name(row: Row, _at: At) -> Telling:
    (name,) = yield [Question(DOMAINS, "name_of", (node_bytes(row),))]
    return name  # type: ignore[no-any-return]  # the ABI decides


def _label(row: Row, _at: At) -> Telling:
    """A label whose node is the row's is its label: there is no other (keccak)."""
    label = row.get("label", "")
    (node,) = yield [Question(DOMAINS, "node_of", (label.encode(),))]
    return {"label": label} if node == row["node"] else {}


def _token(row: Row, _at: At) -> Telling:
    (name,) = yield [Question(DOMAINS, "name_of", (node_bytes(row),))]
    return {"holder": name["owner"]}


def _operator(row: Row, _at: At) -> Telling:
    (approved,) = yield [Question(DOMAINS, "isApprovedForAll", (row["owner"], row["operator"]))]
    return {"approved": approved}


def _commitment(row: Row, _at: At) -> Telling:
    commitment = bytes.fromhex(row["commitment"][2:])
    (committed_at,) = yield [Question(DOMAINS, "commitments", (commitment,))]
    return {"committed_at": committed_at}


def _terms(_row: Row, _at: At) -> Telling:
    """The top label stands nowhere but in its event."""
    node, credits_, hosting = yield [
        Question(DOMAINS, function) for function in ("TOP_NODE", "CREDITS", "HOSTING")
    ]
    return {"top_node": node, "credits": credits_, "hosting": hosting}


def _prices(_row: Row, at: At) -> Telling:
    """What the prices were before is told until they change."""
    ((current, after, changes_at),) = yield [Question(DOMAINS, "prices")]
    told = {f"after_{length}": price for length, price in enumerate(after, 3)}
    if at.timestamp < changes_at:
        told |= {f"before_{length}": price for length, price in enumerate(current, 3)}
    return {**told, "changes_at": changes_at}


def _dns_name(row: Row, at: At) -> Telling:
    """An attestation that ran out looks like one that was revoked: the event says which."""
    name = row["name"].encode()
    ((owner, until),) = yield [Question(DOMAINS, "dns_of", (name,))]
    if owner == ZERO_ADDRESS and row["until"] <= at.timestamp:
        return {}
    is_preimage = "0x" + keccak(name).hex() == row["name_hash"]
    return {"owner": owner, "until": until} | ({"name": row["name"]} if is_preimage else {})


def _counted(snapshot: Snapshot) -> Iterator[Difference]:
    """Names that are missing altogether, by how many their owners have."""
    names = schema.names.c
    owners = union(select(names.owner), select(schema.accounts.c.address.label("owner"))).subquery()
    owned = select(func.count()).where(names.owner == owners.c.owner).scalar_subquery()
    rows = snapshot.stream(select(owners.c.owner, owned.label("owned")))
    while chunk := list(islice(rows, _CHUNK)):
        said = snapshot.ask([Question(DOMAINS, "balanceOf", (row["owner"],)) for row in chunk])
        for row, count in zip(chunk, said, strict=True):
            if count not in (None, row["owned"]):
                yield Difference(
                    str(schema.names.name), row["owner"], "balanceOf", row["owned"], count
                )


_nodes = union(
    *(
        select(table.c.node)
        for table in (
            schema.name_labels,
            schema.name_tokens,
            schema.name_approvals,
            schema.content_hashes,
            schema.name_addrs,
            schema.name_texts,
        )
    )
).subquery()
_claims = schema.dns_claims.c

CHECKS = (
    Check(schema.name_terms, _terms, one_each(schema.name_terms, None, DOMAINS), caveat=""),
    Check(
        schema.names,
        _name,
        Absent(
            keys_of(select(_nodes.c.node).where(unheard_of(_nodes.c.node, schema.names))),
            asdict(Name()),
        ),
        more=_counted,
    ),
    Check(
        schema.name_labels,
        _label,
        Absent(keys_of(names_without(schema.name_labels)), None),
        caveat="",  # a node's label never changes
    ),
    Check(schema.commitments, _commitment),
    Check(
        schema.name_tokens,
        _token,
        Absent(keys_of(names_without(schema.name_tokens)), {"holder": ZERO_ADDRESS}),
    ),
    Check(schema.name_operators, _operator),
    Check(
        schema.base_uris,
        by_getters(DOMAINS, base_uri="base_uri"),
        one_each(schema.base_uris, {"base_uri": ""}, DOMAINS),
    ),
    Check(
        schema.name_prices,
        _prices,
        one_each(schema.name_prices, None, DOMAINS),
        caveat="",  # a newer event would have changed `changes_at`
    ),
    Check(
        schema.registering,
        by_getters(DOMAINS, open="registering"),
        one_each(schema.registering, {"open": True}, DOMAINS),
    ),
    Check(schema.dns_claims, by_event, caveat="no view tells whether another claim is missing"),
    Check(
        schema.dns_names,
        _dns_name,
        Absent(
            keys_of(
                select(_claims.name_hash, _claims.name)
                .where(unheard_of(_claims.name_hash, schema.dns_names))
                .distinct()
            ),
            {"owner": ZERO_ADDRESS, "until": 0},
        ),
    ),
)
