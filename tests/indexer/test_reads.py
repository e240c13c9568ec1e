"""What the API and the gateway ask the mirror."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from indexer import reads
from indexer.database import open_engine
from indexer.reads import read_as_of
from indexer.rules import Account, ServiceState, chain_now
from tests.indexer.emitting import bought, deployed, person, service, settled, started, word
from tests.indexer.fakechain import START_TIME, STRANGER, FakeChain, emit
from tests.indexer.mirror import Mirror

OWNER, OTHER, NOBODY = person(1), person(2), person(3)
GRACE = 1_209_600


@pytest.fixture
def filled(chain: FakeChain, mirror: Mirror) -> Mirror:
    """Block 1 the terms, 2 two accounts, 3 four services, 4 changes, 5 the owner's account."""
    chain.mine(deployed(), emit("Credits", "AdminChanged", admin=OTHER))
    chain.mine(bought(OWNER, 10**9, updated_at=START_TIME), bought(OTHER, 7))
    chain.mine(
        started(1, OWNER, reference=b"\x07" * 32),
        started(2, OTHER),
        started(3, OWNER),
        started(4, OWNER),
        emit("Hosting", "RolesChanged", account=OTHER, roles=8),
        emit("Credits", "RolesChanged", account=OTHER, roles=31),
    )
    chain.mine(
        service("ServiceChanged", 1, OWNER, 2), service("ServiceSuspended", 3, OWNER, 3, reason="x")
    )
    chain.mine(
        emit(
            "Credits",
            "LimitSet",
            account=OWNER,
            per_day=5,
            word=word(8, rate=2_000, updated_at=START_TIME),
        ),
        emit("Credits", "EpochEnded", account=OTHER, epoch=2, depleted_at=9, word=word(0)),
    )
    mirror.catch_up()
    return mirror


def test_before_the_first_block_there_is_nothing(mirror: Mirror) -> None:
    assert mirror.read(read_as_of) is None
    mirror.start()
    assert mirror.read(read_as_of) is None
    assert mirror.read(reads.read_terms) is None
    assert mirror.read(reads.list_plans) == []


def test_as_of_tells_the_block_and_how_old_it_is(chain: FakeChain, filled: Mirror) -> None:
    as_of = filled.as_of()
    assert as_of.block_timestamp == chain.head.timestamp
    assert as_of.lag_seconds(chain.head.timestamp + 9) == 9
    assert as_of.lag_seconds(chain.head.timestamp - 9) == 0
    assert filled.read(lambda c: reads.read_block_hash(c, 5)) == chain.head.hash
    assert filled.read(lambda c: reads.read_block_hash(c, 6)) is None


def test_now_is_never_before_the_block() -> None:
    assert (chain_now(100, 90), chain_now(100, 110)) == (100, 110)


def test_terms_are_as_deployed(filled: Mirror) -> None:
    assert filled.read(reads.read_terms) == reads.Terms(STRANGER, 1_000, GRACE)


def test_an_account_has_its_word_limit_epoch_and_roles(filled: Mirror) -> None:
    found = filled.read(lambda conn: reads.read_accounts(conn, [OWNER, OTHER, NOBODY]))
    assert found[OWNER].account == Account(paid=8, rate=2_000, updated_at=START_TIME)
    assert (found[OWNER].set_limit, found[OWNER].epoch, found[OWNER].roles) == (5, 0, {})
    assert (found[OTHER].set_limit, found[OTHER].epoch) == (None, 2)
    assert found[OTHER].roles == {"Credits": 31, "Hosting": 8}
    assert found[OTHER].is_admin("Credits")
    assert not found[OTHER].is_admin("Hosting")
    assert found[NOBODY] == reads.AccountState(NOBODY)


def test_a_service_comes_with_all_that_its_state_needs(chain: FakeChain, filled: Mirror) -> None:
    found = filled.read(lambda conn: reads.get_service(conn, 1))
    assert (found.service.id, found.service.owner, found.service.plan) == (1, OWNER, 2)
    assert found.service.state is ServiceState.PAUSED
    assert (found.account.paid, found.epoch) == (8, 0)
    assert found.started == reads.Started(
        3, chain.blocks[3].timestamp, chain.blocks[3].transaction_hash(0), "0x" + "07" * 32
    )
    assert found.last_change == reads.LastChange(
        "ServiceChanged", 4, chain.blocks[4].timestamp, chain.blocks[4].transaction_hash(0), None
    )
    assert found.state(START_TIME, GRACE) is ServiceState.PAUSED
    assert filled.read(lambda conn: reads.get_service(conn, 4)).state(10**10, GRACE) is (
        ServiceState.STOPPED
    )
    assert filled.read(lambda conn: reads.get_service(conn, 99)) is None


def test_a_suspended_service_tells_why(filled: Mirror) -> None:
    assert filled.read(lambda conn: reads.get_service(conn, 3)).last_change.reason == "x"


def test_an_owners_services_come_in_pages(filled: Mirror) -> None:
    def page(after: int, limit: int) -> list[int]:
        rows = filled.read(lambda conn: reads.list_services(conn, OWNER, after, limit))
        return [row.service.id for row in rows]

    assert (page(0, 2), page(3, 2), page(4, 2)) == ([1, 3], [4], [])


@pytest.mark.parametrize(
    ("since", "expected"), [(6, []), (5, [1, 2, 3, 4]), (4, [1, 2, 3, 4]), (None, [1, 2, 3, 4])]
)
def test_services_changed_with_their_owners_account_count_as_changed(
    filled: Mirror, since: int | None, expected: list[int]
) -> None:
    found = filled.read(lambda conn: reads.read_service_view(conn, since_block=since))
    assert [view.service.id for view in found] == expected
    assert {view.service.id: view.epoch for view in found}.get(2, 2) == 2


def test_only_the_services_that_changed_are_read(chain: FakeChain, filled: Mirror) -> None:
    chain.mine(service("ServiceChanged", 4, OWNER, 2))
    chain.mine(bought(OTHER, 9))
    filled.catch_up()
    changed = filled.read(lambda conn: reads.list_services_changed_since(conn, 6))
    assert [view.service.id for view in changed] == [2, 4]
    assert changed[0].account.paid == 9
    some = filled.read(lambda conn: reads.read_service_view(conn, service_ids=[1, 4, 99]))
    assert [view.service.id for view in some] == [1, 4]


def test_a_ledger_is_read_newest_first_page_by_page(chain: FakeChain, filled: Mirror) -> None:
    seen: list[reads.Place] = []

    def page_after(before: reads.Place | None) -> list[reads.LedgerEvent]:
        return filled.read(lambda c: reads.list_account_events(c, OWNER, before, limit=2))

    while page := page_after(seen[-1] if seen else None):
        seen += [entry.place for entry in page]
    places = [(5, 0), (4, 1), (4, 0), (3, 3), (3, 2), (3, 0), (2, 0)]
    assert seen == [(*place, 0) for place in places]
    newest = filled.read(lambda c: reads.list_account_events(c, OWNER, limit=1))[0]
    assert (newest.contract, newest.name) == ("Credits", "LimitSet")
    assert newest.transaction_hash == chain.head.transaction_hash(0)
    assert newest.arguments["per_day"] == "5"


def test_two_charges_of_one_batch_are_two_lines_of_the_ledger(
    chain: FakeChain, mirror: Mirror
) -> None:
    chain.mine(
        settled(0, (OWNER, 5, 4, word(9)), (person(7), 1, 1, word(1)), (OWNER, 6, 6, word(3)))
    )
    mirror.catch_up()
    newest = mirror.read(lambda c: reads.list_account_events(c, OWNER, limit=1))
    older = mirror.read(lambda c: reads.list_account_events(c, OWNER, newest[0].place, limit=5))
    lines = [(entry.part, entry.name, entry.arguments["charged"]) for entry in newest + older]
    assert lines == [(3, "Charged", "6"), (1, "Charged", "4")]
    assert mirror.read(lambda c: reads.read_account(c, OWNER)).account.paid == 3


def test_a_page_of_services_is_a_fixed_number_of_queries(filled: Mirror) -> None:
    engine = open_engine(filled.database_url, writes=False)
    statements: list[str] = []
    event.listen(
        engine, "before_cursor_execute", lambda _c, _cu, statement, *_: statements.append(statement)
    )
    with engine.connect() as conn:
        counts = []
        for limit in (1, 3):
            before = len(statements)
            reads.list_services(conn, OWNER, 0, limit)
            counts.append(len(statements) - before)
    assert counts[1] == 2
    engine.dispose()


def test_the_digest_changes_with_any_row_and_is_the_same_on_both_databases(
    chain: FakeChain, filled: Mirror
) -> None:
    before = filled.read(reads.state_digest)
    filled.assert_equals_replay()  # the replay is on SQLite
    chain.mine(bought(NOBODY, 1))
    filled.catch_up()
    assert filled.read(reads.state_digest) != before
