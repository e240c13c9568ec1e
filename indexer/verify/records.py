"""Which views of Domains prove what names point to, and who is approved.

The views speak of a name's present version, while its time is not over. A row of an older
version, or of a name whose time is over, is as its own event left it; there the views must say
that there is nothing.
"""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak
from sqlalchemy import func, select

from indexer import schema
from indexer.name_rules import ZERO_ADDRESS, Name
from indexer.verify.check import Absent, At, Check, Row, Telling, keys_of
from indexer.verify.domains import DOMAINS, names_without, node_bytes
from indexer.verify.recorded import unheard_of
from indexer.verify.views import Question


def _name_of(row: Row) -> Question:
    return Question(DOMAINS, "name_of", (node_bytes(row),))


def _told(row: Row, at: At, name: Row, column: str, said: Any, none: str) -> Row:
    """What a record's view tells: of a version too, where there is anything in it.

    Where there is nothing, the view says so in every version.
    """
    if said != none:
        return {column: said, "version": name["version"]}
    if Name(**name).points(row["version"], at.timestamp):
        return {column: said}
    return {}


def _content_hash(row: Row, at: At) -> Telling:
    name, said = yield [_name_of(row), Question(DOMAINS, "contenthash", (node_bytes(row),))]
    return _told(row, at, name, "hash", said, "0x")


def _addr(row: Row, at: At) -> Telling:
    name, said = yield [_name_of(row), Question(DOMAINS, "addr", (node_bytes(row),))]
    return _told(row, at, name, "account", said, ZERO_ADDRESS)


def _text(row: Row, at: At) -> Telling:
    """A key that isn't kept as it was, since it is no text, can't be asked for."""
    key = row["key"].encode()
    if "0x" + keccak(key).hex() != row["key_hash"]:
        yield []
        return {}
    name, said = yield [_name_of(row), Question(DOMAINS, "text", (node_bytes(row), key))]
    return {"key": row["key"], **_told(row, at, name, "value", said, "")}


def _approval(row: Row, at: At) -> Telling:
    """One from before the token's last change of hands counts no more.

    The view reverts for a name whose time is over: it isn't asked then.
    """
    if row["expires_at"] is not None and at.timestamp >= row["expires_at"]:
        yield []
        return {}
    token = int(row["node"], 16)
    name, approved = yield [_name_of(row), Question(DOMAINS, "getApproved", (token,))]
    if approved is None:
        return {}
    is_missing, since = "block_number" not in row, (row["moved_in"], row["moved_at"])
    if is_missing or (row["block_number"], row["log_index"]) > since:
        return {"approved": approved, "owner": name["owner"]}
    return {} if approved == ZERO_ADDRESS else {"approved": approved}


_approvals, _tokens, _names = schema.name_approvals, schema.name_tokens, schema.names
_MOVED = (
    _names.c.expires_at,
    func.coalesce(_tokens.c.block_number, -1).label("moved_in"),
    func.coalesce(_tokens.c.log_index, -1).label("moved_at"),
)

CHECKS = (
    Check(
        schema.content_hashes,
        _content_hash,
        Absent(keys_of(names_without(schema.content_hashes)), {"hash": "0x", "version": None}),
    ),
    Check(
        schema.name_addrs,
        _addr,
        Absent(
            keys_of(names_without(schema.name_addrs)),
            {"account": ZERO_ADDRESS, "version": None},
        ),
    ),
    Check(schema.name_texts, _text, caveat="no view tells whether another text is missing"),
    Check(
        _approvals,
        _approval,
        Absent(
            keys_of(
                select(_names.c.node, *_MOVED)
                .outerjoin(_tokens, _tokens.c.node == _names.c.node)
                .where(unheard_of(_names.c.node, _approvals))
            ),
            {"approved": ZERO_ADDRESS},
        ),
        rows=select(_approvals, *_MOVED)
        .outerjoin(_names, _names.c.node == _approvals.c.node)
        .outerjoin(_tokens, _tokens.c.node == _approvals.c.node),
    ),
)
