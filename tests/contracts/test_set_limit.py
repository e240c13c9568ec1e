"""`Credits.set_limit`: a higher limit counts at once, a lower one from the next UTC day."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.world import CREDIT, DAY, DOLLAR, World, event

DEFAULT = 10**6  # micro credit
MOST = 2**37 - 1


def per_day(world: World) -> int:
    return int(world.credits.account_of(world.alice)[5])


def test_a_fresh_accounts_limit_is_one_credit(world: World) -> None:
    assert per_day(world) == DEFAULT


@pytest.mark.parametrize("limit", [DEFAULT + 1, 50 * 10**6, MOST])
def test_a_higher_limit_counts_at_once(world: World, limit: int) -> None:
    world.credits.set_limit(limit, sender=world.alice)
    assert per_day(world) == limit


@pytest.mark.parametrize("limit", [0, 1, DEFAULT - 1])
def test_a_lower_limit_counts_from_midnight_on(world: World, limit: int) -> None:
    world.credits.set_limit(limit, sender=world.alice)
    assert per_day(world) == DEFAULT
    world.pass_time(DAY // 2 - 1)
    assert per_day(world) == DEFAULT
    world.pass_time(1)
    assert per_day(world) == limit


def test_a_lower_limit_survives_transactions_of_the_same_and_of_later_days(world: World) -> None:
    world.credits.set_limit(5, sender=world.alice)
    world.buy(world.alice, DOLLAR)
    assert per_day(world) == DEFAULT
    world.pass_time(DAY)
    world.buy(world.alice, DOLLAR)
    assert per_day(world) == 5
    world.pass_time(7 * DAY)
    assert per_day(world) == 5


def test_of_several_lower_limits_on_a_day__the_last_counts(world: World) -> None:
    for limit in (5, 9, 7):
        world.credits.set_limit(limit, sender=world.alice)
    world.pass_time(DAY)
    assert per_day(world) == 7


@pytest.mark.parametrize("limit", [DEFAULT, 2 * DEFAULT])
def test_todays_limit_or_more_takes_a_waiting_one_back(world: World, limit: int) -> None:
    world.credits.set_limit(5, sender=world.alice)
    world.credits.set_limit(limit, sender=world.alice)
    world.pass_time(DAY)
    assert per_day(world) == limit


def test_a_limit_that_was_lowered_once__does_not_come_back(world: World) -> None:
    world.credits.set_limit(5, sender=world.alice)
    world.pass_time(DAY)
    world.credits.set_limit(7, sender=world.alice)
    world.pass_time(DAY)
    assert per_day(world) == 7


def test_a_dry_account_lowers_its_limit_at_once_on_a_later_day(world: World) -> None:
    world.buy(world.alice, DOLLAR)
    world.start(world.alice)
    world.run_dry(world.alice)
    world.pass_time(DAY)
    world.credits.set_limit(5, sender=world.alice)
    world.buy(world.alice, 10 * DOLLAR)
    assert per_day(world) == 5
    assert world.credits.refundable_of(world.alice) == 10 * CREDIT - 5_000


def test_an_account_that_dried_today__still_waits_for_the_next_day(world: World) -> None:
    world.buy(world.alice, 1)
    world.start(world.alice)
    world.run_dry(world.alice)
    world.credits.set_limit(5, sender=world.alice)
    assert per_day(world) == DEFAULT


def test_the_event_says_what_was_set_and_the_word_what_counts(world: World) -> None:
    world.credits.set_limit(5, sender=world.alice)
    limit_set = event(world.credits, "LimitSet")
    assert (limit_set.account, limit_set.per_day) == (world.alice, 5)
    assert limit_set.word >> 218 == DEFAULT
    assert (limit_set.word >> 217) & 1 == 1


def test_beyond_the_word__is_refused(world: World) -> None:
    with boa.reverts("Credits: limit too large"):
        world.credits.set_limit(MOST + 1, sender=world.alice)
