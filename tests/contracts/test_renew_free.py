"""`Hosting.renew_free`: a free service lives on while its owner asks and its plan is offered."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.world import (
    ACTIVE,
    DAY,
    DOLLAR,
    EXPIRED,
    FIRST_FREE,
    FREE,
    FREE_PERIOD,
    PAUSED,
    World,
    event,
)


@pytest.fixture
def free(world: World) -> World:
    world.start(world.alice, FREE)
    return world


@pytest.mark.parametrize("seconds", [0, 5 * DAY, FREE_PERIOD - 1, FREE_PERIOD, 10 * FREE_PERIOD])
def test_a_renewal_gives_the_whole_period_from_now(free: World, seconds: int) -> None:
    free.pass_time(seconds)
    free.hosting.renew_free(FIRST_FREE, sender=free.alice)
    assert free.service(event(free.hosting, "ServiceChanged")).expires_at == free.now + FREE_PERIOD
    assert free.hosting.service_of(FIRST_FREE).expires_at == free.now + FREE_PERIOD
    assert free.state(FIRST_FREE) == ACTIVE


def test_a_renewal_takes_the_plans_period_of_today(free: World) -> None:
    free.hosting.set_plan(FREE, "Free site", 1, 0, DAY, True)
    free.hosting.renew_free(FIRST_FREE, sender=free.alice)
    assert free.hosting.service_of(FIRST_FREE).expires_at == free.now + DAY


def test_a_paused_service_stays_paused(free: World) -> None:
    free.hosting.pause(FIRST_FREE, sender=free.alice)
    free.pass_time(FREE_PERIOD)
    free.hosting.renew_free(FIRST_FREE, sender=free.alice)
    assert free.state(FIRST_FREE) == PAUSED


def test_pausing_does_not_stop_the_clock(free: World) -> None:
    free.hosting.pause(FIRST_FREE, sender=free.alice)
    free.pass_time(FREE_PERIOD)
    free.hosting.resume(FIRST_FREE, sender=free.alice)
    assert free.state(FIRST_FREE) == EXPIRED


def test_a_free_service_outlives_its_owners_epoch(free: World) -> None:
    free.buy(free.alice, 1)
    free.start(free.alice)
    free.pass_time(15 * DAY)
    assert free.credits.epoch_of(free.alice) == 1
    assert free.state(FIRST_FREE) == ACTIVE
    free.hosting.renew_free(FIRST_FREE, sender=free.alice)


def test_of_a_paid_service__is_refused(free: World) -> None:
    free.buy(free.alice, DOLLAR)
    service = free.start(free.alice)
    with boa.reverts("Hosting: not a free service"):
        free.hosting.renew_free(service, sender=free.alice)


def test_of_a_stopped_service__is_refused(free: World) -> None:
    free.hosting.stop(FIRST_FREE, sender=free.alice)
    with boa.reverts("Hosting: service has ended"):
        free.hosting.renew_free(FIRST_FREE, sender=free.alice)


@pytest.mark.parametrize(("rate", "period", "offered"), [(0, DAY, False), (1, 0, True)])
def test_of_a_plan_that_is_no_longer_offered_free__is_refused(
    free: World, rate: int, period: int, offered: bool
) -> None:
    free.hosting.set_plan(FREE, "Free site", 1, rate, period, offered)
    with boa.reverts("Hosting: plan not offered"):
        free.hosting.renew_free(FIRST_FREE, sender=free.alice)
