"""Which logs a filter object asks for, and finding them in the canonical chain.

Blocks without logs are skipped by the store's index; the others give the logs of their receipts
as they are served. A range beyond the head holds nothing and is no error, as in geth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from scripts.devnet.chain import Chain
from scripts.devnet.errors import invalid_params, rejected
from scripts.devnet.params import read_address, read_hash, read_number, read_object
from scripts.devnet.render import Json, data
from scripts.devnet.store import BlockRow

MAX_TOPICS = 4


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Addresses and topics as lower-case hex; an empty set and a None take everything."""

    addresses: frozenset[str]
    topics: tuple[frozenset[str] | None, ...]

    def matches(self, log: Json) -> bool:
        """Whether a log is one of those asked for."""
        if self.addresses and log["address"] not in self.addresses:
            return False
        topics = log["topics"]
        return len(topics) >= len(self.topics) and all(
            wanted is None or topic in wanted
            for wanted, topic in zip(self.topics, topics, strict=False)
        )


def read_query(value: Any) -> LogQuery:
    """The `address` and `topics` of a filter object."""
    asked = read_object(value, "filter")
    addresses = asked.get("address") or []
    if isinstance(addresses, str):
        addresses = [addresses]
    topics = asked.get("topics") or []
    if not isinstance(addresses, list) or not isinstance(topics, list):
        raise invalid_params("filter: address and topics are lists")
    if len(topics) > MAX_TOPICS:
        raise invalid_params("exceed max topics")
    return LogQuery(
        addresses=frozenset(data(read_address(address)) for address in addresses),
        topics=tuple(_read_topic(topic) for topic in topics),
    )


def find_logs(chain: Chain, value: Any) -> list[Json]:
    """The logs that a filter object asks for; -32000 for a block hash that isn't canonical."""
    asked = read_object(value, "filter")
    query = read_query(asked)
    if asked.get("blockHash") is not None:
        if asked.get("fromBlock") is not None or asked.get("toBlock") is not None:
            raise invalid_params(
                "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other"
            )
        row = chain.store.block_by_hash(read_hash(asked["blockHash"], "blockHash"))
        if row is None:
            raise rejected("unknown block")
        return [log for log in logs_of(row) if query.matches(log)]
    ends = asked.get("fromBlock") or "latest", asked.get("toBlock") or "latest"
    first, last = (read_number(chain, end) for end in ends)
    if first > last and all(str(end).startswith("0x") for end in ends):
        raise invalid_params("invalid block range params")
    return [log for log in logs_between(chain, first, last) if query.matches(log)]


def logs_between(chain: Chain, first: int, last: int) -> Iterator[Json]:
    """All logs of a range of canonical blocks, in order."""
    head = chain.head.block_number
    if first <= head:
        for row in chain.store.blocks_with_logs(first, min(last, head)):
            yield from logs_of(row)


def logs_of(row: BlockRow) -> Iterator[Json]:
    """All logs of a block, in order."""
    if row.has_logs:
        for receipt in orjson.loads(row.receipts):
            yield from receipt["logs"]


def _read_topic(value: Any) -> frozenset[str] | None:
    if value is None or value == []:
        return None
    choices = value if isinstance(value, list) else [value]
    if None in choices:
        return None
    return frozenset(data(read_hash(choice, "topic")) for choice in choices)
