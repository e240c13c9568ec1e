"""Nodes that fail, lag and lie: nothing lost, nothing twice, nothing made up."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from indexer.errors import ProviderError
from tests.indexer.emitting import bought, person, random_logs
from tests.indexer.fakechain import STRANGER, FakeChain, HttpFault, RpcError
from tests.indexer.mirror import Mirror


def _http(status: int = 200, body: bytes = b"", **more: bool) -> Callable[[Any], Any]:
    def answer(_result: Any) -> Any:
        raise HttpFault(status, body, **more)

    return answer


def _refuse(code: int, message: str) -> Callable[[Any], Any]:
    def answer(_result: Any) -> Any:
        raise RpcError(code, message)

    return answer


def _in_logs(change: Callable[[list[dict[str, Any]]], Any]) -> Callable[[Any], Any]:
    """Changes logs where there are any."""

    def answer(result: Any) -> Any:
        result = copy.deepcopy(result)
        if result:
            change(result)
        return result

    return answer


def _in_block(**fields: Any) -> Callable[[Any], Any]:
    return lambda block: block and {**block, **fields}


LIES = {
    "HTTP 429": ("eth_getLogs", _http(429)),
    "HTTP 503": ("eth_getBlockByNumber", _http(503, b"<html>")),
    "cut JSON": ("eth_getLogs", _http(200, b'{"jsonrpc": "2.0", "id": 1, "resu')),
    "a reset": ("eth_getLogs", _http(reset=True)),
    "a wrong id": ("eth_getLogs", _http(200, b'{"jsonrpc": "2.0", "id": -1, "result": []}')),
    "an error in words": ("eth_getLogs", _refuse(-32000, "unknown block")),
    "a rate limit in words": ("eth_getLogs", _refuse(-32005, "daily request count exceeded")),
    "a null block": ("eth_getBlockByNumber", lambda _: None),
    "null logs": ("eth_getLogs", lambda _: None),
    "another block's number": ("eth_getBlockByNumber", _in_block(number="0x3")),
    "a block without a hash": ("eth_getBlockByNumber", _in_block(hash=None)),
    "a foreign parent": ("eth_getBlockByNumber", _in_block(parentHash="0x" + "ee" * 32)),
    "no logs": ("eth_getLogs", lambda _: []),
    "a missing log": ("eth_getLogs", _in_logs(lambda logs: logs.pop())),
    "a log twice": ("eth_getLogs", _in_logs(lambda logs: logs.append(logs[-1]))),
    "logs out of order": ("eth_getLogs", _in_logs(lambda logs: logs.reverse())),
    "a foreign log": ("eth_getLogs", _in_logs(lambda logs: logs[0].update(address=STRANGER))),
    "another block's log": (
        "eth_getLogs",
        _in_logs(lambda logs: logs[-1].update(blockHash="0x" + "ee" * 32)),
    ),
    "a removed log": ("eth_getLogs", _in_logs(lambda logs: logs[0].update(removed=True))),
    "a made-up topic": (
        "eth_getLogs",
        _in_logs(lambda logs: logs[0].update(topics=["0x" + "ee" * 32])),
    ),
    "short data": ("eth_getLogs", _in_logs(lambda logs: logs[0].update(data="0x00"))),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("lie", LIES)
def test_a_lie_while_following_changes_nothing(chain: FakeChain, mirror: Mirror, lie: str) -> None:
    method, answer = LIES[lie]
    chain.mine(bought(person(1), 1))
    mirror.catch_up()
    chain.mine(bought(person(1), 2))
    fault = chain.fault(method, answer, times=2)
    mirror.catch_up()
    chain.mine(bought(person(1), 3), bought(person(2), 3))
    mirror.catch_up()
    assert fault.used == 2
    chain.faults.clear()
    mirror.assert_equals_replay()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("lie", LIES)
def test_a_lie_in_a_backfill_changes_nothing(chain: FakeChain, mirror: Mirror, lie: str) -> None:
    method, answer = LIES[lie]
    random = Random(5)
    for _ in range(40):
        chain.mine(*random_logs(random, most=1))
    fault = chain.fault(method, answer, times=3)
    mirror.catch_up()
    assert fault.used == 3
    mirror.assert_equals_replay()


def test_logs_withheld_for_a_while_are_never_lost(chain: FakeChain, mirror: Mirror) -> None:
    """A load balancer whose log index lags: empty logs, no receipts, then all of them."""
    chain.mine(bought(person(1), 1))
    mirror.catch_up()
    before = mirror.as_of()
    chain.mine(bought(person(1), 2))
    chain.fault("eth_getLogs", lambda _: [], times=6)
    chain.fault("eth_getBlockReceipts", lambda _: None, times=3)
    chain.fault("eth_getTransactionReceipt", lambda _: None, times=3)
    for _ in range(3):
        with pytest.raises(ProviderError):
            mirror.step()
        assert mirror.as_of() == before
    mirror.catch_up()
    mirror.assert_equals_replay()


@pytest.mark.parametrize("has_block_receipts", [True, False])
def test_logs_withheld_for_ever_come_from_the_receipts(
    chain: FakeChain, mirror: Mirror, has_block_receipts: bool
) -> None:
    chain.has_block_receipts = has_block_receipts
    for amount in range(30):
        chain.mine(bought(person(1), amount))
    chain.fault("eth_getLogs", lambda _: [], times=10**9)
    mirror.catch_up()
    chain.faults.clear()
    mirror.assert_equals_replay()


def test_a_bloom_that_only_seems_to_hold_an_event_is_disproven_by_the_receipts(
    chain: FakeChain, mirror: Mirror
) -> None:
    """Another contract may log our address and our event's hash as its topics."""
    ours = bought(person(1), 1)
    decoy = type(ours)(STRANGER, (ours.topics[0],), "0x")
    chain.mine(decoy)
    mirror.catch_up()
    assert "eth_getBlockReceipts" not in chain.calls  # our address isn't in it
    block = chain.mine(decoy)
    header = block.header()
    full = _in_block(logsBloom=hex(2**2048 - 1))
    chain.fault(
        "eth_getBlockByNumber", lambda b: full(b) if b and b["hash"] == block.hash else b, 9
    )
    with pytest.raises(ProviderError, match="bloom"):  # the receipts must make it to the bit
        mirror.step()
    chain.faults.clear()
    assert header["logsBloom"] != hex(2**2048 - 1)
    mirror.catch_up()
    mirror.assert_equals_replay()


def test_a_node_of_two_that_withholds_is_gone_around(
    chain: FakeChain, chain_url: str, mirror: Mirror, serve: Callable[[FakeChain], str]
) -> None:
    for amount in range(5):
        chain.mine(bought(person(1), amount))
    liar = FakeChain(salt=chain.salt, blocks=chain.blocks)
    liar.fault("eth_getLogs", lambda _: [], times=10**9)
    liar.fault("eth_getBlockReceipts", lambda _: None, times=10**9)
    liar.fault("eth_getTransactionReceipt", lambda _: None, times=10**9)
    mirror.urls = f"{serve(liar)},{chain_url}"
    mirror.catch_up()
    mirror.assert_equals_replay()
    assert "eth_getLogs" in chain.calls


def test_a_dead_first_node_is_gone_around(chain: FakeChain, chain_url: str, mirror: Mirror) -> None:
    chain.mine(bought(person(1), 5))
    mirror.urls = f"http://127.0.0.1:9,{chain_url}"
    mirror.catch_up()
    mirror.assert_equals_replay()
