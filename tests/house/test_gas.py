"""The committed gas is what the contracts take, every target is met, the page says both."""

from __future__ import annotations

import pytest

from tests.bench import gas_table
from tests.bench.anchors import solidity
from tests.bench.gas_table import Figures


@pytest.fixture(scope="module")
def measured() -> Figures:
    return gas_table.measure_ours()


def test_every_function_takes_what_is_committed(measured: Figures) -> None:
    assert gas_table.differences(gas_table.load()["ours"], measured) == [], gas_table.RENEW


def test_every_target_is_met(measured: Figures) -> None:
    assert gas_table.missed_targets(measured) == []


@pytest.mark.skipif(not solidity.installed(), reason="needs `make anchors`")
def test_every_anchor_takes_what_is_committed() -> None:
    measured = gas_table.measure_anchors()
    assert gas_table.differences(gas_table.load()["anchors"], measured) == [], gas_table.RENEW


def test_the_page_says_what_is_committed() -> None:
    assert gas_table.PAGE.read_text() == gas_table.render(gas_table.load()), gas_table.RENEW


def test_a_difference_names_the_function_and_both_figures() -> None:
    before = {"Credits.buy": {"first": 60_000, "steady": 50_000}, "gone": {"first": 1, "steady": 1}}
    after = {"Credits.buy": {"first": 60_000, "steady": 50_001}, "new": {"first": 1, "steady": 1}}
    assert gas_table.differences(before, after) == [
        "Credits.buy, steady use: 50,000 committed, 50,001 measured",
        "gone: not measured",
        "new: not committed",
    ]
