"""The views of `Credits`: an account as of now, with nothing written."""

from __future__ import annotations

import pytest

from tests.contracts.world import CREDIT, DAY, DOLLAR, SITE_RATE, World

NEVER = 2**256 - 1


def test_an_account_that_was_never_touched(world: World) -> None:
    assert world.credits.account_of(world.alice) == (0, 0, 0, world.now, 0, 10**6)
    assert world.credits.balance_of(world.alice) == 0
    assert world.credits.depletes_at(world.alice) == NEVER
    assert world.credits.epoch_of(world.alice) == 0
    assert world.credits.refundable_of(world.alice) == 0


@pytest.mark.parametrize("seconds", [0, 1, 59, DAY])
def test_the_balance_falls_by_the_rate_every_second(world: World, seconds: int) -> None:
    world.buy(world.alice, DOLLAR)
    world.start(world.alice)
    world.pass_time(seconds)
    left = CREDIT - seconds * SITE_RATE
    assert world.credits.balance_of(world.alice) == left
    assert world.credits.account_of(world.alice) == (left, 0, SITE_RATE, world.now, 0, 10**6)


@pytest.mark.parametrize(("rate", "lasts"), [(10**9, 1), (10**9 - 1, 2), (3, 333_333_334)])
def test_depletion_is_the_first_second_with_nothing_left(
    world: World, rate: int, lasts: int
) -> None:
    world.buy(world.alice, DOLLAR)
    world.credits.adjust_rate(world.alice, rate, sender=world.meter)
    depletes_at = world.now + lasts
    assert world.credits.depletes_at(world.alice) == depletes_at
    world.pass_time(lasts - 1)
    assert world.credits.balance_of(world.alice) > 0
    world.pass_time(1)
    assert world.credits.balance_of(world.alice) == 0
    assert world.credits.depletes_at(world.alice) == depletes_at


def test_a_dry_account_keeps_its_rate_and_its_second_through_the_grace_period(
    world: World,
) -> None:
    world.buy(world.alice, DOLLAR)
    world.start(world.alice)
    dry_at = world.run_dry(world.alice)
    world.pass_time(3 * DAY)
    assert world.credits.account_of(world.alice) == (0, 0, SITE_RATE, dry_at, 0, 10**6)
    assert world.credits.depletes_at(world.alice) == dry_at


def test_the_terms_are_public(world: World) -> None:
    assert world.credits.ASSET() == world.usd.address
    assert world.credits.SCALE() == 1_000
    assert world.credits.GRACE() == 14 * DAY
    assert world.hosting.CREDITS() == world.credits.address
