"""Reads ahead of the writer: ranges are fetched and decoded while earlier ones are written.

Owns the threads of a backfill. What is taken follows the base that it is taken for, block by
block; what was read for another base, or turns out to be of another branch, is dropped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from indexer.chain.ranges import RangeSize
from indexer.chain.types import Block
from indexer.decode import Event
from indexer.errors import ProviderError

RANGES_AHEAD = 8  # asked for, or read and not yet taken
THREADS = 2
MOST_EVENTS = 40_000  # taken at once: folding likes many, memory (some 1.5 KB each) few


@dataclass(frozen=True, slots=True)
class Stretch:
    """Blocks of one branch, in order, and all their events."""

    blocks: Sequence[Block]
    events: Sequence[Event]


class ReadAhead:
    """The stretches after a block, in order; for one taker."""

    def __init__(self, fetch: Callable[[int, int], Stretch], size: RangeSize) -> None:
        """`fetch` gives the blocks from a number to another, both included; thread-safe."""
        self._fetch = fetch
        self._size = size
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="read-ahead")
        self._asked: deque[tuple[int, Future[Stretch]]] = deque()  # (first block, its stretch)
        self._next = 0

    def close(self) -> None:
        """Ends the threads after what they fetch now."""
        self._drop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def take(self, base: Block, last: int) -> Stretch:
        """What is ready of the blocks after `base` up to `last`; waits for the first of it.

        Raises what the fetching raised, and ProviderError where it is of another branch: nobody
        lied where the chain has moved since the blocks before.
        """
        if not self._asked or self._asked[0][0] != base.number + 1:
            self._drop()
            self._next = base.number + 1
        self._ask(last)
        try:
            return self._take(base, last)
        except BaseException:
            self._drop()
            raise

    def _take(self, base: Block, last: int) -> Stretch:
        blocks: list[Block] = []
        events: list[Event] = []
        tip = base
        for _ in range(RANGES_AHEAD):
            if blocks and not (self._asked and self._asked[0][1].done()):
                break
            found = self._asked[0][1].result()
            if blocks and len(events) + len(found.events) > MOST_EVENTS:
                break
            self._asked.popleft()
            self._ask(last)
            if found.blocks[0].parent_hash != tip.hash:
                raise ProviderError(f"block {found.blocks[0].number} doesn't follow {tip.hash}")
            blocks += found.blocks
            events += found.events
            tip = blocks[-1]
        return Stretch(blocks, events)

    def _ask(self, last: int) -> None:
        while self._next <= last and len(self._asked) < RANGES_AHEAD:
            until = min(last, self._next + self._size.blocks - 1)
            self._asked.append((self._next, self._pool.submit(self._fetch, self._next, until)))
            self._next = until + 1

    def _drop(self) -> None:
        for _, asked in self._asked:
            asked.cancel()
        self._asked.clear()
