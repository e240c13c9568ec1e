"""`Hosting.start`: a service of a plan, at a price that its owner agreed to."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.world import (
    ACTIVE,
    DOLLAR,
    EXPIRED,
    FREE,
    FREE_PERIOD,
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
    )
    assert funded.credits.account_of(funded.alice)[2] == SITE_RATE


def test_services_are_numbered_from_one_whoever_starts_them(funded: World) -> None:
    funded.buy(funded.bob, DOLLAR)
    assert [funded.start(who) for who in (funded.alice, funded.bob, funded.alice)] == [1, 2, 3]
    assert funded.hosting.service_count() == 3


def test_rates_of_several_services_add_up(funded: World) -> None:
    funded.start(funded.alice, SITE)
    funded.start(funded.alice, STORAGE)
    assert funded.credits.account_of(funded.alice)[2] == SITE_RATE + STORAGE_RATE


def test_the_event_holds_the_whole_service_and_the_owners_reference(funded: World) -> None:
    service = funded.start(funded.alice)
    started = event(funded.hosting, "ServiceStarted")
    assert tuple(started)[1:] == (
        service,
        funded.alice,
        SITE,
        ACTIVE,
        SITE_RATE,
        0,
        0,
        REFERENCE,
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
    assert world.hosting.service_count() == 0


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
