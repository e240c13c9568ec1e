"""The transport and the pool: every answer that isn't one is told apart, and gone around."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from indexer.chain.pool import Pool
from indexer.chain.rpc import RpcEndpoint
from indexer.errors import (
    BadAnswer,
    MethodMissing,
    NodeRefused,
    ProviderError,
    RangeTooLarge,
    WrongChain,
)
from tests.indexer.fakechain import CHAIN_ID, Answer, FakeChain, HttpFault, RpcError


@pytest.fixture
def endpoint(chain_url: str) -> RpcEndpoint:
    return RpcEndpoint(chain_url, timeout_seconds=2)


def raising(error: Exception) -> Answer:
    def answer(_result: Any) -> Any:
        raise error

    return answer


def test_a_call_and_a_batch_are_answered(endpoint: RpcEndpoint) -> None:
    assert endpoint.call("eth_chainId") == hex(CHAIN_ID)
    asked = [("eth_getBlockByNumber", [hex(n), False]) for n in (0, 5)]
    genesis, missing = endpoint.batch(asked)
    assert (genesis["number"], missing) == ("0x0", None)
    assert endpoint.batch([]) == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (HttpFault(429, b"slow down"), ProviderError),
        (HttpFault(429, b'{"error": {"code": 1, "message": "slow down"}}'), ProviderError),
        (HttpFault(503, b"<html>"), ProviderError),
        (HttpFault(413), RangeTooLarge),
        (HttpFault(200, b'{"jsonrpc": "2.0", "id": 1, "resu'), BadAnswer),
        (HttpFault(200, b""), BadAnswer),
        (HttpFault(200, b"[]"), BadAnswer),
        (HttpFault(200, b'"0x1"'), BadAnswer),
        (HttpFault(200, b'{"jsonrpc": "2.0", "id": 999, "result": "0x7a69"}'), BadAnswer),
        (HttpFault(200, b'{"jsonrpc": "2.0", "id": 1}'), BadAnswer),
        (HttpFault(reset=True), ProviderError),
        (RpcError(-32601, "the method does not exist"), MethodMissing),
        (RpcError(-32000, "header not found"), NodeRefused),
        (HttpFault(400, b'{"id": 1, "error": {"code": -32000, "message": "no"}}'), NodeRefused),
    ],
)
def test_what_is_no_answer_is_told_apart(
    chain: FakeChain, endpoint: RpcEndpoint, fault: Exception, kind: type[ProviderError]
) -> None:
    chain.fault("eth_chainId", raising(fault))
    with pytest.raises(ProviderError) as raised:
        endpoint.call("eth_chainId")
    assert type(raised.value) is kind
    assert endpoint.call("eth_chainId") == hex(CHAIN_ID)


@pytest.mark.parametrize(
    "message",
    [
        "query returned more than 10000 results",
        "exceed maximum block range: 5000",
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range",
        "eth_getLogs is limited to a 1,000 range",
    ],
)
def test_a_range_that_is_too_large_is_told_by_its_words(
    chain: FakeChain, endpoint: RpcEndpoint, message: str
) -> None:
    chain.fault("eth_getLogs", raising(RpcError(-32000, message)))
    with pytest.raises(RangeTooLarge):
        endpoint.call("eth_getLogs", {"address": [], "fromBlock": "0x0", "toBlock": "0x1"})


@pytest.mark.parametrize(
    "body", [b'[{"id": 1, "result": "0x1"}]', b'{"error": {"code": -1, "message": "no batches"}}']
)
def test_a_batch_that_is_not_answered_whole_is_an_error(
    chain: FakeChain, endpoint: RpcEndpoint, body: bytes
) -> None:
    chain.fault("eth_chainId", raising(HttpFault(200, body)))
    with pytest.raises(ProviderError):
        endpoint.batch([("eth_chainId", []), ("eth_chainId", [])])


def test_an_unreachable_node_is_a_provider_error() -> None:
    with pytest.raises(ProviderError):
        RpcEndpoint("http://127.0.0.1:9", timeout_seconds=1).call("eth_chainId")


def test_a_key_in_the_url_is_not_in_the_errors() -> None:
    endpoint = RpcEndpoint("http://user:secret@127.0.0.1:9/v3/secret", timeout_seconds=1)
    with pytest.raises(ProviderError) as raised:
        endpoint.call("eth_chainId")
    assert "secret" not in str(raised.value)


def pool_of(*urls: str, genesis_hash: str) -> Pool:
    return Pool([RpcEndpoint(url, 2) for url in urls], CHAIN_ID, genesis_hash)


def test_the_pool_goes_around_a_failing_node(
    chain: FakeChain, chain_url: str, serve: Callable[[FakeChain], str]
) -> None:
    other = FakeChain()
    pool = pool_of(chain_url, serve(other), genesis_hash=chain.blocks[0].hash)
    chain.fault("eth_syncing", raising(HttpFault(503)), times=99)
    assert pool.ask(lambda e: e.call("eth_syncing")) is False
    assert "eth_syncing" in other.calls


def test_the_pool_never_passes_on_what_a_node_of_another_chain_says(
    chain: FakeChain, chain_url: str, serve: Callable[[FakeChain], str]
) -> None:
    foreign = FakeChain(salt="another genesis")
    pool = pool_of(serve(foreign), chain_url, genesis_hash=chain.blocks[0].hash)
    pool.ask(lambda e: e.call("eth_syncing"))
    assert "eth_syncing" not in foreign.calls
    alone = pool_of(serve(foreign), genesis_hash=chain.blocks[0].hash)
    with pytest.raises(WrongChain, match="genesis"):
        alone.ask(lambda e: e.call("eth_syncing"))


def test_a_node_that_failed_is_compared_again(chain: FakeChain, chain_url: str) -> None:
    pool = pool_of(chain_url, genesis_hash=chain.blocks[0].hash)
    pool.ask(lambda e: e.call("eth_syncing"))
    chain.fault("eth_syncing", raising(HttpFault(reset=True)))
    with pytest.raises(ProviderError):
        pool.ask(lambda e: e.call("eth_syncing"))
    chain.chain_id = 1
    with pytest.raises(WrongChain, match="chain 1"):
        pool.ask(lambda e: e.call("eth_syncing"))
