"""`Hosting.take_rate` and `reprice`: another price for what runs, never against its owner."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.world import (
    DOLLAR,
    FIRST_SITE,
    FREE,
    GRACE,
    PRO,
    PRO_DISCOUNT,
    PRO_RATE,
    SITE,
    SITE_RATE,
    STORAGE,
    World,
    event,
    events,
)

DISCOUNTED = SITE_RATE * (10_000 - PRO_DISCOUNT) // 10_000


@pytest.fixture
def running(world: World) -> World:
    world.buy(world.alice, 10 * DOLLAR)
    world.start(world.alice)
    return world


def rate(world: World) -> int:
    return int(world.credits.account_of(world.alice)[2])


def set_price(world: World, price: int, offered: bool = True) -> None:
    world.hosting.set_plan(SITE, "Static site", 1, price, 0, offered)


@pytest.mark.parametrize("price", [SITE_RATE // 2, SITE_RATE, 3 * SITE_RATE])
def test_a_new_price_counts_once_the_owner_takes_it(running: World, price: int) -> None:
    set_price(running, price)
    assert rate(running) == SITE_RATE
    running.hosting.take_rate(FIRST_SITE, price, sender=running.alice)
    assert running.service(event(running.hosting, "ServiceChanged")).rate == price
    assert (running.hosting.streams(FIRST_SITE), rate(running)) == (price, price)


def test_above_the_price_agreed_to__is_refused(running: World) -> None:
    set_price(running, 3 * SITE_RATE)
    with boa.reverts("Hosting: price above max_rate"):
        running.hosting.take_rate(FIRST_SITE, 3 * SITE_RATE - 1, sender=running.alice)


def test_nobody_else_takes_a_price_for_the_owner(running: World) -> None:
    set_price(running, 3 * SITE_RATE)
    for stranger in (running.bob, running.admin):
        with boa.reverts("Hosting: not your service"):
            running.hosting.take_rate(FIRST_SITE, 2**36, sender=stranger)


def test_of_a_plan_that_is_no_longer_offered__is_refused(running: World) -> None:
    set_price(running, 1, offered=False)
    with boa.reverts("Hosting: plan not offered"):
        running.hosting.take_rate(FIRST_SITE, 1, sender=running.alice)


def test_of_a_plan_that_has_become_free__is_refused(running: World) -> None:
    running.hosting.set_plan(SITE, "Static site", 1, 0, 60, True)
    with boa.reverts("Hosting: plan not offered"):
        running.hosting.take_rate(FIRST_SITE, 1, sender=running.alice)


def test_a_paused_service_takes_a_price_without_streaming(running: World) -> None:
    running.hosting.pause(FIRST_SITE, sender=running.alice)
    set_price(running, 7)
    running.hosting.take_rate(FIRST_SITE, 7, sender=running.alice)
    assert rate(running) == 0
    running.hosting.resume(FIRST_SITE, sender=running.alice)
    assert rate(running) == 7


@pytest.mark.parametrize("who", ["alice", "moderator"])
def test_a_discount_reaches_what_runs_already(running: World, who: str) -> None:
    running.hosting.subscribe(PRO, sender=running.alice)
    assert rate(running) == PRO_RATE + SITE_RATE
    running.hosting.reprice(FIRST_SITE, sender=getattr(running, who))
    assert rate(running) == PRO_RATE + DISCOUNTED


def test_a_discount_ends_with_the_tier_and_the_agreed_price_is_back(running: World) -> None:
    running.hosting.subscribe(PRO, sender=running.alice)
    running.hosting.reprice(FIRST_SITE, sender=running.alice)
    set_price(running, 9 * SITE_RATE)  # not what the owner agreed to
    running.hosting.unsubscribe(sender=running.alice)
    assert rate(running) == DISCOUNTED
    running.hosting.reprice(FIRST_SITE, sender=running.bob)
    assert rate(running) == SITE_RATE


def test_where_nothing_would_change__is_refused(running: World) -> None:
    with boa.reverts("Hosting: nothing to reprice"):
        running.hosting.reprice(FIRST_SITE, sender=running.bob)


def test_a_paused_service_is_repriced_without_streaming(running: World) -> None:
    running.hosting.pause(FIRST_SITE, sender=running.alice)
    running.hosting.subscribe(PRO, sender=running.alice)
    running.hosting.reprice(FIRST_SITE, sender=running.bob)
    assert events(running.credits, "RateAdjusted") == []
    assert running.hosting.streams(FIRST_SITE) == DISCOUNTED


@pytest.mark.parametrize("call", ["take_rate", "reprice"])
def test_a_free_suspended_or_ended_service__is_refused(running: World, call: str) -> None:
    free = running.start(running.alice, FREE)
    more = (2**36,) if call == "take_rate" else ()
    reprice = getattr(running.hosting, call)
    with boa.reverts("Hosting: not a paid service"):
        reprice(free, *more, sender=running.alice)
    running.hosting.suspend(FIRST_SITE, "Phishing", sender=running.moderator)
    with boa.reverts("Hosting: suspended"):
        reprice(FIRST_SITE, *more, sender=running.alice)
    running.hosting.stop(FIRST_SITE, sender=running.alice)
    with boa.reverts("Hosting: service has ended"):
        reprice(FIRST_SITE, *more, sender=running.alice)
    with boa.reverts("Hosting: no such service"):
        reprice(FIRST_SITE + 1, *more, sender=running.alice)


def test_what_lapsed_can_be_made_cheaper_and_not_dearer(running: World) -> None:
    running.run_dry(running.alice)
    set_price(running, SITE_RATE + 1)
    with boa.reverts("Credits: no credit"):
        running.hosting.take_rate(FIRST_SITE, 2**36, sender=running.alice)
    set_price(running, SITE_RATE - 1)
    running.hosting.take_rate(FIRST_SITE, 2**36, sender=running.alice)
    assert rate(running) == SITE_RATE - 1


def test_another_service_is_left_alone(running: World) -> None:
    other = running.start(running.alice, STORAGE)
    before = running.hosting.streams(other)
    set_price(running, 5)
    running.hosting.take_rate(FIRST_SITE, 5, sender=running.alice)
    assert running.hosting.streams(other) == before
    running.run_dry(running.alice)
    running.pass_time(GRACE)
    with boa.reverts("Hosting: service has ended"):
        running.hosting.take_rate(other, 2**36, sender=running.alice)
