"""`Credits.settle`: charges after use, each bounded by what there is and by the day's limit."""

from __future__ import annotations

from dataclasses import replace

import boa
import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from indexer.rules import Account, unpack
from tests.contracts.cast import ROLES, ROOT_OF_USAGE, Cast, entries
from tests.contracts.effort import effort
from tests.contracts.world import CREDIT, DAY, DOLLAR, GRACE, MICRO, SETTLER, ZERO, World, event

DEFAULT_LIMIT = 10**6  # micro credit
MOST_LIMIT = 2**37 - 1
ASKED_MOST = 2**48 - 1
NEAR_MIDNIGHT = DAY // 2  # seconds from the world's noon


@pytest.fixture
def cast(world: World) -> Cast:
    cast = Cast.of(world)
    cast.buy(cast.alice, 10 * DOLLAR)
    return cast


def ran_dry(cast: Cast) -> int:
    """Alice streams until nothing is left; gives that second."""
    cast.credits.adjust_rate(cast.alice, CREDIT, sender=cast.meter)
    return cast.run_dry(cast.alice)


# ---------------------------------------------------------------- what is charged


def test_what_is_asked__is_charged_and_earned(cast: Cast) -> None:
    assert cast.charge(cast.alice, 250_000) == 250_000
    assert cast.credits.balance_of(cast.alice) == 10 * CREDIT - 250_000 * MICRO
    assert cast.credits.account_of(cast.alice)[4] == 250_000
    assert cast.credits.earned() == 250_000 * MICRO


def test_above_the_days_limit__only_the_limit_is_charged_and_the_rest_is_not_owed(
    cast: Cast,
) -> None:
    assert cast.charge(cast.alice, DEFAULT_LIMIT - 1) == DEFAULT_LIMIT - 1
    assert cast.charge(cast.alice, 5) == 1
    assert cast.charge(cast.alice, 5) == 0
    cast.pass_time(DAY)
    assert cast.charge(cast.alice, 3) == 3
    assert cast.credits.account_of(cast.alice)[4] == 3


def test_a_new_day__has_the_whole_limit_again_from_midnight_on(cast: Cast) -> None:
    cast.charge(cast.alice, DEFAULT_LIMIT)
    cast.pass_time(NEAR_MIDNIGHT - 1)
    assert cast.charge(cast.alice, 1) == 0
    cast.pass_time(1)
    assert cast.charge(cast.alice, 2 * DEFAULT_LIMIT) == DEFAULT_LIMIT
    for seconds in (0, 1, DAY - 2):  # what was charged in its first second is of this day
        cast.pass_time(seconds)
        assert cast.charge(cast.alice, 1) == 0
    cast.pass_time(1)
    assert cast.charge(cast.alice, 1) == 1


def test_above_the_balance__whole_micro_credit_is_charged_and_the_nano_stays(cast: Cast) -> None:
    cast.put(cast.bob, Account(paid=7 * MICRO + 999, updated_at=cast.now))
    assert cast.charge(cast.bob, 8) == 7
    assert cast.credits.balance_of(cast.bob) == 999


def test_granted_credit_is_charged_first_and_earns_nothing(cast: Cast) -> None:
    cast.grant(cast.alice, 300_000 * MICRO)
    assert cast.charge(cast.alice, 400_000) == 400_000
    assert cast.credits.account_of(cast.alice)[:2] == (10 * CREDIT - 100_000 * MICRO, 0)
    assert cast.credits.earned() == 100_000 * MICRO


def test_what_streamed_until_now__is_taken_before_and_earned_with_it(cast: Cast) -> None:
    cast.credits.adjust_rate(cast.alice, 500, sender=cast.meter)
    cast.pass_time(10)
    cast.charge(cast.alice, 100)
    assert cast.credits.earned() == 10 * 500 + 100 * MICRO
    assert cast.stored(cast.alice).paid == 10 * CREDIT - 10 * 500 - 100 * MICRO
    assert cast.stored(cast.alice).updated_at == cast.now


def test_a_limit_of_nothing__refuses_every_charge_from_the_next_day_on(cast: Cast) -> None:
    cast.credits.set_limit(0, sender=cast.alice)
    assert cast.charge(cast.alice, 10) == 10
    cast.pass_time(NEAR_MIDNIGHT)
    assert cast.charge(cast.alice, 10) == 0
    assert cast.credits.balance_of(cast.alice) == 10 * CREDIT - 10 * MICRO


def test_a_limit_lowered_today__counts_tomorrow(cast: Cast) -> None:
    cast.credits.set_limit(7, sender=cast.alice)
    assert cast.charge(cast.alice, DEFAULT_LIMIT + 1) == DEFAULT_LIMIT
    cast.pass_time(NEAR_MIDNIGHT)
    assert cast.charge(cast.alice, DEFAULT_LIMIT) == 7
    assert cast.credits.account_of(cast.alice)[4:] == (7, 7)


def test_a_limit_raised_today__counts_at_once_beside_what_was_charged(cast: Cast) -> None:
    cast.charge(cast.alice, DEFAULT_LIMIT)
    cast.credits.set_limit(DEFAULT_LIMIT + 9, sender=cast.alice)
    assert cast.charge(cast.alice, DEFAULT_LIMIT) == 9


def test_the_highest_limit__charges_no_more_than_there_is(cast: Cast) -> None:
    cast.credits.set_limit(MOST_LIMIT, sender=cast.alice)
    assert cast.charge(cast.alice, 2**96 - 1) == 10 * DEFAULT_LIMIT
    assert cast.credits.balance_of(cast.alice) == 0


def test_the_whole_limit_of_the_highest__fits(cast: Cast) -> None:
    cast.put(cast.bob, Account(paid=2**60 - 1, updated_at=cast.now, per_day=MOST_LIMIT))
    assert cast.charge(cast.bob, 2**96 - 1) == MOST_LIMIT
    assert cast.stored(cast.bob).spent_today == MOST_LIMIT
    assert cast.charge(cast.bob, 1) == 0


def test_a_dry_account_in_grace__pays_nothing_and_is_untouched(cast: Cast) -> None:
    ran_dry(cast)
    before = cast.credits.word_of(cast.alice)
    for seconds in (0, 1, GRACE - 2):
        cast.pass_time(seconds)
        assert cast.settle((cast.alice, 5)).words == [before]
        assert cast.credits.word_of(cast.alice) == before
    assert cast.credits.earned() == 0


def test_an_account_that_ended__pays_nothing_and_is_untouched(cast: Cast) -> None:
    ran_dry(cast)
    cast.pass_time(GRACE)
    before = cast.credits.word_of(cast.alice)
    assert cast.charge(cast.alice, 5) == 0
    assert cast.credits.word_of(cast.alice) == before
    assert cast.credits.epoch_of(cast.alice) == 1


def test_the_last_credit_before_it_runs_dry__can_be_charged(cast: Cast) -> None:
    dry_at = ran_dry(cast)
    boa.env.timestamp = dry_at - 1
    assert cast.charge(cast.alice, 2 * DEFAULT_LIMIT) == DEFAULT_LIMIT
    assert cast.credits.balance_of(cast.alice) == 0
    assert cast.credits.depletes_at(cast.alice) == dry_at - 1


def test_a_refund_before_the_charge_in_the_same_second__leaves_what_the_limit_left(
    cast: Cast,
) -> None:
    cast.charge(cast.alice, 400_000)
    cast.credits.refund(cast.credits.refundable_of(cast.alice), cast.alice, sender=cast.alice)
    assert cast.credits.refundable_of(cast.alice) == 0
    assert cast.charge(cast.alice, DEFAULT_LIMIT) == DEFAULT_LIMIT - 400_000
    assert cast.credits.balance_of(cast.alice) == 0


def test_a_refund_after_the_charge_in_the_same_second__gets_all_that_is_left(cast: Cast) -> None:
    cast.charge(cast.alice, DEFAULT_LIMIT)
    cast.credits.refund(9 * CREDIT, cast.alice, sender=cast.alice)
    assert cast.credits.balance_of(cast.alice) == 0
    assert cast.charge(cast.alice, 1) == 0


# ---------------------------------------------------------------- batches


def test_the_same_account_twice__pays_both_from_one_limit(cast: Cast) -> None:
    settled = cast.settle((cast.alice, 600_000), (cast.alice, 600_000), (cast.alice, 1))
    charged = [(charge >> 48) & ASKED_MOST for charge in settled.charges]
    assert charged == [600_000, 400_000, 0]
    first, second, third = settled.words
    assert first != second == third == cast.credits.word_of(cast.alice)
    assert cast.credits.earned() == DEFAULT_LIMIT * MICRO


def test_the_zero_address_and_whoever_was_never_here__pay_nothing_and_stay_unknown(
    cast: Cast,
) -> None:
    settled = cast.settle((ZERO, 5), (cast.bob, 5), (cast.alice, 5))
    assert settled.words[:2] == [0, 0]
    assert settled.charges == [5, *entries([(cast.bob, 5), (cast.alice, 5 << 48 | 5)])]
    assert cast.credits.word_of(cast.bob) == 0 == cast.credits.word_of(ZERO)


def test_an_empty_batch__counts_as_one(cast: Cast) -> None:
    settled = cast.settle()
    assert (settled.sequence, settled.charges, settled.words) == (0, [], [])
    assert cast.credits.next_sequence() == 1


def test_two_hundred_entries__are_settled_in_one_batch(cast: Cast) -> None:
    settled = cast.settle(*[(cast.alice, 1)] * 200)
    assert len(settled.charges) == len(settled.words) == 200
    assert cast.credits.account_of(cast.alice)[4] == 200


def test_two_hundred_and_one_entries__are_refused(cast: Cast) -> None:
    for count, is_refused in ((201, True), (200, False)):
        data = keccak(text="settle(uint256,bytes32,uint256[])")[:4] + encode(
            ["uint256", "bytes32", "uint256[]"],
            [0, ROOT_OF_USAGE, entries([(cast.alice, 1)] * count)],
        )
        done = boa.env.execute_code(cast.credits.address, sender=cast.settler, data=data)
        assert done.is_error is is_refused
    assert cast.credits.account_of(cast.alice)[4] == 200


def test_batches_come_once_and_in_order(cast: Cast) -> None:
    for sequence in range(3):
        for wrong in (sequence - 1, sequence + 1, 2**256 - 1):
            if wrong >= 0:
                with boa.reverts("Credits: not the next sequence"):
                    cast.credits.settle(
                        wrong, ROOT_OF_USAGE, entries([(cast.alice, 1)]), sender=cast.settler
                    )
        assert cast.settle((cast.alice, 1)).sequence == sequence
    assert cast.credits.next_sequence() == 3
    assert cast.credits.account_of(cast.alice)[4] == 3


@pytest.mark.parametrize("roles", [0, *(r for r in ROLES if r != SETTLER), sum(ROLES) - SETTLER])
def test_without_the_settlers_role__is_refused(cast: Cast, roles: int) -> None:
    cast.credits.set_roles(cast.bob, roles)
    for stranger in (cast.bob, cast.admin, cast.meter):
        with boa.reverts("Roles: missing role"):
            cast.credits.settle(0, ROOT_OF_USAGE, entries([(cast.alice, 1)]), sender=stranger)


def test_a_settler_whose_role_was_taken__is_refused(cast: Cast) -> None:
    cast.settle((cast.alice, 1))
    cast.credits.set_roles(cast.settler, 0)
    with boa.reverts("Roles: missing role"):
        cast.settle((cast.alice, 1))


def test_the_event_holds_the_root_and_each_entry_with_its_resulting_word(cast: Cast) -> None:
    cast.buy(cast.bob, DOLLAR)
    charges = ((cast.alice, 2 * DEFAULT_LIMIT), (cast.bob, 7))
    settled = cast.settle(*charges)
    assert (settled.sequence, settled.root) == (0, ROOT_OF_USAGE)
    assert settled.charges == entries(
        [(cast.alice, DEFAULT_LIMIT << 48 | 2 * DEFAULT_LIMIT), (cast.bob, 7 << 48 | 7)]
    )
    assert settled.words == [cast.credits.word_of(cast.alice), cast.credits.word_of(cast.bob)]


def test_a_batch_leaves_one_event(cast: Cast) -> None:
    cast.settle((cast.alice, 1), (cast.bob, 1), (cast.alice, 1))
    cast.credits.settle(1, ROOT_OF_USAGE, entries([(cast.alice, 1)] * 3), sender=cast.settler)
    assert len(cast.credits.get_logs()) == 1
    event(cast.credits, "Settled")


@pytest.mark.parametrize(
    ("asked", "told"), [(ASKED_MOST, ASKED_MOST), (2**48, ASKED_MOST), (2**96 - 1, ASKED_MOST)]
)
def test_more_than_any_account_can_hold__is_told_as_the_most_that_fits(
    cast: Cast, asked: int, told: int
) -> None:
    (charge,) = cast.settle((cast.alice, asked)).charges
    assert charge == int(cast.alice, 16) << 96 | DEFAULT_LIMIT << 48 | told


# ---------------------------------------------------------------- near all bounds

AMOUNTS = st.sampled_from([0, 1, 999, 1_000, 1_001, CREDIT, 10 * CREDIT])
PAID = st.one_of(AMOUNTS, st.integers(0, 2**60 - 1), st.just(2**60 - 1))
GRANTED = st.one_of(AMOUNTS, st.integers(0, 2**52 - 1), st.just(2**52 - 1))
RATES = st.one_of(st.sampled_from([0, 1, 1_000, CREDIT, 2**36 - 1]), st.integers(0, 2**36 - 1))
LIMITS = st.one_of(st.sampled_from([0, 1, DEFAULT_LIMIT, MOST_LIMIT]), st.integers(0, MOST_LIMIT))
AGES = st.one_of(
    st.sampled_from([0, 1, DAY // 2, DAY // 2 + 1, DAY, GRACE - 1, GRACE, GRACE + 1]),
    st.integers(0, 3 * GRACE),
)
ASKED = st.one_of(
    st.sampled_from([0, 1, DEFAULT_LIMIT, MOST_LIMIT, 2**37, ASKED_MOST, 2**48, 2**96 - 1]),
    st.integers(0, 2 * DEFAULT_LIMIT),
)


@st.composite
def accounts(draw: st.DrawFn) -> tuple[Account, int, int, bool]:
    """A stored account with its age, its waiting limit and whether it has a second word."""
    per_day = draw(LIMITS)
    lowered = per_day > 0 and draw(st.booleans())
    account = Account(
        paid=draw(PAID),
        granted=draw(GRANTED),
        rate=draw(RATES),
        spent_today=draw(st.one_of(st.sampled_from([0, per_day]), st.integers(0, per_day))),
        lowered=lowered,
        per_day=per_day,
    )
    limit = draw(st.integers(0, per_day - 1)) if lowered else 0
    return account, draw(AGES), limit, draw(st.booleans())


def settled(stored: Account, asked: int, now: int, limit: int) -> tuple[Account, int]:
    """The account after a charge, and what was charged (micro credit), by `indexer.rules`."""
    today = stored.current(now, GRACE, limit)
    charged = min(asked, today.per_day - today.spent_today, today.balance // MICRO)
    if charged == 0:
        return stored, 0
    from_granted = min(charged * MICRO, today.granted)
    paid = today.paid - (charged * MICRO - from_granted)
    spent = today.spent_today + charged
    return replace(today, paid=paid, granted=today.granted - from_granted, spent_today=spent), (
        charged
    )


@given(
    drawn=st.lists(accounts(), min_size=1, max_size=3),
    asked=st.lists(st.tuples(st.integers(0, 3), ASKED), max_size=6),
)
@effort(120)
def test_each_charge_is_the_least_of_asked_balance_and_limit(
    cast: Cast, drawn: list[tuple[Account, int, int, bool]], asked: list[tuple[int, int]]
) -> None:
    with boa.env.anchor():
        names = [boa.env.generate_address(f"account {number}") for number in range(4)]
        owners = [str(name) for name in names]  # the last ones may be unknown
        states = [Account()] * 4
        limits, mores = [0] * 4, [False] * 4
        for number, (account, age, limit, more) in enumerate(drawn):
            states[number] = replace(account, updated_at=cast.now - age)
            limits[number], mores[number] = limit, more
            cast.put(owners[number], states[number], limit, more)
        earned = int(cast.credits.earned())
        found = cast.settle(*[(owners[number], amount) for number, amount in asked])
        for (number, amount), charge, word in zip(asked, found.charges, found.words, strict=True):
            before = states[number]
            states[number], charged = settled(before, amount, cast.now, limits[number])
            assert unpack(word) == states[number]
            assert bool(word >> 255) is mores[number]
            assert charge >> 96 == int(owners[number], 16)
            assert (charge >> 48) & ASKED_MOST == charged
            assert charge & ASKED_MOST == min(amount, ASKED_MOST)
            earned += before.paid - states[number].paid
        for number, owner in enumerate(owners):
            assert cast.stored(owner) == states[number]
            assert states[number].spent_today <= states[number].per_day
        assert cast.credits.earned() == earned


# ---------------------------------------------------------------- over a few days

STEPS = st.one_of(
    st.tuples(st.just("pass"), st.sampled_from([0, 1, 3_600, DAY // 2, DAY])),
    st.tuples(st.just("limit"), st.sampled_from([0, 1, 500_000, DEFAULT_LIMIT, MOST_LIMIT])),
    st.tuples(st.just("charge"), st.sampled_from([0, 1, 300_000, DEFAULT_LIMIT, 2**96 - 1])),
    st.tuples(st.just("refund"), st.just(0)),
    st.tuples(st.just("grant"), st.sampled_from([1, 999, CREDIT])),
    st.tuples(st.just("rate"), st.sampled_from([1, 999, 10_000])),
)


@given(steps=st.lists(STEPS, max_size=14))
@effort(40)
def test_whatever_comes_between__no_day_takes_more_than_its_limit_and_the_reserve_holds(
    cast: Cast, steps: list[tuple[str, int]]
) -> None:
    with boa.env.anchor():
        charged_on: dict[int, int] = {}
        highest_on: dict[int, int] = {}
        for number, (move, amount) in enumerate(steps):
            day = cast.now // DAY
            if move == "pass":
                cast.pass_time(amount)
            elif move == "limit":
                cast.credits.set_limit(amount, sender=cast.alice)
            elif move == "charge":
                left = cast.credits.refundable_of(cast.alice)
                charged_on[day] = charged_on.get(day, 0) + cast.charge(cast.alice, amount)
                assert cast.credits.refundable_of(cast.alice) >= left
            elif move == "refund" and cast.credits.refundable_of(cast.alice):
                cast.credits.refund(
                    cast.credits.refundable_of(cast.alice), cast.alice, sender=cast.alice
                )
            elif move == "grant":
                cast.grant(cast.alice, amount, number + 1)
            elif move == "rate" and cast.credits.balance_of(cast.alice):
                cast.credits.adjust_rate(cast.alice, amount, sender=cast.meter)
            day = cast.now // DAY
            spent, per_day = cast.credits.account_of(cast.alice)[4:]
            highest_on[day] = max(highest_on.get(day, 0), per_day)
            assert spent <= per_day
            assert cast.held() == cast.reserve(cast.alice)
        for day, charged in charged_on.items():
            assert charged <= highest_on[day]
