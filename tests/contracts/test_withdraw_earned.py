"""`Credits.withdraw_earned`: only what burned, only by the admin, never a user's credit."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.world import DOLLAR, SCALE, SITE_RATE, ZERO, World, event

HOUR = 3_600
EARNED = HOUR * SITE_RATE


@pytest.fixture
def earning(world: World) -> World:
    world.buy(world.alice, 10 * DOLLAR)
    service = world.start(world.alice)
    world.pass_time(HOUR)
    world.hosting.pause(service, sender=world.alice)
    assert world.credits.earned() == EARNED
    return world


def test_what_burned_is_paid_out(earning: World) -> None:
    earning.credits.withdraw_earned(EARNED, earning.bob)
    assert earning.usd.balanceOf(earning.bob) == EARNED // SCALE
    assert earning.credits.earned() == 0


def test_the_event_says_what_is_left(earning: World) -> None:
    earning.credits.withdraw_earned(SCALE, earning.bob)
    withdrawn = event(earning.credits, "EarnedWithdrawn")
    assert (withdrawn.to, withdrawn.amount, withdrawn.earned) == (
        earning.bob,
        SCALE,
        EARNED - SCALE,
    )


def test_more_than_earned__is_refused(earning: World) -> None:
    with boa.reverts("Credits: more than earned"):
        earning.credits.withdraw_earned(EARNED + SCALE, earning.bob)


def test_a_part_of_a_base_unit__is_refused(earning: World) -> None:
    with boa.reverts("Credits: not whole asset units"):
        earning.credits.withdraw_earned(SCALE - 1, earning.bob)


def test_nothing__is_refused(earning: World) -> None:
    with boa.reverts("Credits: nothing to pay out"):
        earning.credits.withdraw_earned(0, earning.bob)


def test_to_nobody_or_back_into_credits__is_refused(earning: World) -> None:
    for receiver in (ZERO, earning.credits):
        with boa.reverts("Credits: no such receiver"):
            earning.credits.withdraw_earned(SCALE, receiver)


def test_credit_that_did_not_burn__cannot_be_withdrawn(world: World) -> None:
    world.buy(world.alice, 10 * DOLLAR)
    with boa.reverts("Credits: more than earned"):
        world.credits.withdraw_earned(SCALE, world.admin)
