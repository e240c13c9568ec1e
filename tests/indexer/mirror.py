"""An indexer under test, stepped by hand, and the oracle that its tables are held against."""

from __future__ import annotations

import itertools
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from sqlalchemy import Connection, Engine, event, select

from indexer import schema
from indexer.database import open_engine
from indexer.errors import ProviderError
from indexer.manifest import save_deployment
from indexer.reads import AsOf, read_as_of, state_digest
from indexer.run import Indexer
from indexer.settings import IndexerSettings, Verification
from indexer.sync import Outcome
from tests.indexer.fakechain import FakeChain, served

STEP_SECONDS = 20.0

Start = Callable[..., subprocess.Popen[bytes]]  # of `dspace index …`, by its arguments


class PowerCut(Exception):
    """Ends a transaction anywhere."""


@dataclass
class Mirror:
    """A database, and the indexer that leads on it now."""

    chain: FakeChain
    database_url: str
    urls: str
    confirmations: int = 8
    shorter_chain_seconds: float = 0.0
    max_range_blocks: int = 50
    verify: Verification = Verification.BLOOM
    indexer: Indexer | None = None
    reader: Engine | None = None

    def settings(self) -> IndexerSettings:
        return IndexerSettings(
            _env_file=None,
            database_url=self.database_url,
            rpc_urls=self.urls,
            confirmations=self.confirmations,
            poll_milliseconds=10,
            max_range_blocks=self.max_range_blocks,
            verify=self.verify,
            rpc_timeout_seconds=5,
            shorter_chain_seconds=self.shorter_chain_seconds,
        )

    def start(self) -> None:
        """Takes the lead, as after a restart."""
        self.crash()
        made = Indexer(self.settings(), self.chain.deployment())
        try:
            deadline = time.monotonic() + STEP_SECONDS
            while not made.store.open():
                assert time.monotonic() < deadline, "never the leader"
            made.sync.start()
        except BaseException:
            made.close()
            raise
        self.indexer = made

    def close(self) -> None:
        """Ends it for good."""
        self.crash()
        if self.reader is not None:
            self.reader.dispose()

    def crash(self) -> None:
        """Ends it between two transactions."""
        if self.indexer is not None:
            self.indexer.close()
            self.indexer = None

    def step(self) -> Outcome:
        if self.indexer is None:
            self.start()
        assert self.indexer is not None
        return self.indexer.sync.step()

    def catch_up(self) -> None:
        """Steps until it is at the node's head, and over failures of the node."""
        deadline = time.monotonic() + STEP_SECONDS
        while True:
            try:
                if self.step() is Outcome.AT_HEAD:
                    return
            except ProviderError:
                assert time.monotonic() < deadline, "never at the head"
            assert time.monotonic() < deadline, "never at the head"

    def catch_up_dying(self, after_statements: int) -> None:
        """Catches up with a database that fails after some statements; to be started again."""
        with suppress(ProviderError):
            self.start()
        if self.indexer is None:
            return  # the node's fault came first
        left = itertools.count(after_statements, -1)

        def count(*_: Any) -> None:
            if next(left) <= 0:
                raise PowerCut

        event.listen(self.indexer.engine, "before_cursor_execute", count)
        with suppress(PowerCut, ProviderError):
            while self.step() is not Outcome.AT_HEAD:
                pass
        event.remove(self.indexer.engine, "before_cursor_execute", count)
        self.crash()

    def run(self, once: bool = True) -> None:
        """As the command does."""
        self.crash()
        Indexer(self.settings(), self.chain.deployment()).run(Event(), once=once)

    def read(self, question: Any) -> Any:
        """A read function's answer, on a reader's connection."""
        if self.reader is None:
            self.reader = open_engine(self.database_url, writes=False)
        with self.reader.connect() as conn:
            return question(conn)

    def as_of(self) -> AsOf:
        found = self.read(read_as_of)
        assert found is not None
        return found

    def assert_equals_replay(self) -> None:
        """The oracle: as if it had only ever seen the chain as it is now."""
        with (
            tempfile.TemporaryDirectory() as folder,
            served(FakeChain(salt=self.chain.salt, blocks=list(self.chain.blocks))) as url,
        ):
            replay = Mirror(self.chain, f"sqlite:///{folder}/replay.sqlite3", url)
            replay.run()
            assert self.read(contents) == replay.read(contents)
            replay.close()


def contents(conn: Connection) -> dict[str, Any]:
    """All that a mirror holds, but for the clock, the node's head and what is final."""
    as_of = read_as_of(conn)
    assert as_of is not None
    return {
        "cursor": (as_of.block_number, as_of.block_hash, as_of.block_timestamp),
        "digest": state_digest(conn),
        "events": [
            tuple(row)
            for row in conn.execute(
                select(schema.events).order_by(
                    schema.events.c.block_number,
                    schema.events.c.log_index,
                    schema.events.c.part,
                )
            )
        ],
        "blocks": [
            tuple(row)
            for row in conn.execute(select(schema.blocks).order_by(schema.blocks.c.number))
        ],
    }


def wait_until(reached: Callable[[], Any]) -> Any:
    """What `reached` gives, once that is something."""
    deadline = time.monotonic() + STEP_SECONDS
    while not (found := reached()):
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.01)
    return found


def write_manifest(chain: FakeChain, folder: Path) -> Path:
    """The deployment manifest as a file."""
    path = folder / "deployment.json"
    save_deployment(chain.deployment(), path)
    return path
