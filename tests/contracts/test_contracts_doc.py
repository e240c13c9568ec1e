"""`docs/contracts.md`: its worked numbers are the contracts', its list of the linter's is whole."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import boa
import pytest

from tests.contracts.world import DOLLAR, ROOT, World

PAGE = (ROOT / "docs" / "contracts.md").read_text()
NUMBERS = [
    tuple(int(cell.replace(",", "")) for cell in row)
    for row in re.findall(r"^\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|", PAGE, re.MULTILINE)
]
ARGUED = set(re.findall(r"^\| (NTX\d+) \|", PAGE, re.MULTILINE))


@pytest.mark.parametrize(("second", "balance", "refundable"), NUMBERS)
def test_a_row_of_the_worked_numbers(
    world: World, second: int, balance: int, refundable: int
) -> None:
    world.buy(world.alice, 20 * DOLLAR)
    world.start(world.alice)
    boa.env.timestamp += second
    assert world.credits.balance_of(world.alice) == balance
    assert world.credits.refundable_of(world.alice) == refundable


def test_the_linter_finds_nothing_but_what_is_argued() -> None:
    natrix = Path(sys.executable).with_name("natrix")
    # A module that uses another's state can't be compiled by itself, which the linter wants.
    sources = [
        str(path)
        for path in sorted((ROOT / "contracts").rglob("*.vy"))
        if "\nuses: " not in path.read_text()
    ]
    run = subprocess.run(
        [natrix, "lint", *sources, "--json", "-p", str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert {issue["code"] for issue in json.loads(run.stdout)} == ARGUED
