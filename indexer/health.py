"""What the run loop says of itself: alive, leading, at the head, halted.

Written by the loop alone, one attribute at a time; read by the threads that answer questions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from indexer.reads.cursor import AsOf

# A step of many requests, each of which times out on each node, takes minutes.
HUNG_SECONDS = 300.0


class Health(Collector):
    """One indexer's state, as of its last step."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.leads = False
        self.halted = ""  # why it can't go on
        self.cursor: AsOf | None = None
        self._clock = clock
        self._turned_at = clock()
        self._at_head_at: float | None = None

    def turned(self) -> None:
        """The loop came round."""
        self._turned_at = self._clock()

    def stepped(self, cursor: AsOf | None, *, at_head: bool) -> None:
        """A step ended well."""
        self.cursor = cursor
        if at_head:
            self._at_head_at = self._clock()

    def why_not_alive(self) -> str:
        """Empty while the loop comes round."""
        hung = self._clock() - self._turned_at
        return f"no step has ended for {hung:.0f} s" if hung > HUNG_SECONDS else ""

    def why_not_ready(self, max_seconds: float) -> str:
        """Empty where it leads and was at the head within `max_seconds` (0: ever)."""
        if self.halted:
            return f"halted: {self.halted}"
        if not self.leads:
            return "it doesn't lead"
        if self.cursor is None:
            return "nothing is indexed yet"
        if self._at_head_at is None:
            return f"{_behind(self.cursor)} blocks behind"
        seconds = self._clock() - self._at_head_at
        if max_seconds and seconds > max_seconds:
            return f"not at the head for {seconds:.0f} s, {_behind(self.cursor)} blocks behind"
        return ""

    def describe(self) -> list[Metric]:
        """None: a registry would else collect at registration."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The gauges. What isn't known is left out: a gap is more honest than a zero."""
        yield _gauge("leader", "Whether this process leads", self.leads)
        yield _gauge("halted", "Whether it waits for an operator", bool(self.halted))
        cursor = self.cursor
        if cursor is None or not self.leads:
            return
        yield _gauge("head_block", "The node's head", cursor.head_number)
        yield _gauge("cursor_block", "The mirror's last block", cursor.block_number)
        yield _gauge("finalized_block", "The last final block", cursor.finalized_number)
        yield _gauge("lag_blocks", "Cursor to head", _behind(cursor))
        age = cursor.lag_seconds(int(time.time()))
        yield _gauge("lag_seconds", "Age of the cursor's block", age)


def _behind(cursor: AsOf) -> int:
    return max(0, cursor.head_number - cursor.block_number)


def _gauge(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(f"dspace_indexer_{name}", help_, float(value))
