"""`docs/domains.md`: its numbers are the contract's."""

from __future__ import annotations

import re

import pytest

from tests.contracts.domains.registry import NAME_GRACE, YEAR, Registry
from tests.contracts.world import DAY, ROOT

PAGE = (ROOT / "docs" / "domains.md").read_text()
PRICES = re.findall(r"^\| ([a-z-]+) \| (\d+) \| ([\d,]+|–) \| ([\d,]+) \|$", PAGE, re.MULTILINE)


def number(cell: str) -> int:
    return int(cell.replace(",", ""))


@pytest.mark.parametrize(("label", "days", "since", "price"), PRICES)
def test_a_row_of_the_worked_numbers(
    registry: Registry, label: str, days: str, since: str, price: str
) -> None:
    if since != "–":
        node = registry.register(label)
        registry.go_to(registry.expires_at(node) + NAME_GRACE + number(since))
    assert registry.domains.price_of(label, int(days) * DAY) == number(price)
    assert len(PRICES) == 11


def test_the_worked_numbers_are_of_the_prices_that_the_page_names(registry: Registry) -> None:
    named = [registry.domains.price_of("a" * length, YEAR) // 10**9 for length in (3, 4, 5)]
    assert "At {}, {} and {} credits a year:".format(*named) in PAGE
