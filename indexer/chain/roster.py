"""Who can be asked: every provider with its record, in the order of asking, and what the log says.

Owns the lock over the records. The log names a provider by host and port alone, and tells the
same kind of failure of the same one at most every ten seconds, with how often it was.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

import structlog

from indexer.chain.health import Fault, Health
from indexer.chain.rpc import RpcEndpoint
from indexer.errors import RateLimited

LAG_BLOCKS = 3  # below the highest head told: nodes of one network differ by one or two
TELL_SECONDS = 10.0

log = structlog.get_logger()


@dataclass
class Provider:
    """One node, its record, and what the log was told of it."""

    endpoint: RpcEndpoint
    health: Health = field(default_factory=Health)
    told: dict[Fault, tuple[float, int]] = field(default_factory=dict)  # when; how often since
    failure_told: bool = False

    @property
    def name(self) -> str:
        """Host and port."""
        return self.endpoint.name


class Roster:
    """The providers, the preferred one first. Thread-safe."""

    def __init__(self, endpoints: Sequence[RpcEndpoint]) -> None:
        self.providers = [Provider(endpoint) for endpoint in endpoints]
        self._lock = Lock()

    def order(self) -> list[Provider]:
        """Whom to ask now, in turn: the healthy ones as given, then who is back soonest.

        Raises RateLimited where all of them asked to be left alone for a while.
        """
        now = time.monotonic()
        with self._lock:
            askable = [p for p in self.providers if now >= p.health.barred_until]
            if askable:
                return _in_turn(askable, now)
            wait = min(p.health.barred_until for p in self.providers) - now
        raise RateLimited(f"all providers asked to be left alone, for {wait:.1f} s more", wait)

    def is_healthy(self, provider: Provider) -> bool:
        """Whether it may be asked as if nothing had been."""
        with self._lock:
            return provider.health.is_healthy(time.monotonic())

    def compared(self, provider: Provider) -> None:
        """Its chain id and genesis are the manifest's."""
        with self._lock:
            provider.health.compared = True

    def forget_compared(self) -> None:
        """Every provider is to be compared again."""
        with self._lock:
            for provider in self.providers:
                provider.health.compared = False

    def took(self, provider: Provider, kind: str, seconds: float) -> None:
        """It answered a kind of question in some time."""
        with self._lock:
            provider.health.took(kind, seconds)

    def told_head(self, provider: Provider, head: int) -> None:
        """It told its head; one that lags behind another's is put aside."""
        now = time.monotonic()
        with self._lock:
            provider.health.head = head
            highest = max(
                p.health.head
                for p in self.providers
                if p.health.head is not None and (p is provider or p.health.is_healthy(now))
            )
        if head < highest - LAG_BLOCKS:
            self.failed(provider, Fault.LAGS, f"its head is {head}, another one's {highest}")

    def answered(self, provider: Provider) -> None:
        """It gave a good answer, or a refusal that is one."""
        with self._lock:
            recovered = provider.health.answered(time.monotonic()) and provider.failure_told
            if recovered:
                provider.failure_told = False
        if recovered:
            log.info("provider_recovered", provider=provider.name)

    def failed(
        self, provider: Provider, fault: Fault, reason: str, retry_after: float | None = None
    ) -> None:
        """It failed: it is put aside, and the log says who is asked in its place."""
        now = time.monotonic()
        with self._lock:
            pause = provider.health.failed(fault, now, retry_after)
            told_at, untold = provider.told.get(fault, (float("-inf"), 0))
            tell = now >= told_at + TELL_SECONDS
            provider.told[fault] = (now, 0) if tell else (told_at, untold + 1)
            provider.failure_told |= tell
            others = _in_turn([p for p in self.providers if p is not provider], now)
        if not tell:
            return
        said = {"provider": provider.name, "fault": str(fault), "reason": reason}
        if others:
            log.warning(
                "provider_failed_over",
                **said,
                times=untold + 1,
                pause_seconds=round(pause, 1),
                to=others[0].name,
            )
        else:
            log.warning("provider_faulty", **said, times=untold + 1)


def _in_turn(providers: Sequence[Provider], now: float) -> list[Provider]:
    return sorted(
        providers,
        key=lambda p: 0.0 if p.health.is_healthy(now) else p.health.resumes_at,
    )
