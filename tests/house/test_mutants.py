"""Mutants are what `docs/mutants.md` says: one small change each, never of a declaration."""

from __future__ import annotations

import pytest

from tests.mutants.mutate import Mutant, mutants_of

SOURCE = '''# pragma version 0.4.3
"""
@dev 1 + 1 < 3
"""
MOST: constant(uint256) = 3
words: HashMap[address, String[32]]


@external
@nonreentrant
def take(amount: uint256) -> Bytes[4]:
    """
    @notice 2 > 1
    """
    assert (
        amount <= MOST
    ), "Test: more than 3"
    self.sum = max(amount, self.sum)  # 5 - 4
    values: DynArray[uint256, 8] = []
    return b"1<2"
'''


@pytest.fixture
def mutants() -> list[Mutant]:
    return mutants_of("contracts/Test.vy", SOURCE)


def test_every_change_and_no_other(mutants: list[Mutant]) -> None:
    dropped = 'assert ( amount <= MOST ), "Test: more than 3"'
    assert [(it.line, it.before, it.after) for it in mutants] == [
        (5, "3", "4"),
        (5, "3", "2"),
        (10, "@nonreentrant", ""),
        (15, dropped, "pass"),
        (16, "<=", "<"),
        (16, "<=", ">"),
        (18, "self.sum = max(amount, self.sum)", "pass"),
        (18, "max", "min"),
    ]


def test_a_mutant_is_the_source_but_for_its_place(mutants: list[Mutant]) -> None:
    for mutant in mutants:
        changed = mutant.apply(SOURCE)
        assert changed != SOURCE
        assert changed[: mutant.start] == SOURCE[: mutant.start]
        assert changed.endswith(SOURCE[mutant.end :])


def test_a_dropped_statement_leaves_a_block_that_parses(mutants: list[Mutant]) -> None:
    (dropped,) = [it for it in mutants if it.before.startswith("assert")]
    assert "    pass\n    self.sum = max(" in dropped.apply(SOURCE)


def test_names_differ_and_hold_for_one_text_alone(mutants: list[Mutant]) -> None:
    assert len({it.id for it in mutants}) == len(mutants)
    others = mutants_of("contracts/Test.vy", SOURCE + "\n")
    assert {it.id for it in mutants} & {it.id for it in others} == set()
