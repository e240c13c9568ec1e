"""A backfill's progress: when it is told, what it says, and that the terminal is left as it was."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import time
from contextlib import suppress
from threading import Thread

import pytest
from rich.console import Console
from structlog.testing import capture_logs

from indexer.logs import log_lines
from indexer.progress import BackfillProgress, Bar, Figures, Lines
from indexer.reads import AsOf
from tests.indexer.emitting import bought, person
from tests.indexer.fakechain import FakeChain
from tests.indexer.mirror import Mirror, Start, wait_until

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SHOW_CURSOR = "\x1b[?25h"


class Told:
    """A view that remembers; with the clock and the count of events that it is told by."""

    interval = 0.1

    def __init__(self) -> None:
        self.now = 0.0
        self.events = 0
        self.shown: list[Figures] = []
        self.ends: list[tuple[int, int, float]] = []
        self.progress = BackfillProgress(self, lambda: self.now, lambda: self.events)

    def show(self, figures: Figures) -> None:
        self.shown.append(figures)

    def arrived(self, block: int, events: int, seconds: float) -> None:
        self.ends.append((block, events, seconds))

    def close(self) -> None:
        """Nothing to close."""

    def step(self, block: int, head: int, *, after: float = 0.0, events: int = 0) -> None:
        self.now += after
        self.events += events
        self.progress.stepped(at(block, head))


def at(block: int, head: int) -> AsOf:
    return AsOf(1, "0x", block, "0x", 0, 0, head, 0)


FIGURES = Figures(
    first=0,
    block=2_500,
    target=10_000,
    events=60_000,
    blocks_per_second=500,
    events_per_second=12_345.6,
)


# ---------------------------------------------------------------- when


def test_nothing_is_told_near_the_head() -> None:
    told = Told()
    for block in range(100):
        told.step(block, 100, after=1)
    told.step(100, 100)
    told.step(100, 200, after=1)
    assert (told.shown, told.ends) == ([], [])


def test_far_from_the_head_it_is_told_at_most_once_an_interval_and_once_at_the_end() -> None:
    told = Told()
    told.step(1, 1)
    for block in range(10, 1_000):
        told.step(block, 1_000, after=0.01, events=2)
    told.step(1_000, 1_000)
    told.step(1_001, 1_001, after=1)
    assert 85 <= len(told.shown) <= 100  # in 9.9 s
    assert told.ends == [(1_000, 1_980, pytest.approx(9.9))]


def test_it_is_told_down_to_the_head_though_the_distance_grows_small() -> None:
    told = Told()
    for block in (1, 500, 950, 999):
        told.step(block, 1_000, after=1)
    assert [figures.block for figures in told.shown] == [1, 500, 950, 999]


# ---------------------------------------------------------------- what


def test_rates_are_of_the_last_seconds_and_the_time_left_follows() -> None:
    told = Told()
    told.step(0, 0)
    for second in range(1, 21):
        told.step(second, 1_000, after=1, events=5)
    for second in range(1, 12):
        told.step(20 + second * 50, 1_000, after=1, events=100)
    last = told.shown[-1]
    assert last.blocks_per_second == pytest.approx(50, rel=0.1)
    assert last.events_per_second == pytest.approx(100, rel=0.1)
    assert last.seconds_left == pytest.approx((1_000 - 570) / 50, abs=2)
    assert last.done == pytest.approx(0.57)


def test_a_reorg_or_a_standstill_makes_no_nonsense() -> None:
    told = Told()
    told.step(500, 1_000)
    told.step(490, 1_000, after=1)
    assert told.shown[-1].blocks_per_second == 0
    assert told.shown[-1].seconds_left is None
    assert told.shown[-1].done == 0


# ---------------------------------------------------------------- how


def test_a_bar_says_it_and_goes_away_for_one_line() -> None:
    screen = io.StringIO()
    bar = Bar(Console(file=screen, force_terminal=True, width=100, color_system=None))
    bar.show(FIGURES)
    drawn = "2,500/10,000  25% · 500 blocks/s · 12,346 events/s · 0:00:15 left"
    assert drawn in screen.getvalue()
    bar.arrived(10_000, 70_000, 12.34)
    bar.close()
    last = screen.getvalue().rpartition(SHOW_CURSOR)[2]
    assert "at the head: block 10,000, 70,000 events in 12.3 s" in last
    assert "blocks/s" not in last


def test_log_lines_go_above_the_bar_whole_and_to_stderr_again_after_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen = io.StringIO()
    bar = Bar(Console(file=screen, force_terminal=True, width=80, color_system=None))
    bar.show(FIGURES)
    line = "x" * 200
    log_lines.write(line + "\n")
    assert line in screen.getvalue()
    assert "blocks/s" in screen.getvalue().partition(line)[2]  # drawn anew below it
    bar.close()
    log_lines.write("after\n")
    assert capsys.readouterr().err == "after\n"


def test_without_a_terminal_it_is_log_lines() -> None:
    lines = Lines()
    with capture_logs() as logged:
        lines.show(FIGURES)
        lines.arrived(10_000, 70_000, 12.34)
    assert logged == [
        {
            "event": "backfill_progress",
            "log_level": "info",
            "block": 2_500,
            "target": 10_000,
            "left": 7_500,
            "events": 60_000,
            "blocks_per_second": 500,
            "events_per_second": 12_346,
            "seconds_left": 15,
        },
        {
            "event": "backfill_done",
            "log_level": "info",
            "block": 10_000,
            "events": 70_000,
            "seconds": 12.3,
        },
    ]


# ---------------------------------------------------------------- on a terminal


class Terminal:
    """A terminal that a process draws on, and what it drew."""

    def __init__(self) -> None:
        self._master, self.slave = pty.openpty()
        self._drawn = b""
        self._reader = Thread(target=self._read)
        self._reader.start()

    def drawn(self) -> str:
        return self._drawn.decode(errors="replace")

    def close(self) -> str:
        """All that was drawn; to be called when its process has ended."""
        os.close(self.slave)
        self._reader.join()
        os.close(self._master)
        return self.drawn()

    def _read(self) -> None:
        with suppress(OSError):  # how the end is told
            while part := os.read(self._master, 65_536):
                self._drawn += part


@pytest.fixture
def long_chain(chain: FakeChain) -> FakeChain:
    for number in range(400):
        chain.mine(bought(person(1), number))
    return chain


def slow_down(chain: FakeChain, seconds: float) -> None:
    def slowly(result: object) -> object:
        time.sleep(seconds)
        return result

    chain.fault("eth_getLogs", slowly, times=10**9)


@on_sqlite
def test_a_backfill_on_a_terminal_shows_a_bar_beside_its_log_lines(
    long_chain: FakeChain, mirror: Mirror, start: Start, environment: dict[str, str]
) -> None:
    slow_down(long_chain, 0.01)
    environment |= {"TERM": "xterm", "COLUMNS": "120"}
    terminal = Terminal()
    assert start("run", "--once", stderr=terminal.slave).wait(20) == 0
    drawn = terminal.close()
    assert re.search(r"\d+/400 +\d+% · [\d,]+ blocks/s · [\d,]+ events/s · 0:00:0\d left", drawn)
    assert "leading" in drawn
    last = drawn.rpartition(SHOW_CURSOR)[2]
    assert re.search(r"at the head: block 400, [34]\d\d events in \d+\.\d s", last)


@on_sqlite
def test_a_ctrl_c_in_a_backfill_takes_the_bar_away(
    long_chain: FakeChain, mirror: Mirror, start: Start, environment: dict[str, str]
) -> None:
    slow_down(long_chain, 0.2)
    environment |= {"TERM": "xterm", "COLUMNS": "120"}
    terminal = Terminal()
    process = start("run", stderr=terminal.slave)
    wait_until(lambda: "blocks/s" in terminal.drawn())
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 0
    after = terminal.close().rpartition(SHOW_CURSOR)
    assert after[1] == SHOW_CURSOR
    assert "blocks/s" not in after[2]
    assert "at the head" not in after[2]
