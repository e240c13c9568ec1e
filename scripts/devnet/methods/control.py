"""What only a development chain can do: mine at will, move the clock, go back in time."""

from __future__ import annotations

from typing import Any

from scripts.devnet.errors import invalid_params
from scripts.devnet.node import Method, Node
from scripts.devnet.params import read_quantity
from scripts.devnet.render import quantity

MAX_BLOCKS = 10_000  # in one call: some seconds


def evm_mine(node: Node, asked: Any = None) -> str:
    """Mines a block: at a timestamp, or several by {"blocks": n, "timestamp": t}."""
    blocks, timestamp = 1, asked
    if isinstance(asked, dict):
        blocks = read_quantity(asked.get("blocks", 1), "blocks")
        timestamp = asked.get("timestamp")
    if timestamp is not None:
        set_next_timestamp(node, timestamp)
    _mine_many(node, blocks)
    return quantity(0)


def mine_many(node: Node, blocks: Any = 1, interval: Any = None) -> None:
    """Mines blocks, with so many seconds between them if an interval is given."""
    seconds = None if interval is None else read_quantity(interval, "interval")
    _mine_many(node, read_quantity(blocks, "blocks"), seconds)


def increase_time(node: Node, seconds: Any) -> int:
    """Moves the clock on, for the next block and all after it; the whole offset in seconds."""
    chain = node.chain
    chain.set_clock(chain.offset_seconds + read_quantity(seconds, "seconds"), chain.next_timestamp)
    return chain.offset_seconds


def set_next_timestamp(node: Node, timestamp: Any) -> None:
    """Sets the next block's timestamp exactly; the clock goes on from there."""
    chain = node.chain
    chain.set_clock(chain.offset_seconds, read_quantity(timestamp, "timestamp"))


def snapshot(node: Node) -> str:
    """Remembers the head and the clock; the snapshot's id."""
    head = node.chain.head
    id_ = max(node.snapshots, default=0) + 1
    node.snapshots[id_] = (head.block_number, head.hash, node.chain.offset_seconds)
    return quantity(id_)


def revert(node: Node, id_: Any) -> bool:
    """Goes back to a snapshot, which is used up with all later ones; whether there was it."""
    wanted = read_quantity(id_, "snapshot")
    if wanted not in node.snapshots:
        return False
    number, hash_, offset = node.snapshots[wanted]
    node.snapshots = {key: kept for key, kept in node.snapshots.items() if key < wanted}
    row = node.chain.store.block(number)
    if row is None or row.hash != hash_:  # a rollback went below it
        return False
    node.rewind(number, offset)
    return True


def rollback(node: Node, depth: Any = 1) -> None:
    """Drops the newest blocks."""
    node.rewind(_below_head(node, depth), node.chain.offset_seconds)


def reorg(node: Node, depth: Any, _transactions: Any = None) -> None:
    """Replaces the newest blocks by as many empty ones."""
    number = _below_head(node, depth)
    blocks = node.chain.head.block_number - number
    node.rewind(number, node.chain.offset_seconds)
    _mine_many(node, blocks)


def _mine_many(node: Node, blocks: int, interval_seconds: int | None = None) -> None:
    if blocks > MAX_BLOCKS:
        raise invalid_params(f"at most {MAX_BLOCKS} blocks in one call")
    for at in range(blocks):
        if at and interval_seconds:
            set_next_timestamp(node, node.chain.head.timestamp + interval_seconds)
        node.chain.mine()


def _below_head(node: Node, depth: Any) -> int:
    number = int(node.chain.head.block_number) - read_quantity(depth, "depth")
    if number < 0:
        raise invalid_params("depth: more than there are blocks")
    return number


METHODS: dict[str, Method] = {
    "evm_mine": evm_mine,
    "anvil_mine": mine_many,
    "hardhat_mine": mine_many,
    "evm_increaseTime": increase_time,
    "anvil_increaseTime": increase_time,
    "evm_setNextBlockTimestamp": set_next_timestamp,
    "anvil_setNextBlockTimestamp": set_next_timestamp,
    "evm_snapshot": snapshot,
    "anvil_snapshot": snapshot,
    "evm_revert": revert,
    "anvil_revert": revert,
    "anvil_rollback": rollback,
    "anvil_reorg": reorg,
}
