"""`docs/domains.md` and `docs/domains-events.md`: numbers are the contract's, events the ABI's."""

from __future__ import annotations

import re

import pytest

from indexer.abi import load_abi
from tests.contracts.domains.registry import NAME_GRACE, YEAR, Registry
from tests.contracts.world import DAY, ROOT

PAGE = (ROOT / "docs" / "domains.md").read_text()
EVENTS_PAGE = (ROOT / "docs" / "domains-events.md").read_text()
PRICES = re.findall(r"^\| ([a-z-]+) \| (\d+) \| ([\d,]+|–) \| ([\d,]+) \|$", PAGE, re.MULTILINE)
FIELD = re.compile(r"^`(\w+)(\*?)`")


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


def test_the_page_names_every_event_and_its_fields() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| .* \|$", EVENTS_PAGE, re.MULTILINE)
    documented = {
        name: [
            (match[1], bool(match[2]))
            for field in fields.split(" · ")
            if (match := FIELD.match(field)) is not None
        ]
        for name, fields in rows
    }
    assert documented == {
        entry["name"]: [(field["name"], field["indexed"]) for field in entry["inputs"]]
        for entry in load_abi("Domains")
        if entry["type"] == "event"
    }
