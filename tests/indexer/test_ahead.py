"""Reading ahead: in order, for one base, and nothing of another branch."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from indexer.ahead import MOST_EVENTS, RANGES_AHEAD, ReadAhead, Stretch
from indexer.chain.ranges import RangeSize
from indexer.chain.types import Block
from indexer.errors import ProviderError, ProviderTimeout

SECONDS = 10.0


def block(number: int, branch: str = "a") -> Block:
    return Block(number, f"0x{branch}{number}", f"0x{branch}{number - 1}", number)


class Source:
    """What is fetched, range by range; it can be held back."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.branch = "a"
        self.events_in_a_range = 0
        self.failing: Exception | None = None
        self.held = Event()
        self.held.set()

    def fetch(self, first: int, last: int) -> Stretch:
        self.asked.append((first, last))
        assert self.held.wait(SECONDS)
        if self.failing is not None:
            raise self.failing
        blocks = [block(number, self.branch) for number in range(first, last + 1)]
        return Stretch(blocks, [None] * self.events_in_a_range)  # type: ignore[list-item]  # counted only


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def ahead(source: Source) -> Iterator[ReadAhead]:
    made = ReadAhead(source.fetch, RangeSize(10))
    yield made
    source.held.set()
    made.close()


def take_all(ahead: ReadAhead, base: Block, last: int) -> list[Block]:
    found: list[Block] = []
    while (base if not found else found[-1]).number < last:
        found += ahead.take(found[-1] if found else base, last).blocks
    return found


def test_every_block_comes_once_and_in_order(ahead: ReadAhead) -> None:
    assert take_all(ahead, block(0), 95) == [block(number) for number in range(1, 96)]


def test_later_ranges_are_asked_for_before_the_first_is_taken(
    ahead: ReadAhead, source: Source
) -> None:
    source.held.clear()
    with ThreadPoolExecutor(1) as taker:
        taken = taker.submit(ahead.take, block(0), 1_000)
        while len(source.asked) < 2:
            assert not taken.done()
        source.held.set()
        assert taken.result(SECONDS).blocks[0] == block(1)
    assert len(source.asked) <= 2 * RANGES_AHEAD, "but not the whole chain"


def test_no_more_events_are_taken_at_once_than_memory_is_meant_for(
    ahead: ReadAhead, source: Source
) -> None:
    source.events_in_a_range = MOST_EVENTS // 2 + 1
    base = block(0)
    for _ in range(5):
        taken = ahead.take(base, 1_000)
        assert len(taken.events) <= MOST_EVENTS
        base = taken.blocks[-1]


def test_a_range_that_holds_more_by_itself_is_taken_alone(ahead: ReadAhead, source: Source) -> None:
    source.events_in_a_range = 2 * MOST_EVENTS
    assert len(ahead.take(block(0), 1_000).events) == 2 * MOST_EVENTS


def test_what_was_read_for_another_base_is_dropped(ahead: ReadAhead, source: Source) -> None:
    ahead.take(block(0), 1_000)
    source.branch = "b"
    assert ahead.take(block(4, "b"), 1_000).blocks[0] == block(5, "b")


def test_blocks_of_another_branch_are_refused_and_read_again(
    ahead: ReadAhead, source: Source
) -> None:
    taken = ahead.take(block(0), 100)
    source.branch = "b"
    with pytest.raises(ProviderError, match="doesn't follow"):
        take_all(ahead, taken.blocks[-1], 1_000)
    source.branch = "a"
    base = taken.blocks[-1]
    assert ahead.take(base, 1_000).blocks[0] == block(base.number + 1)


def test_a_failure_comes_to_the_taker_and_the_next_take_asks_again(
    ahead: ReadAhead, source: Source
) -> None:
    source.failing = ProviderTimeout("slow")
    with pytest.raises(ProviderTimeout):
        ahead.take(block(0), 1_000)
    source.failing = None
    assert ahead.take(block(0), 1_000).blocks[0] == block(1)
