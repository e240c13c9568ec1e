"""`docs/events.md` says of every event what the ABI and the projections say."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from indexer.abi import load_abi
from indexer.projections import BATCHES, MIRRORED_CONTRACTS, PROJECTIONS
from tests.contracts.world import ROOT

CONTRACTS = {
    "Credits": ("Credits",),
    "Hosting": ("Hosting",),
    "Domains": ("Domains",),
    "All three": MIRRORED_CONTRACTS,
    "TestFeed": ("TestFeed",),
    "TestUSD": ("TestUSD",),
}
DEVELOPMENT = ("TestFeed", "TestUSD")  # not mirrored
FIELD = re.compile(r"^`(\w+)(\*?)`")


def documented() -> Iterator[tuple[str, str, list[tuple[str, bool]], set[str]]]:
    """Contract, event, fields with whether they are indexed, tables."""
    for section in (ROOT / "docs" / "events.md").read_text().split("\n## ")[1:]:
        title = section.split("\n", 1)[0].strip()
        for row in re.findall(r"^\| (`\w+` \|.*) \|$", section, re.MULTILINE):
            name, fields, tables = (cell.strip() for cell in row.split(" | "))
            found = [FIELD.match(field) for field in fields.split(" · ")]
            named = [(match[1], bool(match[2])) for match in found if match is not None]
            for contract in CONTRACTS[title]:
                yield contract, name.strip("`"), named, set(re.findall(r"mirror_\w+", tables))


DOCUMENTED = {(contract, event): rest for contract, event, *rest in documented()}
EVENTS = {
    (contract, entry["name"]): [(field["name"], field["indexed"]) for field in entry["inputs"]]
    for contract in (*MIRRORED_CONTRACTS, *DEVELOPMENT)
    for entry in load_abi(contract)
    if entry["type"] == "event"
}


def test_the_page_names_every_event_and_no_other() -> None:
    assert set(DOCUMENTED) == set(EVENTS)


@pytest.mark.parametrize("event", EVENTS, ids=".".join)
def test_the_page_names_the_fields_in_their_order_and_what_is_indexed(
    event: tuple[str, str],
) -> None:
    assert DOCUMENTED[event][0] == EVENTS[event]


@pytest.mark.parametrize("event", EVENTS, ids=".".join)
def test_the_page_names_the_rows_that_an_event_feeds(event: tuple[str, str]) -> None:
    contract, name = event
    names = {name, BATCHES[name].entry} if name in BATCHES else {name}
    fed = {it.table.name for it in PROJECTIONS if names & set(it.rows)}
    if contract in DEVELOPMENT:
        fed = set()
    assert DOCUMENTED[event][1] == fed
