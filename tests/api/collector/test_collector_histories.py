"""Random histories: whatever happened, what is held or within its grace period is whole."""

from __future__ import annotations

import io
import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update

from api.app import create_app
from api.collector import repository
from api.collector import service as collector
from api.db import begin, db, utc_now, writing
from api.holds.models import Hold, HoldKind
from api.holds.repository import add_hold, release_holds, take_back_holds
from api.migrate import migrate
from api.storage.claim import claim_dag
from api.storage.ports import BlockMissing, BlockStore
from api.storage.unixfs import Cid, DirectoryBuilder, import_file
from api.storage.unixfs.walk import walk_blocks
from indexer import schema
from tests.api.world import Mirror, make_settings

OWNER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
TEXTS = [f"text {number}" for number in range(6)]
FOLDERS = st.dictionaries(
    st.sampled_from(["a", "b/c", "b/d", "e/f/g"]), st.sampled_from(TEXTS), min_size=1
)


class CutOff(Exception):
    """The power went."""


class Histories(RuleBasedStateMachine):
    """One platform, whose clock is moved by dating things back."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        made = make_settings(Path(self.folder.name))
        migrate(made)
        self.mirror = Mirror(made.database_url)
        self.mirror.cursor(finalized_number=self.mirror.block)
        with self.mirror.engine.begin() as conn:
            conn.execute(
                schema.blocks.insert().values(
                    number=10, hash="0x10", parent_hash="0x0", timestamp=self.mirror.now + 60
                )
            )
        self.mirror.account(OWNER)
        self.mirror.service(1, OWNER, plan=3)
        self.app = create_app(made)
        self.context = self.app.app_context()
        self.context.push()
        self.store: BlockStore = self.app.extensions["dspace_store"]
        self.number = 0
        self.roots: dict[str, Cid] = {}
        self.released: set[str] = set()
        self.known: list[Cid] = []

    def teardown(self) -> None:
        db.session.rollback()
        db.engine.dispose()
        self.context.pop()
        self.mirror.close()
        self.folder.cleanup()

    def put(self, files: dict[str, str]) -> Cid:
        builder = DirectoryBuilder()
        for path, text in files.items():
            builder.add_file(path.split("/"), import_file(io.BytesIO(text.encode()), self.store))
        root = builder.build(self.store).cid
        self.store.flush()
        self.known.append(root)
        return root

    def hold(self, root: Cid) -> None:
        self.number += 1
        subject = str(self.number)
        with writing():
            add_hold(HoldKind.PIN, subject, 1, root, 1, self.store)
        self.roots[subject] = root

    @rule(files=FOLDERS)
    def upload(self, files: dict[str, str]) -> None:
        self.hold(self.put(files))

    @rule(files=FOLDERS)
    def upload_without_a_hold(self, files: dict[str, str]) -> None:
        self.put(files)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def hold_on_a_word(self, data: st.DataObject) -> None:
        root = data.draw(st.sampled_from(self.known))
        try:
            claim_dag(self.store, root)
        except BlockMissing:
            assert root not in self.roots.values()
            return
        self.hold(root)

    @precondition(lambda self: self.roots)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        subject = data.draw(st.sampled_from(sorted(self.roots)))
        with writing():
            release_holds(HoldKind.PIN, [subject])
        self.released.add(subject)

    @precondition(lambda self: self.released)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        subject = data.draw(st.sampled_from(sorted(self.released)))
        with writing():
            assert take_back_holds(HoldKind.PIN, [subject]) == {subject}
        self.released.discard(subject)

    @rule()
    def days_pass(self) -> None:
        for cid in self.store.cids():
            path = self.store.path(cid)
            assert path is not None
            os.utime(path, (1, 1))

    @rule()
    def the_grace_period_passes(self) -> None:
        with writing():
            db.session.execute(
                update(Hold)
                .where(Hold.released_at.is_not(None))
                .values(released_at=utc_now() - timedelta(days=30))
            )

    @rule(batch=st.integers(1, 5))
    def collect(self, batch: int) -> None:
        collector._BLOCKS_AT_ONCE = batch
        collector.collect()
        self.forget_ended()

    @rule(at=st.integers(0, 6), where=st.sampled_from(["unheld", "forget_links"]))
    def collect_and_be_cut_off(self, at: int, where: str) -> None:
        collector._BLOCKS_AT_ONCE = 2
        real, left = getattr(repository, where), at

        def cut(cids: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise CutOff
            return real(cids)

        setattr(repository, where, cut)
        try:
            collector.collect()
        except CutOff:
            pass
        finally:
            setattr(repository, where, real)
        self.forget_ended()

    def forget_ended(self) -> None:
        begin(writes=False)
        left = set(db.session.scalars(select(Hold.subject)))
        ended = set(self.roots) - left
        assert ended <= self.released
        for subject in ended:
            del self.roots[subject]
        self.released -= ended

    @invariant()
    def what_is_held_is_whole(self) -> None:
        for root in self.roots.values():
            assert list(walk_blocks(self.store, [root]))

    @rule()
    def what_nobody_holds_is_gone_in_the_end(self) -> None:
        self.days_pass()
        self.collect(3)
        held = {str(cid) for cid, _ in walk_blocks(self.store, self.roots.values())}
        assert set(self.store.cids()) == held


def test_what_is_held__is_never_removed__and_what_is_not__in_the_end() -> None:
    at_once = collector._BLOCKS_AT_ONCE
    try:
        run_state_machine_as_test(
            Histories, settings=settings(max_examples=25, stateful_step_count=25, deadline=None)
        )
    finally:
        collector._BLOCKS_AT_ONCE = at_once
