"""The packed account word: its arithmetic, held against the Python twin near every bound."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Any

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.rules import Account, unpack
from tests.contracts.effort import effort
from tests.contracts.world import HERE, World, load

NEVER = 2**256 - 1
BITS = {"paid": 60, "granted": 52, "rate": 36, "updated_at": 32, "spent_today": 37, "per_day": 37}
SHIFTS = {"paid": 0, "granted": 60, "rate": 112, "updated_at": 148, "spent_today": 180}
REASONS = {
    "paid": "Credits: paid too large",
    "granted": "Credits: granted too large",
    "rate": "Credits: rate too large",
    "updated_at": "Credits: time too large",
    "spent_today": "Credits: spent too large",
    "per_day": "Credits: limit too large",
}


def near_bounds(bits: int) -> st.SearchStrategy[int]:
    """Every value of a field, with a liking for 0, 1, the greatest and round ones."""
    edges = [0, 1, 2, 2 ** (bits - 1), 2**bits - 2, 2**bits - 1, 10**6, 10**9]
    return st.sampled_from([edge for edge in edges if edge < 2**bits]) | st.integers(0, 2**bits - 1)


def accounts(updated_at_bits: int = 32) -> st.SearchStrategy[Account]:
    fields = {name: near_bounds(bits) for name, bits in BITS.items()}
    fields["updated_at"] = st.integers(1, 2**updated_at_bits - 1)
    return st.builds(Account, lowered=st.booleans(), **fields)


@pytest.fixture(scope="module")
def module(deployed: World) -> Any:
    return load(HERE / "harness" / "AccountWord.vy")


def test_a_word_of_zero_is_an_account_that_was_never_touched(module: Any) -> None:
    assert tuple(module.unpack(0)) == astuple(Account())


@effort(60)
@given(account=accounts())
def test_packing_and_unpacking_is_lossless_and_the_twin_reads_the_same(
    module: Any, account: Account
) -> None:
    word = module.pack(astuple(account))
    assert unpack(word) == account
    assert tuple(module.unpack(word)) == astuple(account)
    assert module.repack(word) == word


@pytest.mark.parametrize("field", BITS)
def test_a_field_that_does_not_fit__is_refused(module: Any, field: str) -> None:
    most = 2 ** BITS[field] - 1
    fits = Account(**{"updated_at": 1, field: most})
    assert unpack(module.pack(astuple(fits))) == fits
    with boa.reverts(REASONS[field]):
        module.pack(astuple(Account(**{"updated_at": 1, field: most + 1})))


@effort(60)
@given(account=accounts(31), first=st.integers(0, 2**31), second=st.integers(0, 2**31))
def test_accruing_in_two_steps_equals_accruing_in_one(
    module: Any, account: Account, first: int, second: int
) -> None:
    middle, end = sorted((account.updated_at + first, account.updated_at + second))
    at_once = tuple(module.accrue(astuple(account), end))
    in_steps = tuple(module.accrue(tuple(module.accrue(astuple(account), middle)), end))
    assert at_once == in_steps == astuple(account.accrued(end))


@effort(60)
@given(account=accounts(31), elapsed=st.integers(0, 2**31))
def test_granted_credit_is_spent_first_and_nothing_grows(
    module: Any, account: Account, elapsed: int
) -> None:
    after = Account(*module.accrue(astuple(account), account.updated_at + elapsed))
    burned = min(account.balance, account.rate * elapsed)
    assert account.balance - after.balance == burned
    assert after.granted == max(0, account.granted - burned)
    assert (after.rate, after.per_day) == (account.rate, account.per_day)


@effort(60)
@given(account=accounts(31))
def test_the_second_of_depletion_is_the_first_with_nothing_left(
    module: Any, account: Account
) -> None:
    depletes_at = module.depletes_at(astuple(account))
    assert depletes_at == (account.depletes_at if account.rate else NEVER)
    if not account.rate:
        return
    assert account.accrued(depletes_at).balance == 0
    if account.balance:
        assert account.accrued(depletes_at - 1).balance > 0
    accrued = Account(*module.accrue(astuple(account), depletes_at + 12_345))
    assert accrued.updated_at == depletes_at


@effort(60)
@given(account=accounts(31), after=st.integers(-2, 2), grace=st.integers(0, 2**31 - 1))
def test_the_epoch_ends_when_the_grace_period_is_over(
    module: Any, account: Account, after: int, grace: int
) -> None:
    end = (account.depletes_at or account.updated_at) + grace
    now = max(account.updated_at, end + after)
    expected = bool(account.rate) and now >= end
    assert module.has_ended(astuple(account), now, grace) is expected
    assert account.has_ended(now, grace) is expected


@effort(200)
@given(
    account=accounts(31),
    elapsed=st.integers(0, 2**31),
    amount=near_bounds(61) | st.sampled_from([2**255, 2**256 - 1]),
    whole=st.booleans(),
)
def test_spending_is_accruing_and_taking_or_else_refused(
    module: Any, account: Account, elapsed: int, amount: int, whole: bool
) -> None:
    now = account.updated_at + elapsed
    accrued = account.accrued(now)
    if whole:  # exactly what there is, or one more than that
        amount = accrued.balance + amount % 2
    word = module.pack(astuple(account))
    dry = account.rate * elapsed > account.balance
    if amount > accrued.balance or dry:
        with boa.reverts("Credits: not enough credit"):
            module.spend(word, amount, now)
        return
    from_granted = min(amount, accrued.granted)
    assert unpack(module.spend(word, amount, now)) == replace(
        accrued,
        updated_at=now,
        granted=accrued.granted - from_granted,
        paid=accrued.paid - amount + from_granted,
    )


def test_nothing_is_spent_beyond_the_last_second(module: Any) -> None:
    word = module.pack(astuple(Account(updated_at=1, paid=5)))
    assert unpack(module.spend(word, 5, 2**32 - 1)).updated_at == 2**32 - 1
    with boa.reverts("Credits: time too large"):
        module.spend(word, 5, 2**32)
