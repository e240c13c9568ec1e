"""Contract reads at one block: by hash, by number where a node takes no hash, else never."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from indexer.chain.calls import CallsAt, ContractCall
from indexer.chain.node import BATCH_CALLS
from indexer.chain.pool import Pool
from indexer.chain.rpc import RpcEndpoint
from indexer.errors import BadAnswer, BlockUnavailable
from tests.indexer.fakechain import CHAIN_ID, FakeChain, RpcError, served

REVERTING = "0xdead"


@dataclass
class ReadableChain(FakeChain):
    """Answers a call by its data and the block's number; what it refuses is scripted."""

    takes_hash: bool = True
    has_state: bool = True
    answer_with: Any = None
    asked: list[Any] = field(default_factory=list)

    def eth_call(self, call: dict[str, str], block: Any) -> Any:
        self.asked.append(block)
        if isinstance(block, dict):
            if not self.takes_hash:
                raise RpcError(-32602, "invalid argument 1: hex string expected")
            found = [b.number for b in self.blocks if b.hash == block["blockHash"]]
            if not found:
                raise RpcError(-32000, "header for hash not found")
            number = found[0]
        else:
            number = int(block, 16)
        if not self.has_state:
            raise RpcError(-32000, "missing trie node 1234 (path ) state is not available")
        if call["data"] == REVERTING:
            raise RpcError(3, "execution reverted: Hosting: no such service")
        return self.answer_with or call["data"] + f"{number:02x}"


@pytest.fixture
def reads() -> Iterator[Callable[..., CallsAt]]:
    """Reads at block 5 of the first chain, from all the chains in order."""
    with ExitStack() as stack:

        def make(*chains: ReadableChain) -> CallsAt:
            first = chains[0]
            urls = [stack.enter_context(served(chain)) for chain in chains]
            pool = Pool([RpcEndpoint(url, 2) for url in urls], CHAIN_ID, first.blocks[0].hash)
            stack.callback(pool.close)
            return CallsAt(pool, 5, first.blocks[5].hash)

        yield make


def grown(**behaviour: Any) -> ReadableChain:
    chain = ReadableChain(**behaviour)
    for _ in range(8):
        chain.mine()
    return chain


def call(data: str) -> ContractCall:
    return ContractCall("0x" + "11" * 20, data)


def test_every_call_is_answered_at_the_block_of_the_hash(reads: Callable[..., CallsAt]) -> None:
    chain = grown()
    count = 2 * BATCH_CALLS + 1
    found = reads(chain).read([call(f"0x{number:04x}") for number in range(count)])
    assert found == [bytes([number >> 8, number & 255, 5]) for number in range(count)]
    assert chain.asked == [{"blockHash": chain.blocks[5].hash}] * count


def test_a_call_that_reverts_is_none_among_the_others(reads: Callable[..., CallsAt]) -> None:
    calls = [call("0x01")] * 40 + [call(REVERTING)] + [call("0x02")] * 30 + [call(REVERTING)]
    wanted = [b"\1\5"] * 40 + [None] + [b"\2\5"] * 30 + [None]
    assert reads(grown()).read(calls) == wanted


def test_a_node_that_takes_no_hash_is_asked_by_number_and_compared(
    reads: Callable[..., CallsAt],
) -> None:
    chain = grown(takes_hash=False)
    calls = reads(chain)
    assert calls.read([call("0x01"), call(REVERTING)]) == [b"\1\5", None]
    chain.reorg(4, *[()] * 4)
    with pytest.raises(BlockUnavailable, match="another branch"):
        calls.read([call("0x01")])


def test_a_node_without_the_state_is_said_to_have_none(reads: Callable[..., CallsAt]) -> None:
    with pytest.raises(BlockUnavailable, match=r"no contract reads at block 5 .*missing trie node"):
        reads(grown(has_state=False)).read([call("0x01")])


def test_another_node_may_have_the_state(reads: Callable[..., CallsAt]) -> None:
    assert reads(grown(has_state=False), grown()).read([call("0x01")]) == [b"\1\5"]


def test_a_block_of_another_branch_or_none_is_refused(reads: Callable[..., CallsAt]) -> None:
    chain = grown()
    calls = reads(chain)
    calls.check()
    chain.reorg(6, *[()] * 6)
    with pytest.raises(BlockUnavailable, match="is on another branch"):
        calls.check()
    chain.lag = 5
    with pytest.raises(BlockUnavailable, match="has no block 5"):
        calls.check()


def test_what_is_no_answer_is_refused(reads: Callable[..., CallsAt]) -> None:
    for nonsense in ({"no": "hex"}, "0xzz"):
        with pytest.raises(BadAnswer):
            reads(grown(answer_with=nonsense)).read([call("0x01")])
