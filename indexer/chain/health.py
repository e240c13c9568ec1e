"""What is known of one provider: how fast it answers, how it failed last, when to ask it again.

A record, no more: the pool writes and reads it under its lock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from random import SystemRandom

from indexer.errors import (
    BadAnswer,
    ConnectionLost,
    NodeRefused,
    ProviderTimeout,
    RateLimited,
    WrongChain,
)

MAX_PAUSE_SECONDS = 300.0
FORGIVEN_SECONDS = 600.0  # a lie is held against a provider so long
LATENCY_WEIGHT = 0.2  # of the newest measurement

_random = SystemRandom()


class Fault(StrEnum):
    """Why a provider isn't asked for a while."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"  # no connection, a broken one, or an HTTP error
    RATE_LIMITED = "rate_limited"
    REFUSED = "refused"  # it answered with an error
    GARBLED = "garbled"  # no JSON, or not the answer to the question
    SLOW = "slow"  # another one, asked later, answered first
    LAGS = "lags"  # its head is below what others have
    LIED = "lied"  # what it said can't be true
    FOREIGN = "foreign"  # it follows another chain


# The first pause; it doubles with each failure in a row. An answer that came late or wrong in
# form says little of the next one; one that was false in content says much.
PAUSE_SECONDS = {
    Fault.TIMEOUT: 5.0,
    Fault.UNREACHABLE: 1.0,
    Fault.RATE_LIMITED: 2.0,
    Fault.REFUSED: 1.0,
    Fault.GARBLED: 3.0,
    Fault.SLOW: 3.0,
    Fault.LAGS: 3.0,
    Fault.LIED: 60.0,
    Fault.FOREIGN: 120.0,
}
# That it answers doesn't disprove these: their pause is waited for.
_NOT_DISPROVED = frozenset({Fault.SLOW, Fault.LAGS, Fault.LIED, Fault.FOREIGN})


def fault_of(error: Exception) -> Fault:
    """What kind of failure an error is."""
    kinds: tuple[tuple[type[Exception], Fault], ...] = (
        (WrongChain, Fault.FOREIGN),
        (ProviderTimeout, Fault.TIMEOUT),
        (ConnectionLost, Fault.UNREACHABLE),
        (RateLimited, Fault.RATE_LIMITED),
        (BadAnswer, Fault.GARBLED),
        (NodeRefused, Fault.REFUSED),
    )
    return next((fault for kind, fault in kinds if isinstance(error, kind)), Fault.UNREACHABLE)


@dataclass(slots=True)
class Health:
    """One provider's record. All times are seconds of one monotonic clock."""

    latency: dict[str, float] = field(default_factory=dict)  # by kind of question, weighted
    failures: int = 0  # in a row
    fault: Fault | None = None  # the last failure's, until it is over
    resumes_at: float = 0.0  # asked before only where no healthy one is left
    barred_until: float = 0.0  # as it asked for by Retry-After: never asked before
    head: int | None = None  # the last one it told since its last failure
    compared: bool = False  # chain id and genesis, since its last failure
    _lies: int = 0
    _lied_at: float = 0.0

    def is_healthy(self, now: float) -> bool:
        """Whether it may be asked as if nothing had been."""
        return now >= max(self.resumes_at, self.barred_until)

    def failed(self, fault: Fault, now: float, retry_after: float | None = None) -> float:
        """Notes a failure; how many seconds it is put aside."""
        self.failures += 1
        times = self.failures
        if fault is Fault.LIED:
            self._lies = self._lies + 1 if now < self._lied_at + FORGIVEN_SECONDS else 1
            self._lied_at, times = now, self._lies
        pause = min(MAX_PAUSE_SECONDS, PAUSE_SECONDS[fault] * (1 << min(times - 1, 10)))
        pause *= _random.uniform(0.75, 1.25)
        if fault is Fault.RATE_LIMITED and retry_after is not None:
            pause = retry_after
            self.barred_until = now + pause
        if now + pause >= self.resumes_at:  # a lie isn't forgotten over a timeout
            self.fault, self.resumes_at = fault, now + pause
        if fault not in (Fault.SLOW, Fault.LAGS):  # it is the node that it was
            self.compared, self.head = False, None
        return pause

    def answered(self, now: float) -> bool:
        """Notes a good answer; whether it ends a failure."""
        if self.fault is None or (self.fault in _NOT_DISPROVED and now < self.resumes_at):
            return False
        self.fault, self.failures, self.resumes_at = None, 0, 0.0
        return True

    def took(self, kind: str, seconds: float) -> None:
        """Notes how long a kind of question took."""
        before = self.latency.get(kind, seconds)
        self.latency[kind] = before + LATENCY_WEIGHT * (seconds - before)
