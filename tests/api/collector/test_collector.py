"""The collector: what it removes, when, and what it never touches."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from api.collector import service as collector
from api.collector.service import collect
from api.db import begin, db, utc_now, writing
from api.holds.links import index_dag
from api.holds.models import Hold, HoldKind
from api.holds.repository import add_hold, release_holds
from api.storage.ports import BlockStore
from api.storage.unixfs import Cid, DirectoryBuilder, import_file
from api.storage.unixfs.walk import walk_blocks
from indexer import schema
from indexer.acts import acts
from tests.api.world import GRACE, Mirror, Wallet

DAY = 86_400
LONG_AGO = timedelta(days=40)


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture(autouse=True)
def context(app: Flask, mirror: Mirror) -> Iterator[None]:
    mirror.cursor(finalized_number=mirror.block)
    block(mirror, mirror.block, mirror.now)
    with app.app_context():
        yield


@pytest.fixture
def store(app: Flask) -> BlockStore:
    found: BlockStore = app.extensions["dspace_store"]
    return found


@pytest.fixture
def owner(wallet: Callable[..., Wallet], mirror: Mirror) -> Wallet:
    made = wallet(rate=1_000)
    mirror.service(7, made.address, plan=3)
    return made


def block(mirror: Mirror, number: int, timestamp: int) -> None:
    with mirror.engine.begin() as conn:
        conn.execute(schema.blocks.delete().where(schema.blocks.c.number == number))
        conn.execute(
            schema.blocks.insert().values(
                number=number, hash=f"0x{number:064x}", parent_hash="0x0", timestamp=timestamp
            )
        )


def folder(store: BlockStore, *texts: str) -> Cid:
    builder = DirectoryBuilder()
    for text in texts:
        builder.add_file(("d", text), import_file(io.BytesIO(text.encode()), store))
    root = builder.build(store).cid
    store.flush()
    return root


def age(store: BlockStore) -> None:
    """As if everything had been put long ago."""
    for cid in store.cids():
        path = store.path(cid)
        assert path is not None
        os.utime(path, (1, 1))


def hold(store: BlockStore, subject: str, root: Cid, service_id: int = 7) -> None:
    with writing():
        add_hold(HoldKind.PIN, subject, service_id, root, 1, store)


def released(subject: str, ago: timedelta) -> None:
    with writing():
        release_holds(HoldKind.PIN, [subject])
        db.session.execute(
            update(Hold).where(Hold.subject == subject).values(released_at=utc_now() - ago)
        )


def subjects() -> set[str]:
    begin(writes=False)
    return set(db.session.scalars(select(Hold.subject)))


def is_whole(store: BlockStore, root: Cid) -> bool:
    return len(list(walk_blocks(store, [root]))) > 0


def test_what_is_held__stays_and_what_is_not__goes(store: BlockStore, owner: Wallet) -> None:
    kept = folder(store, "kept", "shared")
    hold(store, "one", kept)
    folder(store, "garbage", "shared")
    age(store)
    before = set(store.cids())
    done = collect()
    assert is_whole(store, kept)
    assert set(store.cids()) == {str(cid) for cid, _ in walk_blocks(store, [kept])}
    assert (done.blocks, done.seen) == (len(before) - len(set(store.cids())), len(before))


def test_a_hold_of_before_there_was_an_index__is_indexed_before_anything_goes(
    store: BlockStore, owner: Wallet
) -> None:
    root = folder(store, "old", "older")
    with writing():
        add_hold(HoldKind.DEPLOYMENT, "old", 7, root, 1, None)
    age(store)
    assert collect().blocks == 0
    assert is_whole(store, root)
    begin(writes=False)
    assert collector.repository.list_unindexed() == []


def test_what_was_just_put__stays_for_a_day(store: BlockStore) -> None:
    root = folder(store, "coming in")
    assert collect().blocks == 0
    assert is_whole(store, root)


def test_what_was_let_go__stays_for_the_grace_period(store: BlockStore, owner: Wallet) -> None:
    root = folder(store, "let go")
    hold(store, "one", root)
    age(store)
    released("one", timedelta(days=13))
    assert collect().holds == 0
    assert is_whole(store, root)
    released_at = utc_now() - timedelta(days=15)
    with writing():
        db.session.execute(update(Hold).values(released_at=released_at))
    done = collect()
    assert (done.holds, done.roots) == (1, [str(root)])
    assert list(store.cids()) == []


def test_a_dry_run__changes_nothing(store: BlockStore, owner: Wallet) -> None:
    root = folder(store, "let go")
    hold(store, "one", root)
    folder(store, "garbage")
    age(store)
    released("one", LONG_AGO)
    done = collect(dry_run=True)
    assert (done.holds, done.blocks) == (1, 3)
    assert subjects() == {"one"}
    assert is_whole(store, root)


def test_every_end__is_recorded_on_a_final_block(
    store: BlockStore, owner: Wallet, mirror: Mirror
) -> None:
    hold(store, "one", folder(store, "x"))
    released("one", LONG_AGO)
    collect()
    with mirror.engine.connect() as conn:
        row = conn.execute(select(acts)).one()
    assert (row.kind, row.subject, row.block_number) == ("content_released", "pin:one", 10)


class TestServices:
    """A service that ended keeps its content for the grace period of the platform."""

    def ended(self, mirror: Mirror, owner: Wallet, days_ago: int) -> None:
        then = mirror.now - days_ago * DAY
        mirror.at(mirror.block + 1, then)
        mirror.service(7, owner.address, plan=3, state=4)
        mirror.at(mirror.block + 1, then + days_ago * DAY)
        mirror.cursor(finalized_number=mirror.block)
        block(mirror, mirror.block, mirror.now)

    @pytest.mark.parametrize(("days", "gone"), [(13, False), (15, True)])
    def test_a_stopped_one(
        self, store: BlockStore, owner: Wallet, mirror: Mirror, days: int, gone: bool
    ) -> None:
        hold(store, "one", folder(store, "x"))
        self.ended(mirror, owner, days)
        collect()
        assert subjects() == (set() if gone else {"one"})

    @pytest.mark.parametrize(("days", "gone"), [(27, False), (29, True)])
    def test_one_that_ran_dry(
        self, store: BlockStore, owner: Wallet, mirror: Mirror, days: int, gone: bool
    ) -> None:
        assert GRACE == 14 * DAY
        hold(store, "one", folder(store, "x"))
        mirror.account(owner.address, paid=0, rate=1_000, updated_at=mirror.now - days * DAY)
        collect()
        assert subjects() == (set() if gone else {"one"})

    def test_a_free_one_past_its_period(
        self, store: BlockStore, owner: Wallet, mirror: Mirror
    ) -> None:
        mirror.service(8, owner.address, plan=1, state=1, rate=0, expires_at=mirror.now - 15 * DAY)
        hold(store, "expired", folder(store, "x"), 8)
        with writing():
            db.session.execute(update(Hold).values(kind="deployment"))
        collect()
        assert subjects() == set()

    @pytest.mark.parametrize("state", [2, 3])
    def test_a_paused_or_suspended_one__keeps_everything(
        self, store: BlockStore, owner: Wallet, mirror: Mirror, state: int
    ) -> None:
        mirror.account(owner.address, rate=0)
        mirror.at(mirror.block + 1, mirror.now + 400 * DAY)
        mirror.service(7, owner.address, plan=3, state=state, rate=1_000)
        mirror.cursor(finalized_number=mirror.block)
        block(mirror, mirror.block, mirror.now)
        hold(store, "one", folder(store, "x"))
        collect()
        assert subjects() == {"one"}

    def test_an_end_above_the_final_block__is_none_yet(
        self, store: BlockStore, owner: Wallet, mirror: Mirror
    ) -> None:
        hold(store, "one", folder(store, "x"))
        self.ended(mirror, owner, 20)
        mirror.cursor(finalized_number=10)
        collect()
        assert subjects() == {"one"}

    def test_a_pin__goes_over_to_another_storage_service_of_its_owner(
        self, store: BlockStore, owner: Wallet, mirror: Mirror
    ) -> None:
        hold(store, "one", folder(store, "x"))
        self.ended(mirror, owner, 20)
        mirror.service(9, owner.address, plan=3)
        mirror.cursor(finalized_number=mirror.block)
        collect()
        begin(writes=False)
        assert [int(row.service_id) for row in db.session.scalars(select(Hold))] == [9]


def test_a_hold_that_comes_during_a_sweep__is_respected(
    store: BlockStore, owner: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = [folder(store, f"late {number}") for number in range(4)]
    age(store)
    monkeypatch.setattr(collector, "_BLOCKS_AT_ONCE", 2)
    sweep = collector.repository.unheld
    held: list[Cid] = []

    def unheld(cids: Any) -> list[str]:
        found = sweep(cids)
        db.session.rollback()
        for root in roots:
            if not held and all(store.has(str(cid)) for cid, _ in walk(store, root)):
                held.append(root)
                hold(store, "late", root)
        begin(writes=True)
        return sweep(cids) if held else found

    monkeypatch.setattr(collector.repository, "unheld", unheld)
    collect()
    assert held
    assert is_whole(store, held[0])
    assert set(store.cids()) == {str(cid) for cid, _ in walk_blocks(store, held)}


def walk(store: BlockStore, root: Cid) -> list[tuple[Cid, bytes]]:
    return list(walk_blocks(store, [root])) if store.has(str(root)) else []


def test_a_node_whose_child_was_removed__is_indexed_anew_when_it_is_held_again(
    store: BlockStore, owner: Wallet
) -> None:
    root = folder(store, "x")
    hold(store, "one", root)
    released("one", LONG_AGO)
    age(store)
    path = store.path(str(root))
    assert path is not None
    os.utime(path)  # the root is young; what lies below it goes
    collect()
    assert list(store.cids()) == [str(root)]
    assert folder(store, "x") == root
    hold(store, "two", root)
    age(store)
    collect()
    assert is_whole(store, root)
    begin(writes=True)
    index_dag(store, root)


def test_a_run_that_is_cut_off__is_finished_by_the_next(
    store: BlockStore, owner: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = folder(store, "kept")
    hold(store, "one", kept)
    for number in range(10):
        folder(store, f"garbage {number}")
    age(store)
    monkeypatch.setattr(collector, "_BLOCKS_AT_ONCE", 5)
    forget = collector.repository.forget_links
    calls = 0

    def cut(removed: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError("the power went")
        forget(removed)

    monkeypatch.setattr(collector.repository, "forget_links", cut)
    with pytest.raises(RuntimeError):
        collect()
    collect()
    assert set(store.cids()) == {str(cid) for cid, _ in walk_blocks(store, [kept])}


def test_the_final_block__has_a_clock_of_its_own(
    store: BlockStore, owner: Wallet, mirror: Mirror
) -> None:
    hold(store, "one", folder(store, "x"))
    released("one", timedelta(days=15))
    then = int((datetime.now(UTC) - timedelta(days=10)).timestamp())
    block(mirror, mirror.block, then)
    assert collect().holds == 0
