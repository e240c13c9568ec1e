"""How many blocks are asked for at once."""

from __future__ import annotations

import pytest

from indexer.chain.ranges import FIRST_BLOCKS, GROW_AGAIN_ANSWERS, TARGET_LOGS, RangeSize
from indexer.errors import ProviderTimeout, RangeTooLarge


def test_it_doubles_while_little_is_found() -> None:
    size = RangeSize(2_000)
    assert size.blocks == FIRST_BLOCKS
    for expected in (100, 200, 400, 800, 1_600, 2_000, 2_000):
        size.answered(size.blocks, 0)
        assert size.blocks == expected


def test_it_comes_down_at_once_to_the_logs_that_an_answer_should_hold() -> None:
    size = RangeSize(2_000)
    size.answered(50, TARGET_LOGS * 10)
    assert size.blocks == 5


def test_a_refusal_halves_it_down_to_one_block() -> None:
    size = RangeSize(8)
    for expected in (4, 2, 1, 1):
        size.refused(size.blocks, ProviderTimeout("slow"))
        assert size.blocks == expected


@pytest.mark.parametrize(
    ("named", "expected"), [(10, 10), (49, 49), (50, 25), (500, 25), (0, 25), (None, 25)]
)
def test_what_the_node_names_is_taken_where_it_is_less_than_it_refused(
    named: int | None, expected: int
) -> None:
    size = RangeSize(2_000)
    size.refused(50, RangeTooLarge("too many", max_blocks=named))
    assert size.blocks == expected


def test_after_a_refusal_it_grows_again_only_after_many_answers() -> None:
    size = RangeSize(2_000)
    size.refused(50, RangeTooLarge("too many", max_blocks=40))
    for _ in range(GROW_AGAIN_ANSWERS - 1):
        size.answered(size.blocks, 0)
        assert size.blocks == 40
    size.answered(size.blocks, 0)
    assert size.blocks == 80
