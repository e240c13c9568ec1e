"""The chain's clock, and going back in time. A hand-moved wall clock: nothing sleeps here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.devnet.chain import Chain
from scripts.devnet.errors import RpcError
from scripts.devnet.methods import METHODS
from scripts.devnet.node import Node
from scripts.devnet.store import Store

START = 1_800_000_000


class Wall:
    """A wall clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = float(START)

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def node(tmp_path: Path, wall: Wall) -> Iterator[Node]:
    store = Store(tmp_path / "chain.sqlite3")
    yield Node(Chain(store, wall))
    store.close()


def timestamp(node: Node) -> int:
    return int(node.chain.head.timestamp)


def hashes(node: Node) -> list[bytes]:
    rows = [node.chain.store.block(number) for number in range(node.chain.head.block_number + 1)]
    return [row.hash for row in rows if row]


def test_a_blocks_timestamp__is_the_wall_clocks(node: Node, wall: Wall) -> None:
    assert timestamp(node) == START
    wall.seconds += 10.9
    node.chain.mine()
    assert timestamp(node) == START + 10


def test_a_burst__runs_ahead_and_the_heartbeat_waits_until_the_wall_clock_is_there(
    node: Node, wall: Wall
) -> None:
    for _ in range(5):
        node.chain.mine()
    assert timestamp(node) == START + 5
    for _ in range(5):
        wall.seconds += 1
        assert node.chain.mine_if_due() is False
    wall.seconds += 1
    assert node.chain.mine_if_due() is True
    assert timestamp(node) == START + 6 == int(wall.seconds)


def test_increased_time__moves_every_later_block(node: Node, wall: Wall) -> None:
    assert METHODS["evm_increaseTime"](node, 100) == 100
    assert METHODS["evm_increaseTime"](node, "0x64") == 200
    node.chain.mine()
    assert timestamp(node) == START + 200
    wall.seconds += 5
    node.chain.mine()
    assert timestamp(node) == START + 205


def test_a_set_timestamp__is_the_next_blocks_and_the_clock_goes_on_from_there(
    node: Node, wall: Wall
) -> None:
    METHODS["evm_setNextBlockTimestamp"](node, START + 1_000)
    wall.seconds += 2
    assert node.chain.mine_if_due() is False  # it is meant for a transaction
    node.chain.mine()
    assert timestamp(node) == START + 1_000
    wall.seconds += 3
    node.chain.mine()
    assert timestamp(node) == START + 1_003
    with pytest.raises(RpcError, match="not after the head's"):
        METHODS["evm_setNextBlockTimestamp"](node, START + 1_003)


def test_mining_on_demand(node: Node) -> None:
    METHODS["evm_mine"](node)
    METHODS["evm_mine"](node, START + 50)
    assert (node.chain.head.block_number, timestamp(node)) == (2, START + 50)
    METHODS["evm_mine"](node, {"blocks": 3})
    assert node.chain.head.block_number == 5
    METHODS["hardhat_mine"](node, "0x3", "0x3c")
    assert (node.chain.head.block_number, timestamp(node)) == (8, START + 54 + 2 * 60)


def test_a_reverted_snapshot__brings_back_the_head_and_the_clock(node: Node, wall: Wall) -> None:
    node.chain.mine()
    before = hashes(node)
    id_ = METHODS["evm_snapshot"](node)
    METHODS["evm_increaseTime"](node, 86_400)
    METHODS["anvil_mine"](node, "0x5")
    assert METHODS["evm_revert"](node, id_) is True
    assert hashes(node) == before
    wall.seconds += 10
    node.chain.mine()
    assert timestamp(node) == START + 10
    assert METHODS["evm_revert"](node, id_) is False  # it was used up


def test_a_snapshot_below__uses_up_the_later_ones(node: Node) -> None:
    first = METHODS["evm_snapshot"](node)
    node.chain.mine()
    second = METHODS["evm_snapshot"](node)
    node.chain.mine()
    assert METHODS["evm_revert"](node, first) is True
    assert METHODS["evm_revert"](node, second) is False
    assert node.chain.head.block_number == 0


def test_a_snapshot_whose_block_is_gone__cannot_be_reverted_to(node: Node) -> None:
    METHODS["anvil_mine"](node, "0x4")
    id_ = METHODS["evm_snapshot"](node)
    METHODS["anvil_reorg"](node, 2)
    assert METHODS["evm_revert"](node, id_) is False


def test_a_reorg__makes_other_blocks_even_where_all_else_is_the_same(node: Node) -> None:
    METHODS["anvil_mine"](node, "0x5")
    before = hashes(node)
    METHODS["anvil_reorg"](node, "0x2")
    after = hashes(node)
    assert after[:4] == before[:4]
    assert len(after) == len(before)
    assert not set(after[4:]) & set(before[4:])
    assert node.chain.store.block_by_hash(before[5]) is None


def test_a_rollback__drops_blocks_and_more_than_there_are_is_refused(node: Node) -> None:
    METHODS["anvil_mine"](node, "0x5")
    METHODS["anvil_rollback"](node, 3)
    assert node.chain.head.block_number == 2
    with pytest.raises(RpcError, match="more than there are"):
        METHODS["anvil_rollback"](node, 3)


def test_the_clock_and_the_branch__survive_a_restart(tmp_path: Path, wall: Wall) -> None:
    path = tmp_path / "again.sqlite3"
    node = Node(Chain(Store(path), wall))
    METHODS["evm_increaseTime"](node, 500)
    METHODS["anvil_mine"](node, "0x3")
    METHODS["anvil_reorg"](node, 1)
    METHODS["evm_setNextBlockTimestamp"](node, START + 900)
    before = hashes(node)
    node.chain.store.close()
    again = Node(Chain(Store(path), wall))
    assert hashes(again) == before
    assert again.chain.offset_seconds == 500
    again.chain.mine()
    assert timestamp(again) == START + 900
    again.chain.store.close()
