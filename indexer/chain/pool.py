"""Several nodes as one: each is asked as its health says, a slow one has another beside it.

Invariant: no answer is passed on from a node whose chain id and genesis weren't compared with
the manifest's since its last failure. A node of another chain is left out with a log line; the
start is refused where no other one is left.

The first URL is preferred while it is healthy. Who fails is put aside for a growing, jittered
pause, the longer the worse the failure (`health`), and asked before its end only where no healthy
one is left; who sends Retry-After isn't asked before that at all. Two questions of one step may
be answered by two nodes: the callers hold the answers together by hashes, so that can cost a
step and never a row.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from random import SystemRandom
from threading import local
from typing import TypeVar

from indexer.chain.health import Fault, fault_of
from indexer.chain.hedge import Attempt, Line, Threads
from indexer.chain.parse import parse_block, parse_quantity
from indexer.chain.roster import Provider, Roster
from indexer.chain.rpc import RpcEndpoint
from indexer.errors import (
    ConnectionLost,
    MethodMissing,
    NodeRefused,
    ProviderError,
    RangeTooLarge,
    RateLimited,
    WrongChain,
)

RETRIES_AT_ONCE = 2  # of a connection that broke, where no healthy one is left to go to
RETRY_SECONDS = 0.05

T = TypeVar("T")
_random = SystemRandom()


class Pool:
    """Fail-over and hedging between nodes of one chain. Thread-safe."""

    def __init__(self, endpoints: Sequence[RpcEndpoint], chain_id: int, genesis_hash: str) -> None:
        self._roster = Roster(endpoints)
        self._chain_id = chain_id
        self._genesis_hash = genesis_hash
        self._threads = Threads()
        self._asked = local()  # .provider: who answered this thread's last question, if anybody
        self._last = self._roster.providers[0]  # and any thread's

    def __len__(self) -> int:
        return len(self._roster.providers)

    @property
    def providers(self) -> list[Provider]:
        """The nodes with their records, to be looked at."""
        return self._roster.providers

    def close(self) -> None:
        """Ends all connections."""
        for provider in self.providers:
            provider.endpoint.close()

    def ask(self, question: Callable[[Line], T], *, may_be_refused: bool = False) -> T:
        """Puts a question to the preferred node, then to the others; raises the last failure.

        RangeTooLarge and MethodMissing are about the question and come back at once, and with
        `may_be_refused` so does every other error that the node puts in words.
        """
        self._asked.provider = None
        waiting = deque(self._roster.order())
        under_way: list[Attempt[T]] = []
        done: SimpleQueue[Attempt[T]] = SimpleQueue()
        failures: list[Exception] = []
        retries = RETRIES_AT_ONCE

        def put_to(provider: Provider) -> Attempt[T]:
            return self._attempt(provider, question, may_be_refused)

        while waiting or under_way:
            if not under_way:
                under_way.append(put_to(waiting.popleft()))
                self._start(under_way[0], done, aside=self._spare(waiting))
            attempt = self._first_done(under_way, done, waiting, put_to)
            if attempt.is_answer or attempt.error is None:
                self._chosen(attempt, under_way)
                return attempt.value()
            under_way.remove(attempt)
            failures.append(attempt.error)
            nobody_else = not under_way and not self._spare(waiting)
            if isinstance(attempt.error, ConnectionLost) and nobody_else and retries:
                retries -= 1
                time.sleep(RETRY_SECONDS * _random.uniform(0.5, 1.5))
                waiting.appendleft(attempt.provider)
        raise self._verdict(failures)

    def fail_over(self, reason: str, *, lags: bool = False) -> None:
        """Puts aside whom this thread's last answer came from: it was false, or with `lags` old.

        To be called by whoever found that out, in the thread that asked. After a question that
        nobody answered it does nothing: that was noted as it happened.
        """
        provider: Provider | None = getattr(self._asked, "provider", self._last)
        if provider is None:
            return
        self._roster.failed(provider, Fault.LAGS if lags else Fault.LIED, reason)

    def recheck(self) -> None:
        """Forgets which nodes were compared: the next question compares again."""
        self._roster.forget_compared()

    def _spare(self, waiting: deque[Provider]) -> bool:
        """Whether another one could be asked beside who is asked."""
        return bool(waiting) and self._roster.is_healthy(waiting[0])

    def _start(self, attempt: Attempt[T], done: SimpleQueue[Attempt[T]], *, aside: bool) -> None:
        """In a thread of its own where another one could be asked beside it, else here."""
        if not aside or not self._threads.start(attempt, done):
            attempt.run()
            done.put(attempt)

    def _first_done(
        self,
        under_way: list[Attempt[T]],
        done: SimpleQueue[Attempt[T]],
        waiting: deque[Provider],
        put_to: Callable[[Provider], Attempt[T]],
    ) -> Attempt[T]:
        """Who answered or failed first; one that is slow gets another beside it."""
        while len(under_way) == 1 and self._spare(waiting):
            slow = under_way[0].line
            try:
                return done.get(timeout=max(0.0, slow.patience_ends_in()))
            except Empty:
                if slow.patience_ends_in() > 0:  # it has come to its next question
                    continue
            second = put_to(waiting[0])
            if not self._threads.start(second, done):
                break
            under_way.append(second)
            waiting.popleft()
        return done.get()

    def _chosen(self, attempt: Attempt[T], under_way: list[Attempt[T]]) -> None:
        self._asked.provider = self._last = attempt.provider
        for slower in under_way[: under_way.index(attempt)]:
            self._roster.failed(
                slower.provider, Fault.SLOW, f"{attempt.provider.name}, asked later, was faster"
            )

    def _attempt(
        self, provider: Provider, question: Callable[[Line], T], may_be_refused: bool
    ) -> Attempt[T]:
        def work(line: Line) -> T:
            self._check_chain(provider, line)
            answer = question(line)
            self._check_chain(provider, line)  # it may have failed another thread meanwhile
            return answer

        def ended(error: Exception | None) -> bool:
            """In the attempt's thread: what comes too late for the question counts too."""
            if error is None or not _is_fault(error, may_be_refused):
                self._roster.answered(provider)
                return True
            retry_after = error.retry_after_seconds if isinstance(error, RateLimited) else None
            self._roster.failed(provider, fault_of(error), str(error), retry_after)
            return False

        line = Line(
            provider,
            lambda kind, seconds: self._roster.took(provider, kind, seconds),
            lambda block: self._roster.told_head(provider, parse_block(block).number),
        )
        return Attempt(line, work, ended)

    def _verdict(self, failures: list[Exception]) -> Exception:
        """What to raise where nobody answered."""
        foreign = [failure for failure in failures if isinstance(failure, WrongChain)]
        others = [failure for failure in failures if not isinstance(failure, WrongChain)]
        if others:
            return others[-1]
        if len(foreign) == len(self):
            return foreign[0]
        return ProviderError(f"{foreign[0]}; the other providers asked to be left alone")

    def _check_chain(self, provider: Provider, line: Line) -> None:
        if provider.health.compared:
            return
        chain_id, genesis = line.batch(
            [("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False])]
        )
        if parse_quantity(chain_id) != self._chain_id:
            raise WrongChain(
                f"{provider.name} follows chain {parse_quantity(chain_id)}, "
                f"the deployment is on chain {self._chain_id}"
            )
        genesis_hash = parse_block(genesis).hash
        if genesis_hash != self._genesis_hash:
            raise WrongChain(
                f"{provider.name} follows another chain {self._chain_id}: its genesis is "
                f"{genesis_hash}, the deployment's {self._genesis_hash}"
            )
        self._roster.compared(provider)


def _is_fault(error: Exception, may_be_refused: bool) -> bool:
    """Whether the node is to blame, and not the question or this program."""
    if isinstance(error, (RangeTooLarge, MethodMissing)):
        return False
    if isinstance(error, NodeRefused):
        return not may_be_refused
    return isinstance(error, (ProviderError, WrongChain))
