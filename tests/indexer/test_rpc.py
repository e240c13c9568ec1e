"""JSON-RPC: every answer that isn't one is told apart."""

from __future__ import annotations

from typing import Any

import pytest

from indexer.chain.rpc import RpcEndpoint
from indexer.errors import (
    BadAnswer,
    ConnectionLost,
    CutAnswer,
    MethodMissing,
    NodeRefused,
    ProviderError,
    ProviderTimeout,
    RangeTooLarge,
    RateLimited,
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
        (HttpFault(429, b"slow down"), RateLimited),
        (HttpFault(429, b'{"error": {"code": 1, "message": "slow down"}}'), RateLimited),
        (RpcError(-32005, "daily request count exceeded"), RateLimited),
        (HttpFault(503, b"<html>"), ProviderError),
        (HttpFault(504, b"<html>"), ProviderTimeout),
        (HttpFault(413), ProviderError),
        (HttpFault(200, b'{"jsonrpc": "2.0", "id": 1, "resu'), CutAnswer),
        (HttpFault(200, b""), CutAnswer),
        (HttpFault(200, b"[]"), BadAnswer),
        (HttpFault(200, b'"0x1"'), BadAnswer),
        (HttpFault(200, b'{"jsonrpc": "2.0", "id": 999, "result": "0x7a69"}'), BadAnswer),
        (HttpFault(200, b'{"jsonrpc": "2.0", "id": 1}'), BadAnswer),
        (HttpFault(200, b'{"id": {}, "result": "0x1"}'), BadAnswer),
        (HttpFault(reset=True), ConnectionLost),
        (RpcError(-32601, "the method does not exist"), MethodMissing),
        (RpcError(-32000, "header not found"), NodeRefused),
        (RpcError(-32002, "request timed out"), ProviderTimeout),
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


def test_a_range_that_is_too_large_is_told_with_what_would_do(
    chain: FakeChain, endpoint: RpcEndpoint
) -> None:
    words = "query returned more than 10000 results. Try with this block range [0x10, 0x1f]."
    chain.fault("eth_getLogs", raising(RpcError(-32005, words)), times=2)
    question = {"address": [], "fromBlock": "0x0", "toBlock": "0x1"}
    with pytest.raises(RangeTooLarge, match="Try with") as raised:
        endpoint.call("eth_getLogs", question)
    assert (raised.value.max_blocks, raised.value.suggested) == (16, (16, 31))
    with pytest.raises(RangeTooLarge):
        endpoint.batch([("eth_getLogs", [question]), ("eth_getLogs", [question])])


def test_http_says_that_a_range_is_too_large(chain: FakeChain, endpoint: RpcEndpoint) -> None:
    chain.fault("eth_getLogs", raising(HttpFault(413)))
    with pytest.raises(RangeTooLarge):
        endpoint.call("eth_getLogs", {"address": [], "fromBlock": "0x0", "toBlock": "0x1"})


@pytest.mark.parametrize("status", [429, 503])
def test_how_long_to_wait_is_told(chain: FakeChain, endpoint: RpcEndpoint, status: int) -> None:
    chain.fault("eth_chainId", raising(HttpFault(status, b"", retry_after="7")))
    with pytest.raises(RateLimited) as raised:
        endpoint.call("eth_chainId")
    assert raised.value.retry_after_seconds == 7


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
