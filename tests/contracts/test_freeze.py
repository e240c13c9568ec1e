"""`Credits.freeze`, `unfreeze` and `forfeit`: a disputed payment's grant, and never paid credit."""

from __future__ import annotations

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.cast import FORFEITED, FROZEN, GIVEN, ROLES, Cast, reference
from tests.contracts.effort import effort
from tests.contracts.world import CREDIT, DAY, DOLLAR, GRACE, GRANT_CAP, GRANTER, World, event

RATE = 10**6
FIRST, SECOND, UNKNOWN = reference(1), reference(2), reference(9)
MOVES = ("freeze", "unfreeze", "forfeit")


@pytest.fixture
def cast(world: World) -> Cast:
    """Alice paid for two credits and was granted five."""
    cast = Cast.of(world)
    cast.buy(cast.alice, 2 * DOLLAR)
    cast.grant(cast.alice, 5 * CREDIT)
    return cast


def move(cast: Cast, name: str, grant: bytes = FIRST) -> None:
    getattr(cast.credits, name)(grant, sender=cast.granter)


def credit(cast: Cast) -> tuple[int, int]:
    """What Alice has, paid and granted."""
    paid, granted = cast.credits.account_of(cast.alice)[:2]
    return int(paid), int(granted)


def grant_of(cast: Cast, grant: bytes = FIRST) -> tuple[int, int]:
    """A grant's amount and state."""
    _, amount, state = cast.credits.grant_of(grant)
    return int(amount), int(state)


def spend(cast: Cast, amount: int) -> None:
    cast.credits.spend(cast.alice, amount, UNKNOWN, sender=cast.meter)


# ---------------------------------------------------------------- freeze


def test_freeze__sets_the_whole_grant_aside_and_leaves_paid_credit(cast: Cast) -> None:
    move(cast, "freeze")
    frozen = event(cast.credits, "GrantFrozen")
    assert (frozen.account, frozen.reference, frozen.amount) == (cast.alice, FIRST, 5 * CREDIT)
    assert frozen.word == cast.credits.word_of(cast.alice)
    assert credit(cast) == (2 * CREDIT, 0)
    assert grant_of(cast) == (5 * CREDIT, FROZEN)
    assert cast.credits.earned() == 0


def test_freeze__takes_only_what_is_left_of_granted_credit(cast: Cast) -> None:
    spend(cast, 4 * CREDIT)
    move(cast, "freeze")
    assert event(cast.credits, "GrantFrozen").amount == CREDIT
    assert credit(cast) == (2 * CREDIT, 0)
    assert grant_of(cast) == (CREDIT, FROZEN)


def test_freeze_of_what_is_all_used__sets_nothing_aside(cast: Cast) -> None:
    spend(cast, 6 * CREDIT)
    move(cast, "freeze")
    assert event(cast.credits, "GrantFrozen").amount == 0
    assert credit(cast) == (CREDIT, 0)
    assert grant_of(cast) == (0, FROZEN)


def test_freeze__takes_no_more_than_the_grant_gave(cast: Cast) -> None:
    cast.grant(cast.alice, CREDIT, 2)
    move(cast, "freeze", SECOND)
    assert credit(cast) == (2 * CREDIT, 5 * CREDIT)


def test_two_grants_frozen_one_after_the_other__never_take_more_than_there_is(
    cast: Cast,
) -> None:
    cast.grant(cast.alice, 5 * CREDIT, 2)
    spend(cast, 3 * CREDIT)
    move(cast, "freeze")
    assert event(cast.credits, "GrantFrozen").amount == 5 * CREDIT
    move(cast, "freeze", SECOND)
    assert event(cast.credits, "GrantFrozen").amount == 2 * CREDIT
    assert credit(cast) == (2 * CREDIT, 0)
    for grant in (FIRST, SECOND):
        move(cast, "unfreeze", grant)
    assert credit(cast) == (2 * CREDIT, 7 * CREDIT)


def test_freeze_of_an_account_that_streams__takes_what_streamed_before(cast: Cast) -> None:
    cast.credits.adjust_rate(cast.alice, RATE, sender=cast.meter)
    cast.pass_time(100)
    move(cast, "freeze")
    assert event(cast.credits, "GrantFrozen").amount == 5 * CREDIT - 100 * RATE
    assert credit(cast) == (2 * CREDIT, 0)
    assert cast.credits.depletes_at(cast.alice) == cast.now + 2 * CREDIT // RATE


def test_freeze_of_all_that_an_account_streams_from__makes_it_dry_now(cast: Cast) -> None:
    cast.grant(cast.bob, CREDIT, 2)
    cast.credits.adjust_rate(cast.bob, RATE, sender=cast.meter)
    cast.pass_time(10)
    move(cast, "freeze", SECOND)
    frozen_at = cast.now
    assert cast.credits.depletes_at(cast.bob) == frozen_at
    assert cast.credits.account_of(cast.bob)[:4] == (0, 0, RATE, frozen_at)
    cast.pass_time(GRACE - 1)
    assert cast.credits.epoch_of(cast.bob) == 0
    cast.pass_time(1)
    assert cast.credits.epoch_of(cast.bob) == 1


@pytest.mark.parametrize("late", [1, DAY, GRACE - 1])
def test_freeze_of_a_dry_account__leaves_it_dry_since_the_same_second(
    cast: Cast, late: int
) -> None:
    cast.credits.adjust_rate(cast.alice, RATE, sender=cast.meter)
    dry_at = cast.run_dry(cast.alice)
    cast.pass_time(late)
    move(cast, "freeze")
    assert event(cast.credits, "GrantFrozen").amount == 0
    assert cast.credits.depletes_at(cast.alice) == dry_at
    assert cast.credits.earned() == 2 * CREDIT


def test_freeze_after_grace__ends_the_epoch_first(cast: Cast) -> None:
    cast.credits.adjust_rate(cast.alice, RATE, sender=cast.meter)
    dry_at = cast.run_dry(cast.alice)
    cast.pass_time(GRACE)
    move(cast, "freeze")
    frozen, ended = event(cast.credits, "GrantFrozen"), event(cast.credits, "EpochEnded")
    assert (frozen.amount, ended.depleted_at, ended.epoch) == (0, dry_at, 1)
    assert frozen.word == ended.word == cast.credits.word_of(cast.alice)


# ---------------------------------------------------------------- unfreeze


def test_unfreeze__gives_back_exactly_what_was_set_aside(cast: Cast) -> None:
    spend(cast, 2 * CREDIT)
    move(cast, "freeze")
    move(cast, "unfreeze")
    unfrozen = event(cast.credits, "GrantUnfrozen")
    assert (unfrozen.account, unfrozen.reference, unfrozen.amount) == (
        cast.alice,
        FIRST,
        3 * CREDIT,
    )
    assert unfrozen.word == cast.credits.word_of(cast.alice)
    assert credit(cast) == (2 * CREDIT, 3 * CREDIT)
    assert grant_of(cast) == (3 * CREDIT, GIVEN)


def test_unfreeze__does_not_count_for_the_cap(cast: Cast) -> None:
    move(cast, "freeze")
    cast.credits.set_grant_cap(0)
    move(cast, "unfreeze")
    assert credit(cast) == (2 * CREDIT, 5 * CREDIT)
    assert cast.credits.granted_today() == 5 * CREDIT


def test_unfreeze_of_a_dry_account_in_grace__lets_it_stream_again_from_now_on(
    cast: Cast,
) -> None:
    move(cast, "freeze")
    cast.credits.adjust_rate(cast.alice, RATE, sender=cast.meter)
    cast.run_dry(cast.alice)
    cast.pass_time(GRACE - 1)
    move(cast, "unfreeze")
    assert cast.credits.account_of(cast.alice)[:4] == (0, 5 * CREDIT, RATE, cast.now)
    assert cast.credits.epoch_of(cast.alice) == 0


def test_unfreeze_after_grace__does_not_pay_for_what_has_ended(cast: Cast) -> None:
    move(cast, "freeze")
    cast.credits.adjust_rate(cast.alice, RATE, sender=cast.meter)
    cast.run_dry(cast.alice)
    cast.pass_time(GRACE)
    move(cast, "unfreeze")
    assert cast.credits.epoch_of(cast.alice) == 1
    assert cast.credits.account_of(cast.alice)[:3] == (0, 5 * CREDIT, 0)


def test_unfreeze_of_nothing__leaves_a_dry_account_dry(cast: Cast) -> None:
    cast.credits.adjust_rate(cast.alice, RATE, sender=cast.meter)
    dry_at = cast.run_dry(cast.alice)
    cast.pass_time(DAY)
    move(cast, "freeze")
    move(cast, "unfreeze")
    assert event(cast.credits, "GrantUnfrozen").amount == 0
    assert cast.credits.depletes_at(cast.alice) == dry_at
    cast.pass_time(GRACE - DAY)
    assert cast.credits.epoch_of(cast.alice) == 1


def test_a_grant_that_was_given_back__can_be_frozen_again_for_what_is_left(cast: Cast) -> None:
    move(cast, "freeze")
    move(cast, "unfreeze")
    spend(cast, CREDIT)
    move(cast, "freeze")
    assert grant_of(cast) == (4 * CREDIT, FROZEN)
    assert credit(cast) == (2 * CREDIT, 0)


def test_unfreeze_beyond_the_word__is_refused_until_there_is_room(cast: Cast) -> None:
    cast.credits.set_grant_cap(2**53)
    move(cast, "freeze")
    cast.grant(cast.alice, 2**52 - 1, 2)
    with boa.reverts("Credits: granted too large"):
        move(cast, "unfreeze")
    spend(cast, 5 * CREDIT)
    move(cast, "unfreeze")
    assert credit(cast) == (2 * CREDIT, 2**52 - 1)


# ---------------------------------------------------------------- forfeit


def test_forfeit_of_a_given_grant__freezes_it_first(cast: Cast) -> None:
    spend(cast, CREDIT)
    move(cast, "forfeit")
    frozen, forfeited = event(cast.credits, "GrantFrozen"), event(cast.credits, "GrantForfeited")
    for told in (frozen, forfeited):
        assert (told.account, told.reference, told.amount) == (cast.alice, FIRST, 4 * CREDIT)
        assert told.word == cast.credits.word_of(cast.alice)
    assert credit(cast) == (2 * CREDIT, 0)
    assert grant_of(cast) == (4 * CREDIT, FORFEITED)


def test_forfeit_of_a_frozen_grant__changes_only_the_grant(cast: Cast) -> None:
    move(cast, "freeze")
    cast.buy(cast.alice, DOLLAR)
    before = cast.credits.word_of(cast.alice)
    cast.pass_time(DAY)
    cast.credits.forfeit(FIRST, sender=cast.granter)
    assert [type(told).__name__ for told in cast.credits.get_logs()] == ["GrantForfeited"]
    forfeited = event(cast.credits, "GrantForfeited")
    assert (forfeited.amount, forfeited.word) == (5 * CREDIT, before)
    assert cast.credits.word_of(cast.alice) == before
    assert grant_of(cast) == (5 * CREDIT, FORFEITED)


def test_forfeit_of_frozen_credit__does_not_take_credit_granted_since(cast: Cast) -> None:
    move(cast, "freeze")
    cast.grant(cast.alice, 3 * CREDIT, 2)
    move(cast, "forfeit")
    assert credit(cast) == (2 * CREDIT, 3 * CREDIT)


def test_forfeit__earns_nothing_and_the_reserve_holds(cast: Cast) -> None:
    move(cast, "forfeit")
    assert cast.credits.earned() == 0
    assert cast.held() == cast.reserve(cast.alice) == 2 * CREDIT


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("freeze", "Credits: grant not given"),
        ("unfreeze", "Credits: grant not frozen"),
        ("forfeit", "Credits: grant not given"),
    ],
)
def test_after_forfeit__nothing_more_can_come(cast: Cast, name: str, reason: str) -> None:
    for frozen_before in (True, False):
        with boa.env.anchor():
            if frozen_before:
                move(cast, "freeze")
            move(cast, "forfeit")
            with boa.reverts(reason):
                move(cast, name)


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("freeze", "Credits: no such grant"),
        ("unfreeze", "Credits: grant not frozen"),
        ("forfeit", "Credits: no such grant"),
    ],
)
def test_an_unknown_reference__is_refused(cast: Cast, name: str, reason: str) -> None:
    with boa.reverts(reason):
        move(cast, name, UNKNOWN)


def test_freeze_twice__is_refused(cast: Cast) -> None:
    move(cast, "freeze")
    with boa.reverts("Credits: grant not given"):
        move(cast, "freeze")


def test_unfreeze_of_what_is_not_frozen__is_refused(cast: Cast) -> None:
    with boa.reverts("Credits: grant not frozen"):
        move(cast, "unfreeze")
    move(cast, "freeze")
    move(cast, "unfreeze")
    with boa.reverts("Credits: grant not frozen"):
        move(cast, "unfreeze")


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("roles", [0, sum(ROLES) - GRANTER])
def test_without_the_granters_role__is_refused(cast: Cast, name: str, roles: int) -> None:
    cast.credits.set_roles(cast.bob, roles)
    if name == "unfreeze":
        move(cast, "freeze")
    for stranger in (cast.bob, cast.admin, cast.alice):
        with boa.reverts("Roles: missing role"):
            getattr(cast.credits, name)(FIRST, sender=stranger)


def test_paid_credit_bought_after_the_grant_was_used__is_never_taken(cast: Cast) -> None:
    spend(cast, 5 * CREDIT)
    cast.buy(cast.alice, 10 * DOLLAR)
    for name in ("freeze", "unfreeze", "freeze", "forfeit"):
        move(cast, name)
        assert credit(cast) == (12 * CREDIT, 0)


# ---------------------------------------------------------------- any order

STEPS = st.one_of(
    st.tuples(st.just("grant"), st.integers(0, 2)),
    st.tuples(st.sampled_from(MOVES), st.integers(0, 2)),
    st.tuples(st.just("spend"), st.integers(1, 8)),
    st.tuples(st.just("buy"), st.integers(1, 3)),
)


@given(steps=st.lists(STEPS, max_size=16))
@effort(40)
def test_in_any_order__grants_give_and_take_what_a_few_lines_say(
    world: World, steps: list[tuple[str, int]]
) -> None:
    with boa.env.anchor():
        cast = Cast.of(world)
        paid = granted = 0
        grants = dict.fromkeys(range(3), (0, 0))
        for name, number in steps:
            amount, state = grants.get(number, (0, 0))
            if name == "buy":
                cast.buy(cast.alice, number * DOLLAR)
                paid += number * CREDIT
            elif name == "spend":
                if number * CREDIT <= paid + granted:
                    spend(cast, number * CREDIT)
                    from_granted = min(number * CREDIT, granted)
                    granted -= from_granted
                    paid -= number * CREDIT - from_granted
            elif name == "grant" and state == 0:
                assert GRANT_CAP > 3 * 4 * CREDIT
                cast.grant(cast.alice, 4 * CREDIT, number)
                granted += 4 * CREDIT
                grants[number] = (4 * CREDIT, GIVEN)
            elif (name, state) in (("freeze", GIVEN), ("forfeit", GIVEN)):
                move(cast, name, reference(number))
                taken = min(amount, granted)
                granted -= taken
                grants[number] = (taken, FROZEN if name == "freeze" else FORFEITED)
            elif (name, state) == ("unfreeze", FROZEN):
                move(cast, name, reference(number))
                granted += amount
                grants[number] = (amount, GIVEN)
            elif (name, state) == ("forfeit", FROZEN):
                move(cast, name, reference(number))
                grants[number] = (amount, FORFEITED)
            else:
                with boa.reverts():
                    if name == "grant":
                        cast.grant(cast.alice, 4 * CREDIT, number)
                    else:
                        move(cast, name, reference(number))
            assert credit(cast) == (paid, granted)
            assert {n: grant_of(cast, reference(n)) for n in grants} == grants
            assert cast.held() == cast.reserve(cast.alice)
