"""Random histories of what is kept, let go, paid for and collected, on the real parts.

After every step all that anybody was promised is readable whole: what is held, what was let go
within its grace period, what a service held that is over for less than that, and what was put
within the last day. In the end what nobody holds is gone. Runs are cut off at any commit, and in
the middle of removing; blocks are put again in the very moment that they are to be removed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import event

from api.collector import hooks
from api.collector.ending import note_ended_services
from api.collector.service import collect
from api.collector.sweeping import PUT_SAFE_SECONDS
from api.db import db, utc_now, writing
from api.deployments import service as deployments
from api.holds.links import index_dag
from api.holds.models import HoldKind
from api.holds.repository import (
    add_hold,
    drop_hold,
    release_holds,
    resize_hold,
    take_back_holds,
)
from api.problems import Problem
from api.sites.models import Deployment, DeploymentState, Site
from api.storage.ports import BlockMissing
from api.storage.unixfs import Cid
from tests.api.collector.kept import GRACE_DAYS, Kept, address

DAY = 86_400
SERVICES = (1, 2, 3)
BLOBS = [bytes([65 + number]) * 20 for number in range(6)]
NAMES = ("a", "b/c", "b/d/e", "f")


class Cut(Exception):
    """The run was killed here."""


class Promise:
    """What somebody was told is kept."""

    def __init__(self, kind: HoldKind, root: Cid, service: int) -> None:
        self.kind = kind
        self.root = root
        self.service = service
        self.let_go_at: float | None = None


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.kept = Kept.on_sqlite(self.folder, deployments_kept=2)
        self.clock = 0.0  # seconds that have passed
        self.put_at: dict[Cid, float] = {}  # roots that were put, and when
        self.promises: dict[str, Promise] = {}
        self.over_at: dict[int, float] = {}  # services that are over for good or for now, final
        self.unsettled: dict[int, Any] = {}  # services with a change that isn't final
        self.commits_left: int | None = None
        self.put_on_removal = False
        event.listen(db.session, "before_commit", self._maybe_cut)
        self._saved_hook = hooks.BLOCKS_REMOVED
        hooks.BLOCKS_REMOVED = (self._on_removal,)

    # --- the world

    @initialize()
    def start(self) -> None:
        for number in SERVICES:
            self._account(number)
            self.kept.mirror.service(number, address(number))
        self.kept.final()
        self.site = Site(
            id=uuid4().hex,
            name="hello",
            service_id=1,
            settled_number=0,
            revision=1,
            created_at=utc_now(),
        )
        self.site_id = self.site.id
        self.pushed: list[str] = []
        with writing():
            db.session.add(self.site)

    def _account(self, number: int, **word: int) -> None:
        self.kept.mirror.now = int(time.time())
        self.kept.mirror.account(address(number), **word)

    def _maybe_cut(self, _session: object) -> None:
        if self.commits_left is not None:
            self.commits_left -= 1
            if self.commits_left < 0:
                raise Cut

    def _on_removal(self, cids: Collection[str]) -> None:
        if not self.put_on_removal:
            return
        chosen = sorted(cids)[::2]
        data = {cid: self.kept.store.get(cid) for cid in chosen}

        def put() -> None:  # another uploader, that just comes with these very blocks
            for cid, block in data.items():
                self.kept.store.put(cid, block)
            self.kept.store.flush()

        other = threading.Thread(target=put)
        other.start()
        other.join()
        self.put_again = getattr(self, "put_again", {}) | dict.fromkeys(chosen, self.clock)

    # --- what users do

    trees = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(BLOBS), min_size=1)
    subjects = st.integers(0, 50)

    @rule(files=trees)
    def upload(self, files: dict[str, bytes]) -> None:
        self.put_at[self.kept.tree(files)] = self.clock

    @rule(files=trees, number=st.sampled_from(SERVICES))
    def keep(self, files: dict[str, bytes], number: int) -> None:
        root = self.kept.tree(files)
        self.put_at[root] = self.clock
        subject = uuid4().hex
        with writing():
            add_hold(HoldKind.FOLDER, subject, number, root, 1, self.kept.store)
        self.promises[subject] = Promise(HoldKind.FOLDER, root, number)

    @precondition(lambda self: self.put_at)
    @rule(data=st.data(), number=st.sampled_from(SERVICES), between=st.booleans())
    def keep_on_somebodys_word(self, data: st.DataObject, number: int, between: bool) -> None:
        root = data.draw(st.sampled_from(sorted(self.put_at, key=str)))
        subject = uuid4().hex
        with writing():
            add_hold(HoldKind.PIN, subject, number, root, 0, None)
        try:
            self.kept.below(root)
            if between:
                collect()
                self.kept.below(root)  # it was whole behind its hold: it stays so
            with writing():
                index_dag(self.kept.store, root)
                resize_hold(HoldKind.PIN, subject, 1)
        except BlockMissing:
            assert root not in {promise.root for promise in self._owed().values()}
            with writing():
                drop_hold(HoldKind.PIN, subject)
        else:
            self.promises[subject] = Promise(HoldKind.PIN, root, number)

    @precondition(lambda self: self.promises)
    @rule(data=st.data())
    def let_go(self, data: st.DataObject) -> None:
        subject = data.draw(st.sampled_from(sorted(self.promises)))
        promise = self.promises[subject]
        if promise.kind is HoldKind.DEPLOYMENT:
            return
        with writing():
            release_holds(promise.kind, [subject])
        if promise.let_go_at is None:
            promise.let_go_at = self.clock

    @precondition(lambda self: self.promises)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        subject = data.draw(st.sampled_from(sorted(self.promises)))
        promise = self.promises[subject]
        if promise.kind is HoldKind.DEPLOYMENT:
            return
        with writing():
            still = take_back_holds(promise.kind, [subject])
        if subject in self._owed():
            assert still == {subject}
        if still:
            promise.let_go_at = None
        else:
            del self.promises[subject]

    @rule(files=trees)
    def deploy(self, files: dict[str, bytes]) -> None:
        root = self.kept.tree(files)
        self.put_at[root] = self.clock
        made = Deployment(
            id=uuid4().hex,
            site_id=self.site_id,
            number=len(self.pushed) + 1,
            state=DeploymentState.STORING,
            source="archive",
            created_at=utc_now(),
            updated_at=utc_now(),
        )
        with writing():
            db.session.add(made)
            db.session.flush()
            deployments.settle_stored(made, str(root), len(files), 1)
        self.pushed.append(made.id)
        self.promises[made.id] = Promise(HoldKind.DEPLOYMENT, root, 1)
        self._learn_what_was_released()

    @precondition(lambda self: self.pushed)
    @rule(data=st.data())
    def publish(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(self.pushed))
        refused = None
        try:
            with writing():
                site = db.session.get(Site, self.site_id)
                assert site is not None
                deployments.publish(site, chosen)
        except Problem as problem:
            refused = problem.type.slug
        assert refused in (None, "deployment-released")
        if refused:
            assert chosen not in self._owed()
            self.promises.pop(chosen, None)
        else:
            self.promises[chosen].let_go_at = None
            self._learn_what_was_released()

    def _learn_what_was_released(self) -> None:
        with writing():
            for subject in self.pushed:
                made = db.session.get(Deployment, subject, populate_existing=True)
                promise = self.promises.get(subject)
                assert made is not None
                let_go = made.state == DeploymentState.RELEASED
                if promise and let_go and promise.let_go_at is None:
                    promise.let_go_at = self.clock
            live = [
                db.session.get(Deployment, subject).state == DeploymentState.LIVE  # type: ignore[union-attr]
                for subject in self.pushed
            ]
        assert sum(live) == 1

    # --- what the chain does

    @rule(number=st.sampled_from(SERVICES), final=st.booleans())
    def stop(self, number: int, final: bool) -> None:
        self._change(number, 4, final)

    @rule(number=st.sampled_from(SERVICES))
    def pause(self, number: int) -> None:
        if number not in self.over_at and number not in self.unsettled:
            self._change(number, 2, final=True)

    @rule(number=st.sampled_from(SERVICES))
    def resume(self, number: int) -> None:
        """As by a reorg, or a renewal: it is simply active again."""
        self.unsettled.pop(number, None)
        self._account(number)
        self._change(number, 1, final=True)

    @rule(number=st.sampled_from(SERVICES), days=st.integers(0, 20))
    def lapse(self, number: int, days: int) -> None:
        """Its owner's credit is used up since so many days."""
        if number in self.over_at or number in self.unsettled:
            return
        self._account(number, paid=0, rate=2_000, updated_at=int(time.time()) - days * DAY)
        self._change(number, 1, final=True)
        if days >= 14:
            self.over_at[number] = self.clock

    @precondition(lambda self: self.unsettled)
    @rule()
    def finalize(self) -> None:
        self.kept.final()
        for number in list(self.unsettled):
            self.over_at.setdefault(number, self.clock)
        self.unsettled.clear()

    @precondition(lambda self: self.unsettled)
    @rule()
    def reorg(self) -> None:
        for number, (state, block) in list(self.unsettled.items()):
            self._write(number, state)
            del self.unsettled[number]
            assert block is not None
        self.kept.final()

    def _change(self, number: int, state: int, final: bool) -> None:
        if self.unsettled and final:
            self.finalize()
        self.kept.next_block(final=False)
        if not final and number not in self.unsettled:
            self.unsettled[number] = (self.state_of.get(number, 1), self.kept.mirror.block)
        self._write(number, state)
        if not final:
            return
        self.kept.final()
        if state == 4:
            self.over_at.setdefault(number, self.clock)
        else:
            self.over_at.pop(number, None)

    state_of: dict[int, int] = {}  # noqa: RUF012

    def _write(self, number: int, state: int) -> None:
        self.state_of = self.state_of | {number: state}
        self.kept.mirror.service(number, address(number), state=state)

    # --- what time and the collector do

    @rule(days=st.sampled_from([0.5, 1.1, 6, 13.9, 14.1]))
    def time_passes(self, days: float) -> None:
        if self.unsettled:
            self.finalize()
        self.clock += int(days * DAY)
        self.kept.days_pass(days)
        # What had lapsed may be over by now.
        for number in SERVICES:
            if number not in self.over_at:
                self.over_at |= self._lapsed_for_good(number)

    def _lapsed_for_good(self, number: int) -> dict[int, float]:
        from api.collector.final import open_final

        with writing():
            return {number: self.clock} if open_final().over([number]) else {}

    @rule(commits=st.none() | st.integers(0, 12), puts=st.booleans())
    def run_collector(self, commits: int | None, puts: bool) -> None:
        self.commits_left, self.put_on_removal = commits, puts
        try:
            collect()
        except Cut:
            db.session.rollback()
        finally:
            self.commits_left, self.put_on_removal = None, False

    @rule()
    def note_ends(self) -> None:
        note_ended_services()

    @rule(keep=st.integers(0, 3))
    def collector_dies_while_it_removes(self, keep: int) -> None:
        remove = self.kept.store.remove_older

        def dying(cids: list[str], put_before: float) -> int:
            remove(cids[:keep], put_before)
            raise Cut

        self.kept.store.remove_older = dying  # type: ignore[method-assign, assignment]
        try:
            collect()
        except Cut:
            db.session.rollback()
        finally:
            self.kept.store.remove_older = remove  # type: ignore[method-assign]

    # --- what must hold

    def _owed(self) -> dict[str, Promise]:
        grace = GRACE_DAYS * DAY
        return {
            subject: promise
            for subject, promise in self.promises.items()
            if (promise.let_go_at is None or self.clock - promise.let_go_at < grace)
            and self.clock - self.over_at.get(promise.service, self.clock) < grace
        }

    @invariant()
    def what_was_promised_is_readable_whole(self) -> None:
        for promise in self._owed().values():
            self.kept.below(promise.root)
        for root, put_at in self.put_at.items():
            if self.clock - put_at < PUT_SAFE_SECONDS:
                self.kept.below(root)
        for cid, put_at in getattr(self, "put_again", {}).items():
            if self.clock - put_at < PUT_SAFE_SECONDS:
                assert self.kept.store.has(cid)

    def teardown(self) -> None:
        try:
            if self.unsettled:
                self.finalize()
            for days in (15, 15, 15):
                self.clock += days * DAY
                self.kept.days_pass(days)
                collect()
            alive = {number for number in SERVICES if not self._lapsed_for_good(number)}
            expected: set[str] = set()
            for subject, promise in self.promises.items():
                dropped_before = subject not in self.kept.holds()  # then it came back too late
                if promise.service in alive and promise.let_go_at is None and not dropped_before:
                    expected |= self.kept.below(promise.root)
            assert self.kept.blocks() == expected
        finally:
            hooks.BLOCKS_REMOVED = self._saved_hook
            event.remove(db.session, "before_commit", self._maybe_cut)
            self.kept.close()
            shutil.rmtree(self.folder, ignore_errors=True)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=int(os.environ.get("HISTORIES", "12")),
    stateful_step_count=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
