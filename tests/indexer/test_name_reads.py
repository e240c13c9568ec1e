"""What the API and the gateway ask the mirror about names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event

from indexer import reads
from indexer.database import open_engine
from indexer.name_rules import ZERO_ADDRESS, DnsName, Name, NameState, Prices
from tests.indexer.emitting import person
from tests.indexer.emitting_names import (
    TOP_NODE,
    YEARLY,
    addr,
    approved,
    attested,
    claimed,
    contenthash,
    domains_deployed,
    linked,
    name_word,
    node,
    prices_set,
    registered,
    revoked,
    sent,
    text,
)
from tests.indexer.fakechain import START_TIME, FakeChain, FakeLog, emit
from tests.indexer.mirror import Mirror

ALICE, BOB, CAROL = person(1), person(2), person(3)
DUE = START_TIME + 10**7
SITE, OTHER = 20_000_001, 20_000_002
LATE = 10**10


def owned(number: int, owner: str) -> FakeLog:
    """An active service of plan 2."""
    word = int(owner, 16) | 2_000 << 160 | 2 << 228 | 1 << 252
    return emit("Hosting", "ServiceChanged", service=number, owner=owner, word=word)


@pytest.fixture
def filled(chain: FakeChain, mirror: Mirror) -> Mirror:
    """Block 1 the terms and services, 2 three names, 3 what they point to, 4 DNS."""
    chain.mine(*domains_deployed(), owned(SITE, ALICE), owned(OTHER, BOB))
    chain.mine(
        *registered("alice", ALICE, DUE),
        *registered("abc", ALICE, DUE + 1),
        *registered("bob-s", BOB, DUE + 2),
    )
    chain.mine(
        linked("alice", ALICE, DUE, SITE),
        linked("bob-s", BOB, DUE + 2, OTHER),
        contenthash("alice", name_word(ALICE, DUE, SITE, 0, 4), b"\x12\x34", ALICE),
        addr("alice", ALICE, CAROL),
        text("alice", ALICE, "url", "https://a.example"),
        text("alice", ALICE, "avatar", "x"),
        text("alice", ALICE, "avatar", ""),
        approved("alice", ALICE, CAROL),
        emit("Domains", "ApprovalForAll", owner=ALICE, operator=BOB, approved=True),
    )
    chain.mine(
        claimed("b.example", ALICE),
        claimed("a.example", ALICE),
        attested("a.example", ALICE, DUE),
        attested("b.example", ALICE, DUE + 1),
        attested("gone.example", BOB, DUE),
        revoked("gone.example", BOB),
    )
    mirror.catch_up()
    return mirror


def ask(mirror: Mirror, question: Callable[..., Any], *arguments: Any) -> Any:
    return mirror.read(lambda conn: question(conn, *arguments))


def test_before_domains_is_deployed_there_is_nothing(mirror: Mirror) -> None:
    mirror.start()
    assert ask(mirror, reads.read_name_terms) is None
    assert ask(mirror, reads.read_name_prices) is None
    assert ask(mirror, reads.read_registering) is True
    assert ask(mirror, reads.get_name, "alice") is None


def test_terms_prices_and_switch(chain: FakeChain, filled: Mirror) -> None:
    assert ask(filled, reads.read_name_terms) == reads.NameTerms(TOP_NODE, "dspace")
    yearly = tuple(YEARLY)
    assert ask(filled, reads.read_name_prices) == Prices(yearly, yearly, 1)
    new = [1_000, 2_000, 3_000]
    chain.mine(prices_set(YEARLY, new, DUE), emit("Domains", "RegisteringSet", open=False))
    filled.catch_up()
    assert ask(filled, reads.read_name_prices) == Prices(yearly, (1_000, 2_000, 3_000), DUE)
    assert ask(filled, reads.read_registering) is False


def test_a_name_comes_with_all_that_it_points_to(filled: Mirror) -> None:
    found = ask(filled, reads.get_name, "alice")
    assert found == reads.NameRow(
        node=node("alice"),
        label="alice",
        name=Name(ALICE, DUE, SITE, 0, 4),
        service_owner=ALICE,
        content_hash="0x1234",
        addr=CAROL,
        approved=CAROL,
    )
    assert ask(filled, reads.get_name_of_node, node("alice")) == found
    assert (found.serves(DUE - 1), found.serves(DUE)) == (SITE, 0)
    assert found.name.state(DUE) is NameState.GRACE
    assert ask(filled, reads.read_texts, node("alice")) == {"url": "https://a.example"}
    plain = ask(filled, reads.get_name, "abc")
    assert (plain.content_hash, plain.addr, plain.approved) == ("0x", ZERO_ADDRESS, ZERO_ADDRESS)
    assert (plain.service_owner, plain.serves(0)) == (None, 0)
    assert ask(filled, reads.get_name, "nobodys") is None
    assert ask(filled, reads.get_name_of_node, node("nobodys")) is None


@pytest.mark.parametrize("how", ["sent", "registered again"])
def test_a_change_of_hands_leaves_nothing(chain: FakeChain, filled: Mirror, how: str) -> None:
    if how == "sent":
        chain.mine(*sent("alice", ALICE, BOB, DUE, version=1))
    else:
        chain.mine(*registered("alice", BOB, DUE, before=ALICE, version=1))
    filled.catch_up()
    found = ask(filled, reads.get_name, "alice")
    assert found.name == Name(BOB, DUE, 0, 1, 0)
    assert (found.content_hash, found.addr, found.approved) == ("0x", ZERO_ADDRESS, ZERO_ADDRESS)
    assert ask(filled, reads.read_texts, node("alice")) == {}
    assert ask(filled, reads.list_names_of_service, SITE) == []
    chain.mine(approved("alice", BOB, ALICE), addr("alice", BOB, BOB, version=1))
    filled.catch_up()
    found = ask(filled, reads.get_name, "alice")
    assert (found.approved, found.addr) == (ALICE, BOB)


def test_an_orphaned_change_of_hands_brings_everything_back(
    chain: FakeChain, filled: Mirror
) -> None:
    before = ask(filled, reads.get_name, "alice")
    chain.mine(*sent("alice", ALICE, BOB, DUE, version=1))
    filled.catch_up()
    chain.reorg(1, ())
    filled.catch_up()
    assert ask(filled, reads.get_name, "alice") == before
    filled.assert_equals_replay()


def test_an_owners_names_come_in_pages(filled: Mirror) -> None:
    def page(after: str, limit: int) -> list[str]:
        return [row.label for row in ask(filled, reads.list_names, ALICE, after, limit)]

    first, second = sorted(("alice", "abc"), key=node)
    assert page("", 1) == [first]
    assert page(node(first), 2) == [second]
    assert page(node(second), 2) == []
    assert [row.label for row in ask(filled, reads.list_names, BOB)] == ["bob-s"]


def test_the_names_of_a_service_are_those_of_its_owner(chain: FakeChain, filled: Mirror) -> None:
    def labels(number: int) -> list[str]:
        return [view.label for view in ask(filled, reads.list_names_of_service, number)]

    assert (labels(SITE), labels(OTHER), labels(99)) == (["alice"], ["bob-s"], [])
    chain.mine(owned(SITE, BOB))
    filled.catch_up()
    assert labels(SITE) == []
    assert ask(filled, reads.get_name, "alice").serves(DUE - 1) == 0


def test_only_the_names_that_changed_are_read(chain: FakeChain, filled: Mirror) -> None:
    def labels(since: int | None) -> set[str]:
        return {view.label for view in ask(filled, reads.read_name_views, since)}

    assert labels(None) == labels(2) == {"alice", "abc", "bob-s"}
    assert labels(3) == {"alice", "bob-s"}
    assert labels(4) == set()
    chain.mine(owned(OTHER, CAROL))
    filled.catch_up()
    assert labels(5) == {"bob-s"}


def test_commitments_and_operators(chain: FakeChain, filled: Mirror) -> None:
    commitment = b"\x07" * 32
    chain.mine(emit("Domains", "Committed", commitment=commitment, committed_at=5))
    filled.catch_up()
    assert ask(filled, reads.read_commitment, "0x" + commitment.hex()) == 5
    assert ask(filled, reads.read_commitment, "0x" + "08" * 32) == 0
    assert ask(filled, reads.is_name_operator, ALICE, BOB)
    assert not ask(filled, reads.is_name_operator, BOB, ALICE)


def test_a_dns_name_is_its_owners_until_it_runs_out(filled: Mirror) -> None:
    found = ask(filled, reads.get_dns_name, "a.example")
    assert found == reads.DnsRow("a.example", DnsName(ALICE, DUE))
    assert (found.attested.owner_at(DUE - 1), found.attested.owner_at(DUE)) == (ALICE, None)
    assert ask(filled, reads.get_dns_name, "gone.example").attested.owner_at(0) is None
    assert ask(filled, reads.get_dns_name, "never.example") is None


def test_an_accounts_dns_names_and_claims_come_in_pages(filled: Mirror) -> None:
    def names(*page: Any) -> list[str]:
        return [row.name for row in ask(filled, reads.list_dns_names, *page)]

    assert names(ALICE) == ["a.example", "b.example"]
    assert (names(ALICE, "a.example", 1), names(BOB)) == (["b.example"], [])
    assert ask(filled, reads.list_dns_claims, ALICE) == ["a.example", "b.example"]
    assert ask(filled, reads.list_dns_claims, ALICE, "a.example") == ["b.example"]
    assert ask(filled, reads.has_dns_claim, "a.example", ALICE)
    assert not ask(filled, reads.has_dns_claim, "a.example", BOB)


QUESTIONS: dict[str, Callable[[Connection], Any]] = {
    "get_name": lambda conn: reads.get_name(conn, "alice"),
    "get_name_of_node": lambda conn: reads.get_name_of_node(conn, node("alice")),
    "list_names": lambda conn: reads.list_names(conn, ALICE),
    "list_names_of_service": lambda conn: reads.list_names_of_service(conn, SITE),
    "read_name_views": lambda conn: reads.read_name_views(conn, 3),
    "read_texts": lambda conn: reads.read_texts(conn, node("alice")),
    "read_commitment": lambda conn: reads.read_commitment(conn, "0x"),
    "is_name_operator": lambda conn: reads.is_name_operator(conn, ALICE, BOB),
    "get_dns_name": lambda conn: reads.get_dns_name(conn, "a.example"),
    "list_dns_names": lambda conn: reads.list_dns_names(conn, ALICE),
    "list_dns_claims": lambda conn: reads.list_dns_claims(conn, ALICE),
    "has_dns_claim": lambda conn: reads.has_dns_claim(conn, "a.example", ALICE),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_question_is_one_query_that_reads_no_table_whole(filled: Mirror, question: str) -> None:
    engine = open_engine(filled.database_url, writes=False)
    asked: list[tuple[str, Any]] = []
    with engine.connect() as conn:
        listener = ("before_cursor_execute", lambda _c, _cu, s, p, *_: asked.append((s, p)))
        event.listen(engine, *listener)
        QUESTIONS[question](conn)
        event.remove(engine, *listener)
        ((statement, parameters),) = (one for one in asked if one[0] != "BEGIN")
        plan = conn.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters).all()
    engine.dispose()
    steps = [row[3] for row in plan]
    whole = [step for step in steps if step.startswith("SCAN") and "ubquery" not in step]
    assert not [step for step in whole if step != "SCAN anon_1"], steps
