"""Blocks, transactions and receipts; null for what is unknown."""

from __future__ import annotations

from typing import Any

import orjson

from scripts.devnet.node import Method, Node
from scripts.devnet.params import HASH_BYTES, read_data, read_hash, read_number, read_quantity
from scripts.devnet.render import Json, block_json, data, quantity
from scripts.devnet.store import BlockRow


def block_number(node: Node) -> str:
    """The head's number."""
    return quantity(node.chain.head.block_number)


def block_by_number(node: Node, block: Any, full: Any = False) -> Json | None:
    """The canonical block of a number or tag."""
    if block == "pending":
        return _pending(node)
    row = node.chain.store.block(read_number(node.chain, block))
    return None if row is None else _show(node, row, full)


def block_by_hash(node: Node, hash_: Any, full: Any = False) -> Json | None:
    """The canonical block of a hash; null for one that a reorg dropped."""
    row = node.chain.store.block_by_hash(read_hash(hash_))
    return None if row is None else _show(node, row, full)


def transaction_count(node: Node, block: Any) -> str | None:
    """The number of transactions in a block."""
    row = _find(node, block)
    return None if row is None else quantity(len(orjson.loads(row.transactions)))


def uncle_count(node: Node, block: Any) -> str | None:
    """Always 0 for a block that there is."""
    return None if _find(node, block) is None else quantity(0)


def transaction_in_block(node: Node, block: Any, position: Any) -> Json | None:
    """The transaction at a position of a block."""
    row = _find(node, block)
    transactions = orjson.loads(row.transactions) if row else []
    at = read_quantity(position, "index")
    return transactions[at] if at < len(transactions) else None


def transaction_by_hash(node: Node, hash_: Any) -> Json | None:
    """A mined transaction."""
    found = _find_transaction(node, hash_)
    return found and orjson.loads(found[0].transactions)[found[1]]


def receipt(node: Node, hash_: Any) -> Json | None:
    """A mined transaction's receipt."""
    found = _find_transaction(node, hash_)
    return found and orjson.loads(found[0].receipts)[found[1]]


def block_receipts(node: Node, block: Any) -> list[Json] | None:
    """The receipts of a block, in order."""
    row = _find(node, block)
    return orjson.loads(row.receipts) if row else None


def _find(node: Node, block: Any) -> BlockRow | None:
    if isinstance(block, dict):
        block = block.get("blockHash") or block.get("blockNumber")
    if isinstance(block, str) and len(block) == 2 + 2 * HASH_BYTES:
        return node.chain.store.block_by_hash(read_data(block, "hash", HASH_BYTES))
    return node.chain.store.block(read_number(node.chain, block))


def _find_transaction(node: Node, hash_: Any) -> tuple[BlockRow, int] | None:
    place = node.chain.store.find_transaction(read_hash(hash_))
    if place is None:
        return None
    row = node.chain.store.block(place[0])
    return None if row is None else (row, place[1])


def _show(node: Node, row: BlockRow, full: Any) -> Json:
    transactions = orjson.loads(row.transactions)
    if not full:
        transactions = [item["hash"] for item in transactions]
    return block_json(node.chain.header_by_hash(row.hash), row.size, transactions)


def _pending(node: Node) -> Json:
    """What would be mined now: never a transaction, since each is mined as it comes."""
    header = node.chain.next_header()
    shown = block_json(header, 0, [])
    return shown | {"hash": None, "nonce": None, "miner": data(header.coinbase)}


METHODS: dict[str, Method] = {
    "eth_blockNumber": block_number,
    "eth_getBlockByNumber": block_by_number,
    "eth_getBlockByHash": block_by_hash,
    "eth_getBlockTransactionCountByNumber": transaction_count,
    "eth_getBlockTransactionCountByHash": transaction_count,
    "eth_getUncleCountByBlockNumber": uncle_count,
    "eth_getUncleCountByBlockHash": uncle_count,
    "eth_getTransactionByBlockNumberAndIndex": transaction_in_block,
    "eth_getTransactionByBlockHashAndIndex": transaction_in_block,
    "eth_getTransactionByHash": transaction_by_hash,
    "eth_getTransactionReceipt": receipt,
    "eth_getBlockReceipts": block_receipts,
}
