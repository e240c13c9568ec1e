"""Several providers as one: who is asked, who is put aside and for how long, what the log says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from structlog.testing import capture_logs

from indexer.chain import hedge, roster
from indexer.chain.health import Fault
from indexer.chain.hedge import Line
from indexer.chain.pool import RETRIES_AT_ONCE, Pool
from indexer.chain.roster import Provider
from indexer.chain.rpc import RpcEndpoint
from indexer.errors import (
    BadAnswer,
    ConnectionLost,
    NodeRefused,
    ProviderError,
    RangeTooLarge,
    RateLimited,
    WrongChain,
)
from tests.indexer.fakechain import CHAIN_ID, Answer, FakeChain, HttpFault, RpcError

GENESIS = FakeChain().blocks[0].hash
Serve = Callable[[FakeChain], str]
MakePool = Callable[..., Pool]


def syncing(line: Line) -> Any:
    return line.call("eth_syncing")


def head(line: Line) -> Any:
    return line.call("eth_getBlockByNumber", "latest", False)["number"]


def raising(error: Exception) -> Answer:
    def answer(_result: Any) -> Any:
        raise error

    return answer


@pytest.fixture
def pool_of(serve: Serve) -> Iterator[MakePool]:
    """A pool of chains, each served."""
    made: list[Pool] = []

    def make(*chains: FakeChain) -> Pool:
        made.append(Pool([RpcEndpoint(serve(c), 5) for c in chains], CHAIN_ID, GENESIS))
        return made[-1]

    yield make
    for pool in made:
        pool.close()


@pytest.fixture
def held() -> Iterator[tuple[Answer, Event, Event]]:
    """An answer that is held back: the answer, that it is asked for, its release."""
    asked, released = Event(), Event()

    def answer(result: Any) -> Any:
        asked.set()
        assert released.wait(20)
        return result

    yield answer, asked, released
    released.set()


def asked(chain: FakeChain) -> int:
    return chain.calls.count("eth_syncing")


def aside_seconds(provider: Provider) -> float:
    return provider.health.resumes_at - time.monotonic()


# ---------------------------------------------------------------- who is asked


def test_a_failing_node_is_gone_around_and_left_alone(pool_of: MakePool) -> None:
    first, second = FakeChain(), FakeChain()
    pool = pool_of(first, second)
    first.fault("eth_syncing", raising(HttpFault(503)), times=99)
    assert [pool.ask(syncing) for _ in range(3)] == [False] * 3
    assert (asked(first), asked(second)) == (1, 3)


def test_the_first_node_is_preferred_again_after_its_pause(pool_of: MakePool) -> None:
    first, second = FakeChain(), FakeChain()
    pool = pool_of(first, second)
    first.fault("eth_syncing", raising(HttpFault(503)))
    pool.ask(syncing)
    pool.providers[0].health.resumes_at = 0.0
    pool.ask(syncing)
    assert (asked(first), asked(second)) == (2, 1)
    assert pool.providers[0].health.failures == 0


def test_the_last_failure_is_raised_where_nobody_answers(pool_of: MakePool) -> None:
    first, second = FakeChain(), FakeChain()
    pool = pool_of(first, second)
    first.fault("eth_syncing", raising(HttpFault(503)), times=9)
    second.fault("eth_syncing", raising(RpcError(-32000, "no")), times=9)
    with pytest.raises(NodeRefused):
        pool.ask(syncing)
    second.faults.clear()  # both are put aside; they are asked all the same
    assert pool.ask(syncing) is False


def test_what_is_about_the_question_comes_back_at_once(pool_of: MakePool) -> None:
    first, second = FakeChain(), FakeChain()
    first.max_results = -1
    pool = pool_of(first, second)
    question = {"fromBlock": "0x0", "toBlock": "0x0", "address": []}
    with pytest.raises(RangeTooLarge):
        pool.ask(lambda line: line.call("eth_getLogs", question))
    first.fault("eth_syncing", raising(RpcError(-32000, "no")))
    with pytest.raises(NodeRefused):
        pool.ask(syncing, may_be_refused=True)
    assert second.calls == []
    assert pool.providers[0].health.fault is None


def test_a_broken_connection_is_tried_again_at_once_where_nobody_else_is(
    pool_of: MakePool,
) -> None:
    chain = FakeChain()
    pool = pool_of(chain)
    reset = raising(HttpFault(reset=True))
    chain.fault("eth_syncing", reset, times=RETRIES_AT_ONCE)
    assert pool.ask(syncing) is False
    chain.fault("eth_syncing", reset, times=RETRIES_AT_ONCE + 1)
    with pytest.raises(ConnectionLost):
        pool.ask(syncing)
    assert pool.ask(syncing) is False


def test_a_broken_connection_is_gone_around_where_somebody_else_is(pool_of: MakePool) -> None:
    first, second = FakeChain(), FakeChain()
    pool = pool_of(first, second)
    first.fault("eth_syncing", raising(HttpFault(reset=True)), times=9)
    assert pool.ask(syncing) is False
    assert (asked(first), asked(second)) == (1, 1)


# ---------------------------------------------------------------- another chain


def test_what_a_node_of_another_chain_says_is_never_passed_on(pool_of: MakePool) -> None:
    foreign, ours = FakeChain(salt="another genesis"), FakeChain()
    pool = pool_of(foreign, ours)
    pool.ask(syncing)
    assert asked(foreign) == 0
    assert pool.providers[0].health.fault is Fault.FOREIGN
    with pytest.raises(WrongChain, match="genesis"):
        pool_of(foreign).ask(syncing)


def test_a_node_that_failed_is_compared_again(pool_of: MakePool) -> None:
    chain = FakeChain()
    pool = pool_of(chain)
    pool.ask(syncing)
    chain.fault("eth_syncing", raising(HttpFault(503)))
    with pytest.raises(ProviderError):
        pool.ask(syncing)
    chain.chain_id = 1
    with pytest.raises(WrongChain, match="chain 1"):
        pool.ask(syncing)


def test_the_start_is_not_refused_while_one_may_yet_be_of_this_chain(pool_of: MakePool) -> None:
    """An operator must act only on what can't mend itself."""
    foreign, busy = FakeChain(salt="another genesis"), FakeChain()
    pool = pool_of(foreign, busy)
    busy.fault("eth_chainId", raising(HttpFault(429, retry_after="60")), times=9)
    for _ in range(2):
        with pytest.raises(ProviderError):
            pool.ask(syncing)


def test_an_answer_is_not_passed_on_where_the_node_failed_another_thread_meanwhile(
    pool_of: MakePool, held: tuple[Answer, Event, Event]
) -> None:
    chain = FakeChain()
    pool = pool_of(chain)
    answer, reached, released = held
    pool.ask(syncing)
    chain.fault("eth_syncing", answer)
    with ThreadPoolExecutor(1) as asking:
        heard = asking.submit(pool.ask, syncing)
        assert reached.wait(20)
        pool.fail_over("made up")
        chain.chain_id = 1
        released.set()
        with pytest.raises(WrongChain):
            heard.result(20)


# ---------------------------------------------------------------- for how long


def test_who_asks_to_be_left_alone_is(pool_of: MakePool) -> None:
    chain = FakeChain()
    pool = pool_of(chain)
    chain.fault("eth_syncing", raising(HttpFault(429, retry_after="60")))
    for _ in range(3):
        with pytest.raises(RateLimited):
            pool.ask(syncing)
    assert asked(chain) == 1
    pool.providers[0].health.barred_until = 0.0
    assert pool.ask(syncing) is False


def test_who_asks_for_no_pause_is_asked_again(pool_of: MakePool) -> None:
    chain = FakeChain()
    pool = pool_of(chain)
    chain.fault("eth_syncing", raising(HttpFault(429, retry_after="0")))
    with pytest.raises(RateLimited):
        pool.ask(syncing)
    assert pool.ask(syncing) is False


def test_who_lied_is_put_aside_for_longer_than_who_failed(pool_of: MakePool) -> None:
    first, second, third = FakeChain(), FakeChain(), FakeChain()
    pool = pool_of(first, second, third)
    assert pool.ask(syncing) is False
    pool.fail_over("a log twice")
    second.fault("eth_syncing", raising(HttpFault(503)), times=9)
    assert pool.ask(syncing) is False
    liar, failing, good = pool.providers
    assert (liar.health.fault, failing.health.fault) == (Fault.LIED, Fault.UNREACHABLE)
    assert aside_seconds(liar) > 10 * aside_seconds(failing) > 0 > aside_seconds(good)
    assert not liar.health.compared


def test_a_thread_blames_whom_it_heard(pool_of: MakePool) -> None:
    first, second = FakeChain(), FakeChain()
    pool = pool_of(first, second)
    pool.ask(syncing)  # the first
    first.fault("eth_syncing", raising(HttpFault(503)))
    with ThreadPoolExecutor(1) as other:
        assert other.submit(pool.ask, syncing).result() is False  # the second
        pool.fail_over("made up")
        assert pool.providers[0].health.fault is Fault.LIED
        assert pool.providers[1].health.fault is None
        other.submit(pool.fail_over, "made up").result()
    assert pool.providers[1].health.fault is Fault.LIED


def test_nobody_is_blamed_for_an_answer_that_nobody_gave(pool_of: MakePool) -> None:
    """`Sync.step` blames after each BadAnswer; this one was noted as it came."""
    first, second = FakeChain(), FakeChain()
    pool = pool_of(first, second)
    assert pool.ask(syncing) is False
    for chain in (first, second):
        chain.fault("eth_syncing", raising(HttpFault(200, b"[")))
    with pytest.raises(BadAnswer):
        pool.ask(syncing)
    pool.fail_over("broken JSON")
    assert [p.health.fault for p in pool.providers] == [Fault.GARBLED, Fault.GARBLED]


def test_a_node_that_lags_behind_another_one_is_put_aside(pool_of: MakePool) -> None:
    first, second = FakeChain(), FakeChain()
    for chain in (first, second):
        chain.mine(blocks=20)
    pool = pool_of(first, second)
    first.fault("eth_getBlockByNumber", lambda b: b if b["number"] == "0x0" else raise_503(), 2)
    assert pool.ask(head) == hex(20)  # the second
    pool.providers[0].health.resumes_at = 0.0
    first.lag = roster.LAG_BLOCKS
    assert pool.ask(head) == hex(20 - first.lag)  # as nodes of one network differ
    assert pool.providers[0].health.fault is None
    first.lag += 1
    assert pool.ask(head) == hex(20 - first.lag)  # an answer, but the last one for a while
    assert pool.providers[0].health.fault is Fault.LAGS
    assert pool.ask(head) == hex(20)


def raise_503() -> None:
    raise HttpFault(503)


# ---------------------------------------------------------------- hedging


def test_a_slow_node_has_another_one_beside_it(
    pool_of: MakePool, held: tuple[Answer, Event, Event]
) -> None:
    slow, quick = FakeChain(), FakeChain()
    answer, _, released = held
    pool = pool_of(slow, quick)
    pool.ask(syncing)  # now it is known how long it usually takes
    slow.fault("eth_syncing", answer)
    with capture_logs() as logs:
        assert pool.ask(syncing) is False
    assert (asked(slow), asked(quick)) == (2, 1)
    assert [(line["fault"], line["to"]) for line in logs] == [("slow", pool.providers[1].name)]
    pool.ask(syncing)  # and isn't waited for again
    assert (asked(slow), asked(quick)) == (2, 2)
    released.set()


def test_a_slow_node_that_answers_first_all_the_same_is_heard(
    pool_of: MakePool, held: tuple[Answer, Event, Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hedge, "MIN_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(hedge, "UNKNOWN_PATIENCE_SECONDS", 0.0)
    first, second = FakeChain(), FakeChain()
    pool = pool_of(first, second)
    answer, _, second_released = held
    first_asked, first_released = Event(), Event()

    def until_released(result: Any) -> Any:
        first_asked.set()
        assert first_released.wait(20)
        return result

    pool.ask(head)
    first.fault("eth_syncing", until_released)
    second.fault("eth_syncing", answer)
    with ThreadPoolExecutor(1) as asking:
        heard = asking.submit(pool.ask, syncing)
        assert held[1].wait(20)  # both are asked
        first_released.set()
        assert heard.result(20) is False
    assert pool.providers[0].health.fault is None
    second_released.set()


def test_one_node_alone_is_never_asked_twice(
    pool_of: MakePool, held: tuple[Answer, Event, Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hedge, "MIN_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(hedge, "UNKNOWN_PATIENCE_SECONDS", 0.0)
    chain = FakeChain()
    pool = pool_of(chain)
    answer, reached, released = held
    chain.fault("eth_syncing", answer)
    with ThreadPoolExecutor(1) as asking:
        heard = asking.submit(pool.ask, syncing)
        assert reached.wait(20)
        released.set()
        assert heard.result(20) is False
    assert asked(chain) == 1


def test_a_node_that_failed_is_not_asked_beside_a_slow_one(
    pool_of: MakePool, held: tuple[Answer, Event, Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, failed = FakeChain(), FakeChain()
    pool = pool_of(slow, failed)
    pool.ask(syncing)
    monkeypatch.setattr(hedge, "MIN_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(hedge, "PATIENCE_FACTOR", 0.0)
    pool.providers[1].health.failed(Fault.TIMEOUT, time.monotonic())
    answer, reached, released = held
    slow.fault("eth_syncing", answer)
    with ThreadPoolExecutor(1) as asking:
        heard = asking.submit(pool.ask, syncing)
        assert reached.wait(20)
        released.set()
        assert heard.result(20) is False
    assert asked(failed) == 0


def test_a_node_of_another_chain_is_not_heard_beside_a_slow_one(
    pool_of: MakePool, held: tuple[Answer, Event, Event]
) -> None:
    slow, foreign = FakeChain(), FakeChain(salt="another genesis")
    pool = pool_of(slow, foreign)
    pool.ask(syncing)
    answer, reached, released = held
    slow.fault("eth_syncing", answer)
    with ThreadPoolExecutor(1) as asking:
        heard = asking.submit(pool.ask, syncing)
        assert reached.wait(20)
        while pool.providers[1].health.fault is None:
            assert not heard.done()
            time.sleep(0.005)
        released.set()
        assert heard.result(20) is False
    assert asked(foreign) == 0


def test_threads_are_few(
    pool_of: MakePool, held: tuple[Answer, Event, Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With none left a question is put in its asker's thread, without another one beside it."""
    slow, quick = FakeChain(), FakeChain()
    pool = pool_of(slow, quick)
    pool.ask(syncing)
    monkeypatch.setattr(hedge, "MIN_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(hedge, "PATIENCE_FACTOR", 0.0)
    pool._threads = hedge.Threads(most=1)
    answer, reached, released = held
    slow.fault("eth_syncing", answer)
    with ThreadPoolExecutor(1) as asking:
        heard = asking.submit(pool.ask, syncing)  # takes the only thread
        assert reached.wait(20)
        assert not pool._threads.start(None, None)  # type: ignore[arg-type]  # isn't looked at
        released.set()
        assert heard.result(20) is False
    assert asked(quick) == 0


# ---------------------------------------------------------------- many threads


def test_many_threads_may_ask_at_once(pool_of: MakePool) -> None:
    chains = [FakeChain(), FakeChain(), FakeChain()]
    for chain in chains:
        chain.mine(blocks=50)
    pool = pool_of(*chains)
    faults = [HttpFault(503), HttpFault(reset=True), HttpFault(200, b"{"), HttpFault(429)]
    for number, fault in enumerate(faults * 5):
        chains[number % 2].fault("eth_getBlockByNumber", raising(fault))

    def number_of(number: int) -> int:
        block = pool.ask(lambda line: line.call("eth_getBlockByNumber", hex(number), False))
        return int(block["number"], 16)

    with ThreadPoolExecutor(12) as threads:
        numbers = [number % 51 for number in range(300)]
        assert list(threads.map(number_of, numbers)) == numbers
    assert all(provider.health.failures >= 0 for provider in pool.providers)


# ---------------------------------------------------------------- the log


def test_the_log_says_which_provider_did_what_and_not_too_often(
    pool_of: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = FakeChain(), FakeChain()
    pool = pool_of(first, second)
    one, other = pool.providers
    first.fault("eth_syncing", raising(HttpFault(503)), times=3)
    with capture_logs() as logs:
        for _ in range(3):
            one.health.resumes_at = 0.0
            pool.ask(syncing)
        one.health.resumes_at = 0.0
        for _ in range(3):
            pool.ask(syncing)
    assert [line["event"] for line in logs] == ["provider_failed_over", "provider_recovered"]
    told = logs[0]
    assert (told["provider"], told["to"]) == (one.name, other.name)
    assert (told["fault"], told["times"]) == ("unreachable", 1)
    assert told["reason"] == f"{one.name}: eth_syncing: HTTP 503"
    assert 0 < told["pause_seconds"] < 5
    monkeypatch.setattr(roster, "TELL_SECONDS", 0.0)
    first.fault("eth_syncing", raising(HttpFault(503)))
    with capture_logs() as logs:
        pool.ask(syncing)
    assert [line["times"] for line in logs] == [3]


def test_the_log_holds_no_key(chain: FakeChain, chain_url: str) -> None:
    host = chain_url.removeprefix("http://")
    pool = Pool(
        [RpcEndpoint(f"http://user:pass@{host}/v3/0123456789abcdef?k=v", 2)], CHAIN_ID, GENESIS
    )
    body = b'{"error": {"code": -32000, "message": "0123456789abcdef is not paid for, user"}}'
    chain.fault("eth_syncing", raising(HttpFault(403, body)))
    with capture_logs() as logs, pytest.raises(NodeRefused):
        pool.ask(syncing)
    assert [line["event"] for line in logs] == ["provider_faulty"]
    for secret in ("0123456789abcdef", "pass", "user"):
        assert secret not in str(logs)
    assert logs[0]["provider"] == host
