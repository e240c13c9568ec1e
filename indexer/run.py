"""Runs the indexer: takes the lead, steps, and owns retries, pauses and the end.

Retried with growing, jittered pauses: whatever a node or the database may get over. Raised:
`Fatal`, which an operator must look at. A stop is noticed between two steps; the signal that
asks for it gives a step that hangs three seconds, and then ends the process, which is safe at
any moment.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from random import SystemRandom
from threading import Event
from types import FrameType
from typing import NoReturn

import structlog
from sqlalchemy.exc import DBAPIError

from indexer.abi import load_abi
from indexer.chain.bloom import LogCheck
from indexer.chain.fetch import Fetcher
from indexer.chain.heads import HeadAlarm
from indexer.chain.node import Node
from indexer.chain.pool import Pool
from indexer.chain.prover import ProvingNode
from indexer.chain.rpc import RpcEndpoint
from indexer.database import open_engine
from indexer.decode import Decoder
from indexer.errors import Fatal, ProviderError
from indexer.health import Health
from indexer.manifest import Deployment, DeploymentError
from indexer.metrics import count_failed_step
from indexer.progress import BackfillProgress, view_for_stderr
from indexer.projections import MIRRORED_CONTRACTS
from indexer.settings import IndexerSettings, Verification
from indexer.store import Store
from indexer.sync import Outcome, Sync

LEADER_POLL_SECONDS = 1.0
MAX_PAUSE_SECONDS = 5.0
HANG_SECONDS = 3
GARBAGE_THRESHOLD = 500_000  # objects made and not freed

log = structlog.get_logger()
_random = SystemRandom()


class Indexer:
    """All parts of one indexer, put together."""

    def __init__(self, settings: IndexerSettings, deployment: Deployment) -> None:
        missing = [name for name in MIRRORED_CONTRACTS if name not in deployment.contracts]
        if missing:
            raise DeploymentError(f"the deployment manifest has no {missing[0]}")
        contracts = {name: deployment.contracts[name] for name in MIRRORED_CONTRACTS}
        self._poll_seconds = settings.poll_seconds
        self._alarm = HeadAlarm(settings.heads_url)
        self.engine = open_engine(settings.database_url, writes=True)
        self._pool = Pool(
            [RpcEndpoint(url, settings.rpc_timeout_seconds) for url in settings.urls],
            deployment.chain_id,
            deployment.genesis_hash,
        )
        decoder = Decoder(
            {name: (contract.address, load_abi(name)) for name, contract in contracts.items()}
        )
        addresses = [contract.address for contract in contracts.values()]
        proves = settings.verify is Verification.RECEIPTS
        node = (ProvingNode if proves else Node)(self._pool, addresses)
        self.health = Health()
        self._progress = BackfillProgress(view_for_stderr())
        self.store = Store(self.engine, deployment.chain_id, deployment.genesis_hash)
        self.sync = Sync(
            deployment,
            node,
            Fetcher(node, LogCheck(decoder.topics_of), settings.max_range_blocks),
            decoder,
            self.store,
            confirmations=settings.confirmations,
            shorter_chain_seconds=settings.shorter_chain_seconds,
        )

    def run(self, stop: Event, *, once: bool = False) -> None:
        """Follows the chain until `stop` is set, or with `once` until it is at the head."""
        pause = self._poll_seconds
        leads = False
        _hold_garbage_collector()
        if not once:
            self._alarm.start()
        try:
            while not stop.is_set():
                self.health.turned()
                self._alarm.clear()
                try:
                    leads = leads or self._lead(stop)
                    if not leads:
                        return
                    outcome = self.sync.step()
                    self.health.stepped(self.sync.cursor, at_head=outcome is Outcome.AT_HEAD)
                    self._progress.stepped(self.sync.cursor)
                    pause = self._poll_seconds
                    if once and outcome is Outcome.AT_HEAD:
                        return
                    if outcome is not Outcome.MOVED:
                        self._alarm.wait(self._poll_seconds, stop)
                except ProviderError as error:
                    log.warning("provider_failed", reason=str(error))
                    count_failed_step(error)
                    pause = self._pause(stop, pause)
                except DBAPIError as error:
                    # The lock may be gone with the connection: everything is taken up anew.
                    log.warning("database_failed", reason=str(error.orig))
                    count_failed_step(error)
                    leads = self.health.leads = False
                    pause = self._pause(stop, pause)
        except Fatal as error:
            self.health.halted = str(error)
            raise
        finally:
            self._progress.close()
            self.close()

    @property
    def subscribed(self) -> bool:
        """Whether a node tells of new heads."""
        return self._alarm.subscribed

    def close(self) -> None:
        """Gives everything back."""
        self._alarm.close()
        self.sync.close()
        self.store.close()
        self.engine.dispose()
        self._pool.close()

    def _lead(self, stop: Event) -> bool:
        """Waits for the lead; False where `stop` came first."""
        waited = False
        while not self.store.open():
            if not waited:
                log.info("waiting_for_leader")
                waited = True
            self.health.leads = False
            self.health.turned()
            if stop.wait(LEADER_POLL_SECONDS):
                return False
        self.health.leads = True
        self.sync.start()
        log.info("leading", cursor=self.sync.cursor_number)
        return True

    @staticmethod
    def _pause(stop: Event, seconds: float) -> float:
        stop.wait(seconds * _random.uniform(0.5, 1.5))
        return min(MAX_PAUSE_SECONDS, seconds * 2)


def _hold_garbage_collector() -> None:
    """A batch makes objects by the hundred thousand and no cycles: looking for some costs a third.

    Reference counts free them. What starting left behind is never looked at again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 10, 10)


@contextmanager
def stop_on_signals() -> Iterator[Event]:
    """An event that SIGTERM and SIGINT set; for the main thread of a process."""
    stop = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.alarm(HANG_SECONDS)

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        os._exit(0)  # not SystemExit: that would wait for threads that hang as well

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    try:
        signal.signal(signal.SIGTERM, ask)
        signal.signal(signal.SIGINT, ask)
        signal.signal(signal.SIGALRM, end)
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            # The alarm stays on after a stop: what is left of ending may hang as well.
            if number != signal.SIGALRM or not stop.is_set():
                signal.signal(number, handler)
