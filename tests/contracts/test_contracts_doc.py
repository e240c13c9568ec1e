"""`docs/contracts.md`: its worked numbers are the contracts', its list of the linter's is whole."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import boa
import pytest

from tests.contracts.world import CREDIT, DOLLAR, PRO, ROOT, World

PAGE = (ROOT / "docs" / "contracts.md").read_text()
NUMBERS = [
    tuple(int(cell.replace(",", "")) for cell in row)
    for row in re.findall(r"^\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|", PAGE, re.MULTILINE)
]
# The linter compiles each file by itself, which fails where an exported function reads the state
# of another module.
COMPILED_ONLY_INSIDE = ("records.vy",)
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


def test_the_story_of_charges_grants_and_tiers(world: World) -> None:
    """The second table, row by row."""
    world.buy(world.alice, 20 * DOLLAR)
    alice, earned = int(world.alice, 16) << 96, 0
    for sequence, (asked, paid, taken) in enumerate([(400_000, 19.6, 0.4), (2_000_000, 19, 0.6)]):
        world.credits.settle(sequence, bytes(32), [alice | asked], sender=world.settler)
        earned += int(taken * CREDIT)
        assert world.credits.account_of(world.alice)[0] == int(paid * CREDIT)
        assert world.credits.earned() == earned
    world.credits.grant(world.alice, 5 * CREDIT, b"\x01" * 32, sender=world.granter)
    world.credits.spend(world.alice, 6 * CREDIT, bytes(32), sender=world.meter)
    assert world.credits.account_of(world.alice)[:2] == (18 * CREDIT, 0)
    assert world.credits.earned() == earned + CREDIT
    world.hosting.subscribe(PRO, sender=world.alice)
    world.start(world.alice)
    assert world.credits.account_of(world.alice)[2] == 3_000 + 1_800


def test_the_linter_finds_nothing_but_what_is_argued() -> None:
    natrix = Path(sys.executable).with_name("natrix")
    sources = [
        str(path)
        for path in sorted((ROOT / "contracts").rglob("*.vy"))
        if path.name not in COMPILED_ONLY_INSIDE
    ]
    run = subprocess.run(
        [natrix, "lint", *sources, "--json", "-p", str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert {issue["code"] for issue in json.loads(run.stdout)} == ARGUED
