"""How a backfill gets on: a bar where stderr is a terminal, else a log line now and then.

Appears when the mirror is far behind, goes away at the head with one line. `stepped` costs a look
at the clock but for a few times a second.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from indexer.logs import lines_above
from indexer.metrics import events_written
from indexer.reads.cursor import AsOf

FAR_BLOCKS = 100  # behind the head
WINDOW_SECONDS = 10.0  # that a rate is taken over
DRAW_SECONDS = 0.1
LOG_SECONDS = 5.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sample:
    """A moment of a backfill."""

    at: float  # seconds of a clock that never goes back
    block: int
    events: int  # since the process began


@dataclass(frozen=True, slots=True)
class Figures:
    """What is told of a backfill."""

    first: int  # the block that it began at
    block: int
    target: int
    events: int  # since it began
    blocks_per_second: float
    events_per_second: float

    @property
    def done(self) -> float:
        """Between 0 and 1."""
        return max(0, self.block - self.first) / max(1, self.target - self.first)

    @property
    def seconds_left(self) -> int | None:
        """By the rate of the window; None where it stands still."""
        if self.blocks_per_second <= 0:
            return None
        return round((self.target - self.block) / self.blocks_per_second)


class View(Protocol):
    """Where the figures go."""

    interval: float  # seconds between two tellings

    def show(self, figures: Figures) -> None:
        """Tells how far it is."""

    def arrived(self, block: int, events: int, seconds: float) -> None:
        """Tells that it is at the head."""

    def close(self) -> None:
        """Takes away what is drawn; may come at any time, and twice."""


class Bar:
    """A bar at the end of a terminal; log lines go above it."""

    interval = DRAW_SECONDS

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._shown = ExitStack()

    def show(self, figures: Figures) -> None:
        """Draws the bar anew."""
        bar = self._bar or self._begin()
        bar.update(
            bar.task_ids[0],
            completed=round(figures.done * 1_000),
            description=_described(figures),
            refresh=True,
        )

    def arrived(self, block: int, events: int, seconds: float) -> None:
        """One line in place of the bar."""
        self.close()
        self._console.print(
            f"at the head: block {block:,}, {events:,} events in {seconds:,.1f} s", highlight=False
        )

    def close(self) -> None:
        """Takes the bar away, and gives the cursor of the terminal back."""
        self._bar = None
        self._shown.close()

    def _begin(self) -> Progress:
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            console=self._console,
            transient=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            expand=True,
        )
        bar.add_task("", total=1_000)
        self._shown.enter_context(bar)
        self._shown.enter_context(lines_above(self._print_line))
        self._bar = bar
        return bar

    def _print_line(self, line: str) -> None:
        # Not wrapped by rich: a line stays a line for whoever copies it.
        self._console.print(Text.from_ansi(line.rstrip("\n")), soft_wrap=True)


class Lines:
    """Log lines."""

    interval = LOG_SECONDS

    def show(self, figures: Figures) -> None:
        """One line."""
        log.info(
            "backfill_progress",
            block=figures.block,
            target=figures.target,
            left=figures.target - figures.block,
            events=figures.events,
            blocks_per_second=round(figures.blocks_per_second),
            events_per_second=round(figures.events_per_second),
            seconds_left=figures.seconds_left,
        )

    def arrived(self, block: int, events: int, seconds: float) -> None:
        """One line."""
        log.info("backfill_done", block=block, events=events, seconds=round(seconds, 1))

    def close(self) -> None:
        """Nothing is drawn."""


class BackfillProgress:
    """Watches the steps of one indexer."""

    def __init__(
        self,
        view: View,
        clock: Callable[[], float] = time.monotonic,
        count_events: Callable[[], int] = events_written,
    ) -> None:
        self._view = view
        self._clock = clock
        self._count_events = count_events
        self._began: Sample | None = None  # it was last at the head, or first seen
        self._window: deque[Sample] = deque()  # empty while there is no backfill
        self._next_at = float("-inf")

    def stepped(self, cursor: AsOf | None) -> None:
        """A step ended well at `cursor`, whose head is the node's."""
        if cursor is None:
            return
        left = cursor.head_number - cursor.block_number
        now = self._clock()
        if self._window and left > 0 and now < self._next_at:
            return
        sample = Sample(now, cursor.block_number, self._count_events())
        if left <= 0:
            self._arrive(sample)
            return
        if self._began is None:
            self._began = sample
        if self._window or left > FAR_BLOCKS:
            self._show(self._began, sample, cursor.head_number)

    def close(self) -> None:
        """Ends without having arrived."""
        self._view.close()

    def _arrive(self, sample: Sample) -> None:
        if self._window and self._began is not None:
            began = self._began
            self._view.arrived(sample.block, sample.events - began.events, sample.at - began.at)
            self._window.clear()
        self._began = sample
        self._next_at = float("-inf")

    def _show(self, began: Sample, sample: Sample, target: int) -> None:
        window = self._window or deque([began])
        window.append(sample)
        while len(window) > 2 and window[1].at < sample.at - WINDOW_SECONDS:
            window.popleft()
        self._window = window
        self._next_at = sample.at + self._view.interval
        seconds = max(sample.at - window[0].at, 0.001)
        self._view.show(
            Figures(
                first=began.block,
                block=sample.block,
                target=target,
                events=sample.events - began.events,
                blocks_per_second=max(0, sample.block - window[0].block) / seconds,
                events_per_second=(sample.events - window[0].events) / seconds,
            )
        )


def view_for_stderr() -> View:
    """A bar on a terminal that can draw one, else log lines."""
    console = Console(stderr=True)
    if sys.stderr.isatty() and not console.is_dumb_terminal:
        return Bar(console)
    return Lines()


def _described(figures: Figures) -> str:
    left = figures.seconds_left
    return (
        f"{figures.block:,}/{figures.target:,} {figures.done:4.0%} · "
        f"{figures.blocks_per_second:,.0f} blocks/s · {figures.events_per_second:,.0f} events/s · "
        f"{'—' if left is None else timedelta(seconds=left)} left"
    )
