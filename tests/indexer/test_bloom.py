"""The header's bloom: what it rules out, what it makes suspicious, what receipts prove."""

from __future__ import annotations

import pytest
from eth_bloom import BloomFilter
from hypothesis import given
from hypothesis import strategies as st

from indexer.chain.bloom import LogCheck, bloom_mask, bloom_of
from indexer.chain.parse import parse_block, parse_logs
from indexer.chain.types import Block, RawLog
from indexer.errors import BadAnswer
from tests.indexer.emitting import bought, person, started
from tests.indexer.fakechain import ADDRESSES, STRANGER, FakeChain, FakeLog

TOPICS_OF = {
    ADDRESSES["Credits"]: [bought(person(1), 1).topics[0]],
    ADDRESSES["Hosting"]: [started(1, person(1)).topics[0]],
}


def mined(*logs: FakeLog) -> tuple[Block, list[RawLog]]:
    block = FakeChain().mine(*logs)
    return parse_block(block.header()), parse_logs([block.log(i) for i in range(len(logs))])


@given(st.binary(min_size=20, max_size=32))
def test_a_mask_has_the_bits_that_eth_bloom_sets(value: bytes) -> None:
    bloom = BloomFilter()
    bloom.add(value)
    assert bloom_mask("0x" + value.hex()) == int(bloom)


def test_the_bloom_of_all_logs_is_the_headers() -> None:
    block, logs = mined(bought(person(1), 1), started(1, person(2)), FakeLog(STRANGER, (), "0x"))
    assert bloom_of(logs) == block.logs_bloom
    assert LogCheck(TOPICS_OF).proven(block, logs) == logs[:2]


def test_receipts_that_leave_a_log_out_prove_nothing() -> None:
    block, logs = mined(bought(person(1), 1), started(1, person(2)))
    with pytest.raises(BadAnswer, match="bloom"):
        LogCheck(TOPICS_OF).proven(block, logs[:1])


def test_a_block_with_all_its_logs_is_complete() -> None:
    block, logs = mined(bought(person(1), 1), started(1, person(2)))
    check = LogCheck(TOPICS_OF)
    check.check(block, logs)
    assert not check.seems_incomplete(block, logs)


@pytest.mark.parametrize("kept", [slice(0, 0), slice(0, 1), slice(1, 2)])
def test_a_block_that_lacks_what_its_header_speaks_of_seems_incomplete(kept: slice) -> None:
    block, logs = mined(bought(person(1), 1), started(1, person(2)))
    assert LogCheck(TOPICS_OF).seems_incomplete(block, logs[kept])


def test_a_block_of_other_contracts_is_complete_without_logs() -> None:
    block, _ = mined(FakeLog(STRANGER, ("0x" + "ee" * 32,), "0x"))
    assert not LogCheck(TOPICS_OF).seems_incomplete(block, [])


@pytest.mark.parametrize(
    ("forge", "why"),
    [
        (lambda log: log._replace(block_hash="0x" + "ee" * 32), "another block"),
        (lambda log: log._replace(block_number=9), "another block"),
        (lambda log: log._replace(address=STRANGER), "nobody asked"),
        (lambda log: log._replace(address=ADDRESSES["Hosting"]), "rules out"),
        (lambda log: log._replace(topics=("0x" + "ee" * 32,)), "rules out"),
    ],
)
def test_a_log_that_can_not_be_in_the_block_is_refused(forge: object, why: str) -> None:
    block, (log,) = mined(bought(person(1), 1))
    with pytest.raises(BadAnswer, match=why):
        LogCheck(TOPICS_OF).check(block, [forge(log)])  # type: ignore[operator]  # a lambda


def test_logs_twice_or_out_of_order_are_refused() -> None:
    block, (first, second) = mined(bought(person(1), 1), bought(person(1), 2))
    for logs in ([first, first], [second, first]):
        with pytest.raises(BadAnswer, match="twice or out of order"):
            LogCheck(TOPICS_OF).check(block, logs)
