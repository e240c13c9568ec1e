"""Filters that a client polls: new blocks, new transactions, matching logs.

Invariant: each change is told once and in order; after a rewind, first the logs that are gone,
marked `removed`. A filter that nobody polls for five minutes is dropped, as in geth.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from scripts.devnet.chain import Chain
from scripts.devnet.errors import rejected
from scripts.devnet.logs import LogQuery, logs_between
from scripts.devnet.render import data

IDLE_SECONDS = 300.0
MAX_FILTERS = 1_000

BLOCKS = "blocks"
TRANSACTIONS = "transactions"


@dataclass
class Filter:
    """What is watched, the last block that was told of, and what a rewind left to be told."""

    watches: str | LogQuery
    asked: Any
    told: int
    polled_at: float
    removed: list[Any] = field(default_factory=list)


class Filters:
    """The filters of all clients, in memory: a restart forgets them, as any node does."""

    def __init__(self, chain: Chain, clock: Callable[[], float] = time.monotonic) -> None:
        self._chain = chain
        self._clock = clock
        self._filters: dict[int, Filter] = {}
        self._last_id = 0

    def add(self, watches: str | LogQuery, asked: Any = None) -> int:
        """Starts watching from the next block on; the filter's id."""
        self._drop_idle()
        if len(self._filters) >= MAX_FILTERS:
            raise rejected("too many filters")
        self._last_id += 1
        head = self._chain.head.block_number
        self._filters[self._last_id] = Filter(watches, asked, head, self._clock())
        return self._last_id

    def remove(self, id_: int) -> bool:
        """Stops watching; whether there was such a filter."""
        return self._filters.pop(id_, None) is not None

    def asked(self, id_: int) -> Any:
        """The filter object that a log filter was made of."""
        found = self._find(id_)
        if not isinstance(found.watches, LogQuery):
            raise rejected("filter not found")
        return found.asked

    def changes(self, id_: int) -> list[Any]:
        """What is new since the last time."""
        found = self._find(id_)
        found.polled_at = self._clock()
        first, last = found.told + 1, self._chain.head.block_number
        news, found.removed, found.told = found.removed, [], last
        if isinstance(found.watches, LogQuery):
            query = found.watches
            return news + [
                log for log in logs_between(self._chain, first, last) if query.matches(log)
            ]
        for number in range(first, last + 1):
            row = self._chain.store.block(number)
            assert row is not None  # noqa: S101  # not above the head
            if found.watches == BLOCKS:
                news.append(data(row.hash))
            else:
                news += [item["hash"] for item in orjson.loads(row.transactions)]
        return news

    def before_rewind(self, number: int) -> None:
        """Notes the logs that clients were told of and that are about to go."""
        for found in self._filters.values():
            if isinstance(found.watches, LogQuery):
                gone = [
                    log | {"removed": True}
                    for log in logs_between(self._chain, number + 1, found.told)
                    if found.watches.matches(log)
                ]
                found.removed += reversed(gone)
            found.told = min(found.told, number)

    def _find(self, id_: int) -> Filter:
        try:
            return self._filters[id_]
        except KeyError:
            raise rejected("filter not found") from None

    def _drop_idle(self) -> None:
        oldest = self._clock() - IDLE_SECONDS
        idle = [id_ for id_, found in self._filters.items() if found.polled_at < oldest]
        for id_ in idle:
            del self._filters[id_]
