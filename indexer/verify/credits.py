"""Which views of Credits prove which rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from sqlalchemy import select, union

from indexer import schema
from indexer.name_rules import ZERO_ADDRESS
from indexer.rules import DEFAULT_PER_DAY, Account, unpack
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
    numbered,
    one_each,
)
from indexer.verify.recorded import unheard_of
from indexer.verify.views import Question

_CREDITS = "Credits"


def _account(row: Row, _at: At) -> Telling:
    (word,) = yield [Question(_CREDITS, "word_of", (row["address"],))]
    return asdict(unpack(word))


def _limit(row: Row, _at: At) -> Telling:
    """A lowered limit waits where no view sees it; any other is the word's."""
    (word,) = yield [Question(_CREDITS, "word_of", (row["address"],))]
    account = unpack(word)
    if account.lowered:
        return {"lowered": True}  # of a missing row: there must be one
    return {"per_day": account.per_day}


def _epoch(row: Row, at: At) -> Telling:
    """The view counts an epoch that is over but not written down yet."""
    word, epoch = yield [
        Question(_CREDITS, function, (row["address"],)) for function in ("word_of", "epoch_of")
    ]
    return {"epoch": epoch - unpack(word).has_ended(at.timestamp, at.grace)}


def _grant(row: Row, _at: At) -> Telling:
    ((account, amount, state),) = yield [
        Question(_CREDITS, "grant_of", (bytes.fromhex(row["reference"][2:]),))
    ]
    return {"account": account, "amount": amount, "state": state}


def _meter(row: Row, _at: At) -> Telling:
    ((registered, counts_at),) = yield [Question(_CREDITS, "meter_of", (row["address"],))]
    return {"registered": registered, "counts_at": counts_at}


def _settled(snapshot: Snapshot) -> Iterator[range]:
    (following,) = snapshot.ask([Question(_CREDITS, "next_sequence")])
    yield range(following)


_accounts = schema.accounts.c
# Whoever has anything here has been touched in Credits, but for services and names given away.
_holders = union(
    select(schema.limits.c.address),
    select(schema.epochs.c.address),
    select(schema.grants.c.account.label("address")),
    select(schema.subscriptions.c.address),
    select(schema.services.c.owner.label("address")),
    select(schema.names.c.owner.label("address")),
).subquery()

CHECKS = (
    Check(
        schema.terms,
        by_getters(_CREDITS, asset="ASSET", scale="SCALE", grace="GRACE"),
        one_each(schema.terms, None, _CREDITS),
    ),
    Check(
        schema.accounts,
        _account,
        Absent(
            keys_of(
                select(_holders.c.address).where(unheard_of(_holders.c.address, schema.accounts))
            ),
            asdict(Account()),
        ),
    ),
    Check(
        schema.limits,
        _limit,
        Absent(
            keys_of(select(_accounts.address).where(unheard_of(_accounts.address, schema.limits))),
            {"per_day": DEFAULT_PER_DAY, "lowered": False},
        ),
    ),
    Check(
        schema.epochs,
        _epoch,
        Absent(
            keys_of(select(_accounts.address).where(unheard_of(_accounts.address, schema.epochs))),
            {"epoch": 0},
        ),
    ),
    Check(schema.grants, _grant),
    Check(
        schema.settlements,
        by_event,
        Absent(numbered(schema.settlements, "sequence", _settled), None),
        caveat="",  # a settlement never changes, and `next_sequence` counts them
    ),
    Check(
        schema.buying,
        by_getters(_CREDITS, open="buying"),
        one_each(schema.buying, {"open": True}, _CREDITS),
    ),
    Check(
        schema.grant_caps,
        by_getters(_CREDITS, per_day="grant_cap"),
        one_each(schema.grant_caps, {"per_day": 0}, _CREDITS),
    ),
    Check(
        schema.feeds,
        by_getters(_CREDITS, feed="feed", max_age="feed_max_age"),
        one_each(schema.feeds, {"feed": ZERO_ADDRESS, "max_age": 0}, _CREDITS),
    ),
    Check(
        schema.floats,
        by_getters(_CREDITS, amount="float"),
        one_each(schema.floats, {"amount": 0}, _CREDITS),
    ),
    Check(schema.ether, by_event),
    Check(schema.meters, _meter),
    Check(schema.treasury, by_event),
)
