"""`Hosting.start`: a service of a plan, at a price that its owner agreed to."""

from __future__ import annotations

import boa
import pytest

from indexer.rules import Service, ServiceState
from tests.contracts.world import (
    ACTIVE,
    DOLLAR,
    EXPIRED,
    FIRST_SITE,
    FIRST_STORAGE,
    FREE,
    FREE_PERIOD,
    FREE_SERVICES,
    GRACE,
    NUMBERS,
    REFERENCE,
    SITE,
    SITE_RATE,
    STORAGE,
    STORAGE_RATE,
    World,
    event,
    events,
)


@pytest.fixture
def funded(world: World) -> World:
    world.buy(world.alice, DOLLAR)
    return world


def test_a_paid_service_streams_its_rate_from_its_owner(funded: World) -> None:
    service = funded.hosting.start(SITE, REFERENCE, SITE_RATE, sender=funded.alice)
    assert funded.state(service) == ACTIVE
    assert tuple(funded.hosting.service_of(service)) == (
        funded.alice,
        SITE,
        ACTIVE,
        SITE_RATE,
        0,
        0,
        0,
    )
    assert funded.credits.account_of(funded.alice)[2] == SITE_RATE


def test_services_of_a_plan_are_numbered_from_one_whoever_starts_them(funded: World) -> None:
    funded.buy(funded.bob, DOLLAR)
    numbers = [funded.start(who) for who in (funded.alice, funded.bob, funded.alice)]
    assert numbers == [FIRST_SITE, FIRST_SITE + 1, FIRST_SITE + 2]
    assert funded.start(funded.alice, STORAGE) == FIRST_STORAGE
    assert [funded.hosting.started_of(plan) for plan in (FREE, SITE, STORAGE)] == [0, 3, 1]


def test_a_plan_has_as_many_numbers_as_fit_before_the_next_plans(funded: World) -> None:
    left = NUMBERS - 2
    funded.hosting.eval(f"self.plan_words[{SITE}] += {left} << 76")
    assert funded.start(funded.alice) == (SITE + 1) * NUMBERS - 1
    with boa.reverts("Hosting: plan is used up"):
        funded.start(funded.alice)


def test_a_plan_that_is_set_again_counts_on(funded: World) -> None:
    funded.start(funded.alice)
    funded.hosting.set_plan(SITE, "Static site", 1, SITE_RATE, 0, True)
    assert funded.start(funded.alice) == FIRST_SITE + 1


def test_rates_of_several_services_add_up(funded: World) -> None:
    funded.start(funded.alice, SITE)
    funded.start(funded.alice, STORAGE)
    assert funded.credits.account_of(funded.alice)[2] == SITE_RATE + STORAGE_RATE


def test_the_event_holds_the_whole_service_and_the_owners_reference(funded: World) -> None:
    service = funded.start(funded.alice)
    started = event(funded.hosting, "ServiceStarted")
    assert (started.owner, started.reference) == (funded.alice, REFERENCE)
    assert funded.service(started) == Service(
        service, funded.alice, SITE, ServiceState.ACTIVE, SITE_RATE, 0, 0, 0
    )


def test_a_free_service_needs_no_credit_and_expires(world: World) -> None:
    service = world.hosting.start(FREE, REFERENCE, 0, sender=world.bob)
    assert world.hosting.service_of(service).expires_at == world.now + FREE_PERIOD
    assert events(world.hosting, "RateAdjusted") == []
    world.pass_time(FREE_PERIOD - 1)
    assert world.state(service) == ACTIVE
    world.pass_time(1)
    assert world.state(service) == EXPIRED


def test_above_the_price_agreed_to__is_refused(funded: World) -> None:
    with boa.reverts("Hosting: price above max_rate"):
        funded.hosting.start(SITE, REFERENCE, SITE_RATE - 1, sender=funded.alice)


def test_without_credit__is_refused(world: World) -> None:
    with boa.reverts("Credits: no credit"):
        world.start(world.bob)
    assert world.hosting.started_of(SITE) == 0


def test_a_plan_that_is_not_offered__is_refused(funded: World) -> None:
    funded.hosting.set_plan(SITE, "Static site", 1, SITE_RATE, 0, False)
    for plan in (SITE, 0, 99, 2**256 - 1):
        with boa.reverts("Hosting: plan not offered"):
            funded.start(funded.alice, plan)


def test_beyond_what_an_account_can_stream__is_refused(funded: World) -> None:
    funded.hosting.set_plan(9, "Dear", 1, 2**36 - 1, 0, True)
    funded.start(funded.alice, 9)
    with boa.reverts("Credits: rate too large"):
        funded.start(funded.alice, SITE)


def test_where_hosting_is_no_meter__is_refused(funded: World) -> None:
    funded.credits.set_meter(funded.hosting, False)
    with boa.reverts("Credits: not a meter"):
        funded.start(funded.alice)


def test_no_more_services_at_once_than_the_tier_allows(funded: World) -> None:
    for _ in range(FREE_SERVICES - 1):
        funded.start(funded.alice)
    free = funded.start(funded.alice, FREE)
    for plan in (SITE, FREE):
        with boa.reverts("Hosting: too many services"):
            funded.start(funded.alice, plan)
    funded.hosting.stop(free, sender=funded.alice)
    funded.hosting.stop(FIRST_SITE, sender=funded.alice)
    funded.start(funded.alice)
    funded.start(funded.alice, FREE)
    with boa.reverts("Hosting: too many services"):
        funded.start(funded.alice)


def test_a_tier_that_was_widened_counts_at_once(funded: World) -> None:
    for _ in range(FREE_SERVICES):
        funded.start(funded.alice)
    funded.hosting.set_tier(0, "Free", 0, 0, FREE_SERVICES + 1, 0, 0, True)
    funded.start(funded.alice)
    with boa.reverts("Hosting: too many services"):
        funded.start(funded.alice)


def test_where_tier_0_was_never_set__nothing_starts(funded: World) -> None:
    funded.hosting.eval("self.tier_words[0] = 0")
    with boa.reverts("Hosting: too many services"):
        funded.start(funded.alice)


def test_paused_services_count_and_ended_ones_do_not(funded: World) -> None:
    for _ in range(FREE_SERVICES):
        service = funded.start(funded.alice)
        funded.hosting.pause(service, sender=funded.alice)
    with boa.reverts("Hosting: too many services"):
        funded.start(funded.alice)
    funded.hosting.resume(FIRST_SITE, sender=funded.alice)
    funded.run_dry(funded.alice)
    funded.pass_time(GRACE)
    funded.buy(funded.alice, DOLLAR)
    for _ in range(FREE_SERVICES):
        funded.start(funded.alice)
