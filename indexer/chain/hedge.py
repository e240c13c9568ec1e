"""A question on its way to one provider, and when patience with it ends.

A provider that hangs costs a whole timeout; one that is asked beside it after a few times the
usual wait costs little. Threads are few and end by themselves with their answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Any, Generic, TypeVar

from indexer.chain.roster import Provider
from indexer.chain.rpc import Call

MAX_THREADS = 16  # of a pool; beyond them a question runs in its caller's, unhedged
PATIENCE_FACTOR = 3.0  # times the usual latency of a kind of question
MIN_PATIENCE_SECONDS = 0.3  # below it a second question costs more than it saves
UNKNOWN_PATIENCE_SECONDS = 2.0  # for a kind of question that this provider wasn't asked yet

T = TypeVar("T")


class Line:
    """A provider as one question sees it; notes what is asked, and since when."""

    def __init__(
        self,
        provider: Provider,
        took: Callable[[str, float], None],
        told_head: Callable[[Any], None],
    ) -> None:
        """`took` is told a kind of question and its seconds, `told_head` a newest block."""
        self.provider = provider
        self._took = took
        self._told_head = told_head
        self._kind = ""
        self._since = time.monotonic()

    def call(self, method: str, *params: Any) -> Any:
        """As `RpcEndpoint.call`."""
        self._begin(method)
        answer = self.provider.endpoint.call(method, *params)
        self._took(self._kind, time.monotonic() - self._since)
        if method == "eth_getBlockByNumber" and params[:1] == ("latest",):
            self._told_head(answer)
        return answer

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """As `RpcEndpoint.batch`."""
        if not calls:
            return []
        self._begin(f"{calls[0][0]} batch")
        answers = self.provider.endpoint.batch(calls)
        self._took(self._kind, time.monotonic() - self._since)
        return answers

    def patience_ends_in(self) -> float:
        """Seconds until another provider should be asked beside this one."""
        usual = self.provider.health.latency.get(self._kind)
        if usual is not None:
            patience = max(MIN_PATIENCE_SECONDS, PATIENCE_FACTOR * usual)
        else:
            patience = UNKNOWN_PATIENCE_SECONDS if self._kind else MIN_PATIENCE_SECONDS
        return self._since + patience - time.monotonic()

    def _begin(self, kind: str) -> None:
        self._since, self._kind = time.monotonic(), kind


class Attempt(Generic[T]):
    """One question at one provider, and what came of it once it ran."""

    def __init__(
        self,
        line: Line,
        work: Callable[[Line], T],
        ended: Callable[[Exception | None], bool],
    ) -> None:
        """`ended` is told the failure, if any, and says whether it is the question's answer."""
        self.line = line
        self.provider = line.provider
        self.error: Exception | None = None
        self.is_answer = False
        self._work = work
        self._ended = ended
        self._value: list[T] = []

    def value(self) -> T:
        """The answer; raises what the question raised."""
        if self.error is not None:
            raise self.error
        return self._value[0]

    def run(self) -> None:
        """Asks; nothing is raised here."""
        try:
            self._value.append(self._work(self.line))
        except Exception as error:  # kept for whoever waits
            self.error = error
        self.is_answer = self._ended(self.error)


class Threads:
    """A bounded number of threads that run attempts."""

    def __init__(self, most: int = MAX_THREADS) -> None:
        self._free = BoundedSemaphore(most)

    def start(self, attempt: Attempt[T], done: SimpleQueue[Attempt[T]]) -> bool:
        """Runs it aside and puts it on the queue; False where no thread is free."""
        if not self._free.acquire(blocking=False):
            return False

        def run() -> None:
            try:
                attempt.run()
            finally:
                self._free.release()
                done.put(attempt)

        try:
            Thread(target=run, name=f"ask {attempt.provider.name}", daemon=True).start()
        except RuntimeError:  # the system has none left
            self._free.release()
            return False
        return True
