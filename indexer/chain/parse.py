"""Reads a node's JSON into records, and refuses what has another shape.

A node is not trusted: an answer is used only once every field that it is used for was checked.
"""

from __future__ import annotations

from typing import Any

from indexer.chain.types import Block, RawLog
from indexer.errors import BadAnswer

HASH_LENGTH = 66
ADDRESS_LENGTH = 42
MAX_TOPICS = 4


def parse_quantity(value: Any) -> int:
    """A JSON-RPC quantity."""
    if type(value) is not str or not value.startswith("0x"):
        raise BadAnswer(f"no quantity: {_shown(value)}")
    try:
        return int(value, 16)
    except ValueError:
        raise BadAnswer(f"no quantity: {_shown(value)}") from None


def parse_block(raw: Any) -> Block:
    """A block as eth_getBlockBy… answers it, with transactions as hashes."""
    try:
        return Block(
            number=int(raw["number"], 16),
            hash=_hex(raw["hash"], HASH_LENGTH),
            parent_hash=_hex(raw["parentHash"], HASH_LENGTH),
            timestamp=int(raw["timestamp"], 16),
            logs_bloom=int(raw["logsBloom"], 16),
            transaction_hashes=tuple(_hex(h, HASH_LENGTH) for h in raw["transactions"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadAnswer(f"no block: {_shown(raw)}") from None


def parse_logs(raw: Any) -> list[RawLog]:
    """Logs as eth_getLogs and receipts hold them; the order is kept."""
    if type(raw) is not list:
        raise BadAnswer(f"no list of logs: {_shown(raw)}")
    hashes, addresses = _Checked(HASH_LENGTH), _Checked(ADDRESS_LENGTH)
    return [_parse_log(item, hashes, addresses) for item in raw]


def parse_receipt(raw: Any, block: Block) -> list[RawLog]:
    """A receipt's logs; one of another block is refused."""
    if type(raw) is not dict or raw.get("blockHash") != block.hash:
        raise BadAnswer(f"no receipt of block {block.number}: {_shown(raw)}")
    return parse_logs(raw.get("logs"))


class _Checked(dict[str, str]):
    """Hex strings of one length, in lower case: an answer repeats them, each is checked once."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __missing__(self, value: str) -> str:
        checked = self[value] = _hex(value, self._length)
        return checked


def _parse_log(raw: Any, hashes: _Checked, addresses: _Checked) -> RawLog:
    try:
        if raw.get("removed"):
            raise BadAnswer("a log that a reorg removed")
        topics = tuple([hashes[topic] for topic in raw["topics"]])
        if len(topics) > MAX_TOPICS:
            raise ValueError
        data: str = raw["data"]
        if not data.startswith("0x") or len(data) % 2:
            raise ValueError
        return RawLog(
            addresses[raw["address"]],
            topics,
            data,
            int(raw["blockNumber"], 16),
            hashes[raw["blockHash"]],
            hashes[raw["transactionHash"]],
            int(raw["logIndex"], 16),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadAnswer(f"no log: {_shown(raw)}") from None


def _hex(value: Any, length: int) -> str:
    if type(value) is not str or len(value) != length or value[:2] != "0x":
        raise ValueError
    return value.lower()


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
