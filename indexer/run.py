"""Runs the indexer: takes the lead, steps, and owns retries, pauses and the end.

Retried with growing, jittered pauses: whatever a node or the database may get over. Raised:
`Fatal`, which an operator must look at. A stop is noticed between two steps; the signal that
asks for it gives a step that hangs three seconds, and then ends the process, which is safe at
any moment.
"""

from __future__ import annotations

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
from indexer.chain.node import Node
from indexer.chain.pool import Pool
from indexer.chain.rpc import RpcEndpoint
from indexer.database import open_engine
from indexer.decode import Decoder
from indexer.errors import ProviderError
from indexer.manifest import Deployment, DeploymentError
from indexer.projections import MIRRORED_CONTRACTS
from indexer.settings import IndexerSettings
from indexer.store import Store
from indexer.sync import Outcome, Sync

LEADER_POLL_SECONDS = 1.0
MAX_PAUSE_SECONDS = 5.0
HANG_SECONDS = 3

log = structlog.get_logger()
_random = SystemRandom()


class Indexer:
    """All parts of one indexer, put together."""

    def __init__(self, settings: IndexerSettings, deployment: Deployment) -> None:
        missing = [name for name in MIRRORED_CONTRACTS if name not in deployment.contracts]
        if missing:
            raise DeploymentError(f"the deployment manifest has no {missing[0]}")
        contracts = {name: deployment.contracts[name] for name in MIRRORED_CONTRACTS}
        self._poll_seconds = settings.poll_milliseconds / 1_000
        self.engine = open_engine(settings.database_url, writes=True)
        self._pool = Pool(
            [RpcEndpoint(url, settings.rpc_timeout_seconds) for url in settings.urls],
            deployment.chain_id,
            deployment.genesis_hash,
        )
        decoder = Decoder(
            {name: (contract.address, load_abi(name)) for name, contract in contracts.items()}
        )
        node = Node(self._pool, [contract.address for contract in contracts.values()])
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
        try:
            while not stop.is_set():
                try:
                    leads = leads or self._lead(stop)
                    if not leads:
                        return
                    outcome = self.sync.step()
                    pause = self._poll_seconds
                    if once and outcome is Outcome.AT_HEAD:
                        return
                    if outcome is not Outcome.MOVED:
                        stop.wait(self._poll_seconds)
                except ProviderError as error:
                    log.warning("provider_failed", reason=str(error))
                    pause = self._pause(stop, pause)
                except DBAPIError as error:
                    # The lock may be gone with the connection: everything is taken up anew.
                    log.warning("database_failed", reason=str(error.orig))
                    leads = False
                    pause = self._pause(stop, pause)
        finally:
            self.close()

    def close(self) -> None:
        """Gives everything back."""
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
            if stop.wait(LEADER_POLL_SECONDS):
                return False
        self.sync.start()
        log.info("leading", cursor=self.sync.cursor_number)
        return True

    @staticmethod
    def _pause(stop: Event, seconds: float) -> float:
        stop.wait(seconds * _random.uniform(0.5, 1.5))
        return min(MAX_PAUSE_SECONDS, seconds * 2)


@contextmanager
def stop_on_signals() -> Iterator[Event]:
    """An event that SIGTERM and SIGINT set; for the main thread of a process."""
    stop = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.alarm(HANG_SECONDS)

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(0)

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    try:
        signal.signal(signal.SIGTERM, ask)
        signal.signal(signal.SIGINT, ask)
        signal.signal(signal.SIGALRM, end)
        yield stop
    finally:
        signal.alarm(0)
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
