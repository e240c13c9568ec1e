"""A provider's record: pauses grow with failures in a row, and lies are held against it."""

from __future__ import annotations

import pytest

from indexer.chain.health import (
    FORGIVEN_SECONDS,
    MAX_PAUSE_SECONDS,
    PAUSE_SECONDS,
    Fault,
    Health,
    fault_of,
)
from indexer.errors import (
    BadAnswer,
    ConnectionLost,
    CutAnswer,
    NodeRefused,
    ProviderError,
    ProviderTimeout,
    RateLimited,
    WrongChain,
)

LEAST, MOST = 0.75, 1.25  # of a pause


@pytest.mark.parametrize("fault", Fault)
def test_every_failure_puts_aside_for_a_while(fault: Fault) -> None:
    health = Health(compared=True, head=5)
    pause = health.failed(fault, now=100.0)
    assert PAUSE_SECONDS[fault] * LEAST <= pause <= PAUSE_SECONDS[fault] * MOST
    assert not health.is_healthy(100.0 + pause - 0.01)
    assert health.is_healthy(100.0 + pause + 0.01)
    assert health.compared is (fault in (Fault.SLOW, Fault.LAGS))


def test_pauses_double_in_a_row_and_are_bounded() -> None:
    health, now = Health(), 0.0
    pauses = []
    for _ in range(12):
        pauses.append(health.failed(Fault.TIMEOUT, now))
        now += pauses[-1]
    for times, pause in enumerate(pauses[:5]):
        assert 5 * 2**times * LEAST <= pause <= 5 * 2**times * MOST
    assert max(pauses) <= MAX_PAUSE_SECONDS * MOST
    assert health.answered(now)
    assert health.failed(Fault.TIMEOUT, now) < 5 * MOST


def test_an_answer_disproves_that_it_fails_but_not_that_it_lies() -> None:
    health = Health()
    health.failed(Fault.TIMEOUT, now=0.0)
    assert health.answered(0.1)
    assert health.is_healthy(0.1)
    health.failed(Fault.LIED, now=1.0)
    assert not health.answered(1.1)
    assert not health.is_healthy(1.1)
    assert health.answered(100.0)


def test_lies_are_counted_over_answers_until_they_are_forgiven() -> None:
    health, now = Health(), 0.0
    first = health.failed(Fault.LIED, now)
    now += first
    assert health.answered(now)
    second = health.failed(Fault.LIED, now)
    assert second > first * 2 * LEAST / MOST
    now += FORGIVEN_SECONDS + 1
    assert health.failed(Fault.LIED, now) < PAUSE_SECONDS[Fault.LIED] * MOST


def test_a_lie_is_not_forgotten_over_a_lesser_failure() -> None:
    health = Health()
    health.failed(Fault.LIED, now=0.0)
    health.failed(Fault.UNREACHABLE, now=1.0)
    assert health.fault is Fault.LIED
    assert not health.is_healthy(30.0)


def test_retry_after_is_kept_to_the_moment() -> None:
    health = Health()
    assert health.failed(Fault.RATE_LIMITED, now=10.0, retry_after=7.0) == 7.0
    assert health.barred_until == health.resumes_at == 17.0


def test_latency_is_an_average_that_leans_to_the_newest() -> None:
    health = Health()
    health.took("eth_getLogs", 1.0)
    assert health.latency == {"eth_getLogs": 1.0}
    for _ in range(20):
        health.took("eth_getLogs", 2.0)
    assert 1.95 < health.latency["eth_getLogs"] < 2.0


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (ProviderTimeout(), Fault.TIMEOUT),
        (ConnectionLost(), Fault.UNREACHABLE),
        (ProviderError(), Fault.UNREACHABLE),
        (RateLimited("often"), Fault.RATE_LIMITED),
        (BadAnswer(), Fault.GARBLED),
        (CutAnswer(), Fault.GARBLED),
        (NodeRefused(), Fault.REFUSED),
        (WrongChain(), Fault.FOREIGN),
    ],
)
def test_every_error_is_a_kind_of_failure(error: Exception, fault: Fault) -> None:
    assert fault_of(error) is fault
