"""The collector's rules one by one, and its races."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select

from api.collector import hooks, sweeping
from api.collector.ending import note_ended_services
from api.collector.errors import AlreadyCollecting, NothingFinal
from api.collector.models import EndedService
from api.collector.service import collect
from api.collector.sweeping import sweep_blocks
from api.db import begin, db, writing
from api.holds.links import BlockLink, index_dag
from api.holds.models import Hold, HoldKind
from api.holds.repository import add_hold, drop_hold, release_holds, take_back_holds
from api.migrate import migrate
from api.storage.embedded import EmbeddedBlockStore
from api.storage.ports import BlockMissing
from api.storage.unixfs import Cid
from api.storage.unixfs.cid import RAW
from indexer.acts import list_acts_without_ground
from tests.api.collector.kept import Kept, address
from tests.api.world import make_settings


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def kept(tmp_path: Path, database_url: str) -> Iterator[Kept]:
    """Service 1 is active; it is paid by an account that streams nothing."""
    settings = make_settings(tmp_path / "data", database_url)
    migrate(settings)
    made = Kept(settings)
    for number in (1, 2):
        made.mirror.account(address(number))
        made.mirror.service(number, address(number))
    made.final()
    yield made
    made.close()


def hold(kept: Kept, subject: str, files: dict[str, bytes], service_id: int = 1) -> Cid:
    root = kept.tree(files)
    with writing():
        add_hold(HoldKind.FOLDER, subject, service_id, root, 1, kept.store)
    return root


def links() -> int:
    begin(writes=False)
    return db.session.scalar(select(func.count()).select_from(BlockLink)) or 0


def test_what_was_let_go__stays_for_the_grace_period_and_then_goes(kept: Kept) -> None:
    root = hold(kept, "a", {"one": b"1", "two": b"2"})
    hold(kept, "b", {"one": b"1"})
    with writing():
        release_holds(HoldKind.FOLDER, ["a"])
    kept.days_pass(13.9)
    assert collect().holds_let_go == 0
    kept.below(root)
    kept.days_pass(0.2)
    done = collect()
    assert (done.holds_let_go, done.nodes_forgotten, done.blocks_removed) == (1, 1, 2)
    assert len(kept.blocks()) == 2
    assert links() == 1


def test_what_is_taken_back__is_kept(kept: Kept) -> None:
    root = hold(kept, "a", {"one": b"1"})
    with writing():
        release_holds(HoldKind.FOLDER, ["a"])
    kept.days_pass(13)
    with writing():
        assert take_back_holds(HoldKind.FOLDER, ["a"]) == {"a"}
    kept.days_pass(13)
    collect()
    kept.below(root)


def test_each_removal__is_in_the_register_with_its_final_block(kept: Kept) -> None:
    root = hold(kept, "a", {"one": b"1"})
    with writing():
        release_holds(HoldKind.FOLDER, ["a"])
    kept.days_pass(15)
    kept.next_block(final=False)
    final = collect().final_block
    assert final == kept.mirror.block - 1
    begin(writes=False)
    (act,) = list_acts_without_ground(db.session.connection(), 0)
    assert (act.kind, act.subject, act.block_number) == ("content_deleted", "folder a", final)
    assert act.block_hash == f"0x{final:064x}"
    assert act.details["cid"] == str(root)


def test_the_register__takes_more_from_anyone_and_changes_from_nobody(kept: Kept) -> None:
    begin(writes=False)
    if db.engine.dialect.name != "postgresql":
        return  # one file, one owner
    allowed = {
        right: db.session.scalar(
            select(func.has_table_privilege("public", "irreversible_acts", right))
        )
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE")
    }
    assert allowed == {"SELECT": True, "INSERT": True, "UPDATE": False, "DELETE": False}


@pytest.mark.parametrize(
    ("state", "expires", "goes"),
    [(1, 0, False), (2, 0, False), (3, 0, False), (4, 0, True), (1, -1, True)],
    ids=["active", "paused", "suspended", "stopped", "expired"],
)
def test_only_what_is_over__loses_its_content(
    kept: Kept, state: int, expires: int, goes: bool
) -> None:
    root = hold(kept, "a", {"one": b"1"})
    kept.next_block(final=False)
    kept.mirror.service(
        1, address(1), state=state, plan=1, expires_at=int(time.time()) - 5 if expires else 0
    )
    kept.final()
    collect()
    kept.days_pass(13.9)
    collect()
    kept.below(root)
    kept.days_pass(0.2)
    assert collect().holds_of_ended_services == goes
    assert kept.store.has(str(root)) != goes


def test_who_lapsed__keeps_everything_for_both_grace_periods(kept: Kept) -> None:
    root = hold(kept, "a", {"one": b"1"})
    kept.mirror.account(address(1), paid=0, rate=2_000, updated_at=int(time.time()))
    for days in (1, 12.9, 0.2, 12.8):  # over after 14 days, and then 14 more
        kept.days_pass(days)
        collect()
        kept.below(root)
    kept.mirror.account(address(1), paid=10**12, rate=2_000, updated_at=int(time.time()))
    kept.days_pass(2)
    collect()
    kept.below(root)  # resumed in time, by nothing but a top-up
    kept.mirror.account(address(1), paid=0, rate=2_000, updated_at=int(time.time()))
    for days in (14.1, 14.1):
        kept.days_pass(days)
        collect()
    assert not kept.store.has(str(root))


def test_an_end_that_is_not_final__begins_no_grace_period(kept: Kept) -> None:
    root = hold(kept, "a", {"one": b"1"})
    kept.next_block(final=False)
    kept.mirror.service(1, address(1), state=4)
    kept.mirror.cursor(finalized_number=kept.mirror.block - 1)
    note_ended_services()
    begin(writes=False)
    assert db.session.get(EndedService, 1) is None
    kept.final()
    note_ended_services()
    begin(writes=False)
    marked = db.session.get(EndedService, 1)
    assert marked is not None
    assert marked.state == "stopped"
    # A reorg below: the service never stopped.
    kept.next_block(final=False)
    kept.mirror.service(1, address(1))
    kept.final()
    kept.days_pass(20)
    assert collect().holds_of_ended_services == 0
    kept.below(root)
    begin(writes=False)
    assert db.session.get(EndedService, 1, populate_existing=True) is None


def test_in_doubt__an_ended_service_loses_nothing(kept: Kept) -> None:
    root = hold(kept, "a", {"one": b"1"})
    kept.next_block(final=False)
    kept.mirror.service(1, address(1), state=4)
    kept.final()
    collect()
    kept.days_pass(15)
    kept.next_block(final=False)
    kept.mirror.event("Bought", address(1), address(1), {})  # not final: who knows what it does
    assert collect().holds_of_ended_services == 0
    kept.below(root)
    kept.final()
    assert collect().holds_of_ended_services == 1


def test_without_a_final_block__nothing_is_done(kept: Kept) -> None:
    kept.mirror.cursor(finalized_number=-1)
    with pytest.raises(NothingFinal):
        collect()


def test_a_mirror_that_is_rebuilt__loses_nobody_anything(kept: Kept) -> None:
    from indexer import schema

    root = hold(kept, "a", {"one": b"1"})
    kept.mirror.wipe(schema.services)
    for _ in range(3):
        kept.days_pass(15)
        collect()
    kept.below(root)


def test_what_was_put_and_is_not_held__stays_a_day(kept: Kept) -> None:
    root = kept.tree({"one": b"1"})
    kept.days_pass(0.9)
    assert collect().blocks_removed == 0
    kept.tree({"one": b"1"})  # puts what is there
    kept.days_pass(0.9)
    assert collect().blocks_removed == 0
    kept.below(root)
    kept.days_pass(0.2)
    assert collect().blocks_removed == 2


def test_a_hold_that_is_not_indexed__keeps_what_is_there(kept: Kept) -> None:
    """As of what was deployed before there was an index, and of a pin that isn't whole yet."""
    whole = kept.tree({"one": b"1"})
    part = kept.tree({"a/two": b"2", "b/three": b"3"})
    missing = next(cid for cid in sorted(kept.below(part)) if cid.startswith("bafk"))
    kept.store.remove_older([missing], put_before=2**40)
    with writing():
        add_hold(HoldKind.PIN, "whole", 1, whole, 1, None)
        add_hold(HoldKind.PIN, "part", 1, part, 1, None)
    before = kept.blocks()
    for _ in range(3):
        kept.days_pass(2)
        collect()
    assert kept.blocks() == before
    begin(writes=False)
    waiting = select(Hold.subject).where(Hold.indexed.is_(False))
    assert list(db.session.scalars(waiting)) == ["part"]


def test_whoever_keeps_copies__hears_of_roots_and_of_blocks(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots: list[str] = []
    blocks: list[str] = []
    monkeypatch.setattr(hooks, "ROOTS_LET_GO", (roots.extend,))
    monkeypatch.setattr(hooks, "BLOCKS_REMOVED", (blocks.extend,))
    gone = hold(kept, "a", {"one": b"1"})
    shared = hold(kept, "b", {"two": b"2"})
    hold(kept, "c", {"two": b"2"})
    with writing():
        release_holds(HoldKind.FOLDER, ["a", "b"])
    kept.days_pass(15)
    expected = kept.below(gone)
    collect()
    assert roots == [str(gone)]
    assert set(blocks) == expected
    kept.below(shared)


def test_one_at_a_time(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    second: list[type[Exception]] = []

    def while_it_runs() -> int:
        with pytest.raises(AlreadyCollecting):
            collect()
        second.append(AlreadyCollecting)
        return 0

    monkeypatch.setattr("api.collector.service.forget_unheld", while_it_runs)
    collect()
    assert second == [AlreadyCollecting]


def test_a_dry_run__tells_and_changes_nothing(kept: Kept) -> None:
    hold(kept, "a", {"one": b"1", "two": b"2"})
    hold(kept, "b", {"one": b"1"}, 2)
    with writing():
        release_holds(HoldKind.FOLDER, ["a"])
    kept.days_pass(15)
    before = kept.blocks()
    told = collect(dry_run=True)
    assert (told.holds_let_go, told.blocks_removed, told.dry_run) == (1, 2, True)
    assert kept.blocks() == before
    assert kept.holds() == {"a", "b"}
    done = collect()
    assert (done.holds_let_go, done.blocks_removed) == (told.holds_let_go, told.blocks_removed)


def test_the_command__prints_one_object(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    from api.collector.command import run_collect

    capsys.readouterr()
    run_collect(kept.settings, dry_run=True, as_json=True)
    assert json.loads(capsys.readouterr().out)["dry_run"] is True
    run_collect(kept.settings, dry_run=False, as_json=False)
    assert "0 blocks removed" in capsys.readouterr().out


class TestRaces:
    def test_a_hold_that_comes_while_it_sweeps__is_whole_or_is_refused(
        self, kept: Kept, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Somebody takes the sweep at its word, at the last moment before it removes."""
        root = hold(kept, "a", {"one": b"1", "two": b"2"})
        with writing():
            drop_hold(HoldKind.FOLDER, "a")
        kept.days_pass(2)
        unnamed = sweeping.list_unnamed
        outcomes: list[str] = []

        def somebody_comes(cids: list[str]) -> list[str]:
            found = unnamed(cids)
            if not outcomes:
                outcomes.append("")

                def come() -> None:
                    with kept.app.app_context():
                        try:
                            with writing():
                                add_hold(HoldKind.PIN, "late", 1, root, 0, None)
                            kept.below(root)
                            with writing():
                                index_dag(kept.store, root)
                            outcomes[0] = "held"
                        except BlockMissing:
                            outcomes[0] = "refused"

                db.session.rollback()
                thread = threading.Thread(target=come)
                thread.start()
                thread.join()
                begin(writes=False)
            return found

        monkeypatch.setattr(sweeping, "list_unnamed", somebody_comes)
        collect()
        assert outcomes == ["held"]
        kept.below(root)

    def test_who_holds_and_drops_again_and_again__loses_nothing_to_one_who_collects(
        self, kept: Kept
    ) -> None:
        trees = [{"a": b"%d" % (number % 3), "b/c": b"x%d" % number} for number in range(6)]
        ended = threading.Event()
        failures: list[BaseException] = []

        def gather() -> None:
            with kept.app.app_context():
                try:
                    while not ended.is_set():
                        collect()
                except BaseException as error:
                    failures.append(error)

        collector = threading.Thread(target=gather)
        collector.start()
        try:
            for turn in range(24):
                root = kept.tree(trees[turn % len(trees)])
                with writing():
                    add_hold(HoldKind.FOLDER, "a", 1, root, 1, kept.store)
                kept.below(root)
                with writing():
                    drop_hold(HoldKind.FOLDER, "a")
                for cid in kept.blocks():  # nobody has put them lately
                    with suppress(FileNotFoundError):
                        os.utime(kept.store._path(cid), (0, 0))  # type: ignore[attr-defined]
        finally:
            ended.set()
            collector.join()
        assert failures == []

    def test_a_put_of_what_is_being_removed__is_there_afterwards(self, tmp_path: Path) -> None:
        """Two instances on one folder: one puts old blocks again, one removes old blocks."""
        ours, theirs = EmbeddedBlockStore(tmp_path), EmbeddedBlockStore(tmp_path)
        blocks = {str(_raw(data)): data for data in (b"%d" % number for number in range(40))}
        for _ in range(15):
            for cid, data in blocks.items():
                ours.put(cid, data)
            ours.flush()
            for cid in blocks:
                os.utime(ours._path(cid), (0, 0))
            put_before = time.time() - 60
            remover = threading.Thread(target=theirs.remove_older, args=(list(blocks), put_before))
            remover.start()
            for cid, data in reversed(blocks.items()):
                ours.put(cid, data)
            ours.flush()
            remover.join()
            assert all(ours.get(cid) == data for cid, data in blocks.items())


def _raw(data: bytes) -> Cid:
    from hashlib import sha256

    return Cid(RAW, sha256(data).digest())


def test_what_is_left_of_a_cut_off_removal__is_not_taken_for_whole(kept: Kept) -> None:
    """Links go first: who comes after a crash in the middle reads anew what is there."""
    root = hold(kept, "a", {"one": b"1", "two": b"2"})
    with writing():
        drop_hold(HoldKind.FOLDER, "a")
    kept.days_pass(2)
    remove = kept.store.remove_older

    def dying(cids: list[str], put_before: float) -> int:
        remove([cid for cid in cids if cid != str(root)][:1], put_before)
        raise OSError("the disk is gone")

    kept.store.remove_older = dying  # type: ignore[method-assign, assignment]
    with pytest.raises(OSError, match="the disk is gone"):
        collect()
    db.session.rollback()
    kept.store.remove_older = remove  # type: ignore[method-assign]
    assert kept.store.has(str(root))
    with pytest.raises(BlockMissing), writing():
        index_dag(kept.store, root)
    assert sweep_blocks(kept.store) == 2
