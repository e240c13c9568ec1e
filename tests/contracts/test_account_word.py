"""The packed account word: its arithmetic, held against the Python twin near every bound."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Any

import boa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from indexer.rules import DAY, NANO_PER_MICRO, Account, unpack
from tests.contracts.effort import effort
from tests.contracts.words import MORE, pack
from tests.contracts.world import HERE, World, load

NEVER = 2**256 - 1
BITS = {"paid": 60, "granted": 52, "rate": 36, "updated_at": 32, "spent_today": 37, "per_day": 37}


def near_bounds(bits: int) -> st.SearchStrategy[int]:
    """Every value of a field, with a liking for 0, 1, the greatest and round ones."""
    edges = [0, 1, 2, 2 ** (bits - 1), 2**bits - 2, 2**bits - 1, 10**6, 10**9]
    return st.sampled_from([edge for edge in edges if edge < 2**bits]) | st.integers(0, 2**bits - 1)


@st.composite
def accounts(draw: st.DrawFn, updated_at_bits: int = 32) -> Account:
    """Any account that a word holds; what was spent is never above the limit."""
    fields = {name: draw(near_bounds(bits)) for name, bits in BITS.items()}
    fields["updated_at"] = draw(st.integers(1, 2**updated_at_bits - 1))
    fields["spent_today"] = min(fields["spent_today"], fields["per_day"])
    return Account(lowered=draw(st.booleans()), **fields)


@pytest.fixture(scope="module")
def module(deployed: World) -> Any:
    return load(HERE / "harness" / "AccountWord.vy")


@effort(60)
@given(account=accounts(), more=st.booleans())
def test_the_contract_and_the_twin_read_what_was_packed(
    module: Any, account: Account, more: bool
) -> None:
    word = pack(account, more)
    assert unpack(word) == account
    assert tuple(module.unpack(word)) == astuple(account)


@effort(60)
@given(
    account=accounts(31),
    more=st.booleans(),
    first=st.integers(0, 2**31),
    second=st.integers(0, 2**31),
)
def test_accruing_in_two_steps_equals_accruing_in_one(
    module: Any, account: Account, more: bool, first: int, second: int
) -> None:
    middle, end = sorted((account.updated_at + first, account.updated_at + second))
    word = pack(account, more)
    at_once = module.accrue(word, end)
    assert module.accrue(module.accrue(word, middle), end) == at_once
    assert at_once == pack(account.accrued(end), more)


@effort(60)
@given(account=accounts(31), elapsed=st.integers(0, 2**31))
def test_granted_credit_is_spent_first_and_nothing_grows(
    module: Any, account: Account, elapsed: int
) -> None:
    after = unpack(module.accrue(pack(account), account.updated_at + elapsed))
    burned = min(account.balance, account.rate * elapsed)
    assert account.balance - after.balance == burned
    assert after.granted == max(0, account.granted - burned)
    assert (after.rate, after.per_day) == (account.rate, account.per_day)


def test_no_account_is_accrued_beyond_the_last_second(module: Any) -> None:
    word = pack(Account(updated_at=1, paid=5))
    assert unpack(module.accrue(word, 2**32 - 1)).updated_at == 2**32 - 1
    with boa.reverts("Credits: time too large"):
        module.accrue(word, 2**32)


@effort(60)
@given(account=accounts(31), beside=st.integers(-2, 2))
def test_the_second_of_depletion_is_the_first_with_nothing_left(
    module: Any, account: Account, beside: int
) -> None:
    word = pack(account)
    depletes_at = module.depletes_at(word)
    assert depletes_at == (NEVER if account.depletes_at is None else account.depletes_at)
    if depletes_at < 2**32:
        now = max(account.updated_at, depletes_at + beside)
        left = unpack(module.accrue(word, now)).balance if now < 2**32 else 0
        assert (left == 0) == (now >= depletes_at)
        assert module.is_dry(word, now) == account.is_depleted(now) == (now >= depletes_at)


@effort(60)
@given(
    account=accounts(31),
    grace=st.integers(0, 2**31 - 1),
    beside=st.integers(-2, 2),
    elsewhere=st.integers(0, 2**32),
)
def test_the_epoch_ends_when_the_grace_period_is_over(
    module: Any, account: Account, grace: int, beside: int, elsewhere: int
) -> None:
    end = account.depletes_at + grace if account.depletes_at is not None else elsewhere
    now = max(account.updated_at, end + beside)
    expected = bool(account.rate) and now >= end
    assert module.has_ended(pack(account), now, grace) is expected
    assert account.has_ended(now, grace) is expected


@effort(60)
@given(account=accounts(31), days=st.integers(0, 3), second=st.integers(0, DAY - 1))
def test_a_new_day_counts_only_where_it_would_change_something(
    module: Any, account: Account, days: int, second: int
) -> None:
    now = (account.updated_at // DAY + days) * DAY + second
    assume(now >= account.updated_at)
    of_day = bool(account.spent_today or account.lowered)
    assert module.is_new_day(pack(account), now) is (of_day and days > 0)


@effort(200)
@given(
    account=accounts(31),
    elapsed=st.integers(0, 2**31),
    asked=near_bounds(48) | st.sampled_from([2**96 - 1]),
    exactly=st.sampled_from(["asked", "balance", "limit"]),
)
def test_a_charge_is_the_least_of_what_is_asked_what_is_left_and_what_the_limit_leaves(
    module: Any, account: Account, elapsed: int, asked: int, exactly: str
) -> None:
    now = account.updated_at + elapsed
    accrued = account.accrued(now)
    left = account.per_day - account.spent_today
    if exactly == "balance":
        account = replace(account, per_day=2**37 - 1, spent_today=0)
        accrued, left = account.accrued(now), 2**37 - 1
        asked = accrued.balance // NANO_PER_MICRO + asked % 2
    elif exactly == "limit":
        asked = left + asked % 2
    charged = min(asked, left, accrued.balance // NANO_PER_MICRO)
    after = unpack(module.charge(pack(account), asked, now))
    if account.rate * elapsed > account.balance:  # it ran dry before, so nothing can be taken
        assert after == account
        return
    from_granted = min(charged * NANO_PER_MICRO, accrued.granted)
    assert after == replace(
        accrued,
        granted=accrued.granted - from_granted,
        paid=accrued.paid - (charged * NANO_PER_MICRO - from_granted),
        spent_today=account.spent_today + charged,
    )
    assert after.spent_today <= after.per_day


@effort(60)
@given(account=accounts(), part=st.integers(0, 100), beside=st.integers(-1, 1))
def test_taking_takes_granted_credit_first(
    module: Any, account: Account, part: int, beside: int
) -> None:
    amount = min(account.balance, max(0, account.balance * part // 100 + beside))
    from_granted = min(amount, account.granted)
    assert module.take(pack(account), amount) == pack(
        replace(
            account,
            granted=account.granted - from_granted,
            paid=account.paid - (amount - from_granted),
        )
    )


@effort(60)
@given(account=accounts(), over=st.integers(0, 2), amount=near_bounds(60) | near_bounds(90))
def test_what_does_not_fit_is_refused_and_touches_no_other_field(
    module: Any, account: Account, over: int, amount: int
) -> None:
    word = pack(account)
    for field, bits, add in (("paid", 60, module.add_paid), ("granted", 52, module.add_granted)):
        before = getattr(account, field)
        for more in {amount, 2**bits - 1 - before, 2**bits - 1 - before + over}:
            if before + more < 2**bits:
                assert add(word, more) == pack(replace(account, **{field: before + more}))
            else:
                with boa.reverts(f"Credits: {field} too large"):
                    add(word, more)


@effort(60)
@given(account=accounts(), more=st.booleans(), per_day=near_bounds(37), now=near_bounds(32))
def test_a_limit_and_a_time_replace_only_themselves(
    module: Any, account: Account, more: bool, per_day: int, now: int
) -> None:
    word = pack(account, more)
    limited = replace(account, per_day=per_day, lowered=False)
    assert module.limited(word, per_day) == pack(limited, more)
    assert module.at(word, now) == pack(replace(account, updated_at=now), more)
    assert bool(module.limited(word, per_day) & MORE) is more
    with boa.reverts("Credits: limit too large"):
        module.limited(word, 2**37)
