"""What the store refuses, and that it writes all of a batch or nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import DBAPIError

from indexer import schema
from indexer.abi import load_abi
from indexer.chain.types import Block, Head, RawLog
from indexer.database import open_engine
from indexer.decode import Decoder, Event
from indexer.errors import DeepReorg, NotLeader, SchemaMismatch, WrongChain
from indexer.projections import MIRRORED_CONTRACTS
from indexer.reads import read_account, state_digest
from indexer.store import Store
from tests.indexer.emitting import bought, person
from tests.indexer.fakechain import ADDRESSES, FakeLog, emit

GENESIS = "0x" + "00" * 31 + "01"
DECODER = Decoder({name: (ADDRESSES[name], load_abi(name)) for name in MIRRORED_CONTRACTS})


def block(number: int, branch: int = 0) -> Block:
    parent = 0 if number <= 1 else branch
    return Block(
        number, f"0x{branch:032x}{number:032x}", f"0x{parent:032x}{number - 1:032x}", 1_000 + number
    )


def events(at: Block, *logs: FakeLog) -> list[Event]:
    return [
        event
        for index, e in enumerate(logs)
        for event in DECODER.decode(
            at, RawLog(e.address, e.topics, e.data, at.number, at.hash, "0x" + "cd" * 32, index)
        )
    ]


@pytest.fixture
def engine(database_url: str) -> Engine:
    return open_engine(database_url, writes=True)


@pytest.fixture
def store(engine: Engine) -> Store:
    made = Store(engine, 31337, GENESIS)
    assert made.open()
    made.begin(block(0))
    return made


def paid(store: Store, engine: Engine, who: int = 1) -> int:
    store.close()
    with engine.connect() as conn:
        found = read_account(conn, person(who)).account.paid
    assert store.open()
    return found


def test_a_batch_and_its_rows_stand_together(store: Store, engine: Engine) -> None:
    blocks = [block(1), block(2)]
    found = events(blocks[0], bought(person(1), 5)) + events(blocks[1], bought(person(1), 6))
    as_of = store.apply(blocks, found, Head(9, 1))
    assert (as_of.block_number, as_of.block_hash) == (2, block(2).hash)
    assert (as_of.head_number, as_of.finalized_number) == (9, 1)
    assert paid(store, engine) == 6
    store.close()


def test_a_batch_that_fails_half_way_leaves_nothing(store: Store, engine: Engine) -> None:
    before = store.as_of()
    twice = events(block(1), bought(person(1), 5)) * 2
    with pytest.raises(DBAPIError):
        store.apply([block(1)], twice, Head(1, -1))
    assert store.as_of() == before
    assert store.hashes(0, 9) == {0: block(0).hash}
    assert paid(store, engine) == 0
    store.apply([block(1)], twice[:1], Head(1, -1))
    assert paid(store, engine) == 5
    store.close()


def test_blocks_that_do_not_follow_the_cursor_are_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="doesn't follow"):
        store.apply([block(2)], [], Head(2, -1))
    with pytest.raises(ValueError, match="doesn't follow"):
        store.apply([block(1), block(2, branch=7)], [], Head(2, -1))
    store.close()


def test_a_replacement_restores_what_the_dropped_blocks_wrote_over(
    store: Store, engine: Engine
) -> None:
    store.apply([block(1)], events(block(1), bought(person(1), 5)), Head(1, -1))
    with engine.connect() as conn:
        before = state_digest(conn)
    orphaned = events(block(2), bought(person(1), 6), bought(person(2), 6))
    store.apply([block(2)], orphaned, Head(2, -1))
    as_of = store.replace(1, [], [], Head(1, -1))
    assert as_of.block_hash == block(1).hash
    with engine.connect() as conn:
        assert state_digest(conn) == before
    new = [block(2, 7), block(3, 7)]
    new[0] = replace(new[0], parent_hash=block(1).hash)
    store.replace(1, new, events(new[1], bought(person(2), 9)), Head(3, -1))
    assert (paid(store, engine, 1), paid(store, engine, 2)) == (5, 9)
    store.close()


def test_final_blocks_are_never_replaced(store: Store) -> None:
    before = store.apply([block(1), block(2)], [], Head(9, 1))
    with pytest.raises(DeepReorg):
        store.replace(0, [], [], Head(0, -1))
    assert store.as_of() == before
    store.replace(1, [], [], Head(1, -1))
    store.close()


def test_what_is_final_stays_final(store: Store) -> None:
    store.apply([block(1), block(2)], [], Head(9, 1))
    assert store.note_head(Head(5, 0)).finalized_number == 1
    store.close()


def test_there_is_one_writer(store: Store, database_url: str) -> None:
    second = Store(open_engine(database_url, writes=True), 31337, GENESIS)
    assert not second.open()
    with pytest.raises(NotLeader):
        second.apply([block(1)], [], Head(1, -1))
    store.close()
    assert second.open()
    second.apply([block(1)], [], Head(1, -1))
    second.close()


def test_a_writer_that_was_overtaken_notices(store: Store, engine: Engine) -> None:
    """Should the lock ever fail: the cursor is moved only from where this writer left it."""
    store.apply([block(1)], [], Head(1, -1))
    stale = replace(block(2), parent_hash=block(1).hash)
    with engine.begin() as conn:
        conn.execute(update(schema.cursor).values(block_hash="0x" + "ff" * 32))
    with pytest.raises((NotLeader, ValueError)):
        store.apply([stale], [], Head(2, -1))
    store.close()


def test_tables_of_another_version_are_refused_until_they_are_emptied(
    store: Store, engine: Engine
) -> None:
    with engine.begin() as conn:
        conn.execute(update(schema.cursor).values(schema_version=schema.SCHEMA_VERSION + 1))
    with pytest.raises(SchemaMismatch, match="rebuild"):
        store.check()
    store.reset()
    store.check()
    assert store.as_of() is None
    store.close()


def test_tables_of_another_chain_are_refused(store: Store, engine: Engine) -> None:
    store.close()
    for other in (Store(engine, 1, GENESIS), Store(engine, 31337, "0x" + "ff" * 32)):
        assert other.open()
        with pytest.raises(WrongChain):
            other.check()
        other.close()


def test_the_largest_integers_of_the_chain_fit(store: Store, engine: Engine) -> None:
    at = block(1)
    big = 2**256 - 1
    logs = [
        emit("Credits", "CreditsDeployed", asset=person(1), scale=big, grace=2**63 - 1),
        emit("Credits", "EarnedWithdrawn", to=person(1), amount=big, earned=big),
    ]
    store.apply([at], events(at, *logs), Head(1, -1))
    store.close()
    with engine.connect() as conn:
        assert conn.execute(select(schema.treasury.c.earned)).scalar_one() == big
