"""`Hosting.subscribe`, `unsubscribe`, `tier_of`: a tier is a stream, and ends with its account."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.world import (
    CREDIT,
    DOLLAR,
    FREE,
    FREE_SERVICES,
    GRACE,
    PRO,
    PRO_DISCOUNT,
    PRO_RATE,
    PRO_SERVICES,
    SITE,
    SITE_RATE,
    World,
    event,
    events,
)

DISCOUNTED = SITE_RATE * (10_000 - PRO_DISCOUNT) // 10_000


@pytest.fixture
def funded(world: World) -> World:
    world.buy(world.alice, 10 * DOLLAR)
    return world


def rate(world: World) -> int:
    return int(world.credits.account_of(world.alice)[2])


def test_an_account_that_took_no_tier_has_tier_0(world: World) -> None:
    assert world.hosting.tier_of(world.alice) == 0


def test_a_tier_streams_its_price(funded: World) -> None:
    funded.hosting.subscribe(PRO, PRO_RATE, sender=funded.alice)
    assert funded.hosting.tier_of(funded.alice) == PRO
    assert rate(funded) == PRO_RATE
    funded.pass_time(100)
    assert funded.credits.balance_of(funded.alice) == 10 * CREDIT - 100 * PRO_RATE


def test_the_highest_price_need_not_be_named(funded: World) -> None:
    funded.hosting.subscribe(PRO, sender=funded.alice)
    assert funded.hosting.tier_of(funded.alice) == PRO


def test_the_event_holds_the_terms_that_it_was_taken_at(funded: World) -> None:
    funded.hosting.subscribe(PRO, sender=funded.alice)
    taken = event(funded.hosting, "Subscribed")
    assert tuple(taken)[1:] == (funded.alice, PRO, PRO_RATE, PRO_DISCOUNT, PRO_SERVICES, 0)
    funded.hosting.unsubscribe(sender=funded.alice)
    ended = event(funded.hosting, "Subscribed")
    assert tuple(ended)[1:] == (funded.alice, 0, 0, 0, 0, 0)


def test_unsubscribing_ends_the_stream_and_keeps_what_runs(funded: World) -> None:
    funded.hosting.subscribe(PRO, sender=funded.alice)
    service = funded.start(funded.alice)
    funded.hosting.unsubscribe(sender=funded.alice)
    assert funded.hosting.tier_of(funded.alice) == 0
    assert rate(funded) == DISCOUNTED
    assert funded.state(service) == 1


@pytest.mark.parametrize("call", ["unsubscribe", "subscribe"])
def test_without_a_tier_there_is_nothing_to_end(funded: World, call: str) -> None:
    arguments = (0,) if call == "subscribe" else ()
    with boa.reverts("Hosting: not subscribed"):
        getattr(funded.hosting, call)(*arguments, sender=funded.alice)


def test_another_tier_takes_the_place_of_the_one_before(funded: World) -> None:
    funded.hosting.set_tier(2, "Studio", 5 * PRO_RATE, 0, 99, 0, 0, True)
    for tier, expected in ((PRO, PRO_RATE), (2, 5 * PRO_RATE), (PRO, PRO_RATE)):
        funded.hosting.subscribe(tier, sender=funded.alice)
        assert (funded.hosting.tier_of(funded.alice), rate(funded)) == (tier, expected)


def test_a_tier_keeps_its_price_until_it_is_taken_anew(funded: World) -> None:
    funded.hosting.subscribe(PRO, sender=funded.alice)
    funded.hosting.set_tier(PRO, "Pro", 9 * PRO_RATE, 0, 99, 0, 0, True)
    assert rate(funded) == PRO_RATE
    with boa.reverts("Hosting: price above max_rate"):
        funded.hosting.subscribe(PRO, 9 * PRO_RATE - 1, sender=funded.alice)
    funded.hosting.subscribe(PRO, 9 * PRO_RATE, sender=funded.alice)
    assert rate(funded) == 9 * PRO_RATE


@pytest.mark.parametrize("tier", [2, 255, 256, 2**256 - 1])
def test_a_tier_that_is_not_offered__is_refused(funded: World, tier: int) -> None:
    with boa.reverts("Hosting: tier not offered"):
        funded.hosting.subscribe(tier, sender=funded.alice)


def test_without_credit__is_refused(world: World) -> None:
    with boa.reverts("Credits: no credit"):
        world.hosting.subscribe(PRO, sender=world.alice)


def test_a_dry_account_has_no_tier_until_it_is_topped_up(funded: World) -> None:
    funded.hosting.subscribe(PRO, sender=funded.alice)
    funded.run_dry(funded.alice)
    assert funded.hosting.tier_of(funded.alice) == 0
    funded.pass_time(GRACE - 1)
    funded.buy(funded.alice, DOLLAR, buyer=funded.bob)
    assert funded.hosting.tier_of(funded.alice) == PRO


def test_a_tier_ends_with_its_epoch(funded: World) -> None:
    funded.hosting.subscribe(PRO, sender=funded.alice)
    funded.run_dry(funded.alice)
    funded.pass_time(GRACE)
    funded.buy(funded.alice, DOLLAR)
    assert (funded.hosting.tier_of(funded.alice), rate(funded)) == (0, 0)
    with boa.reverts("Hosting: not subscribed"):
        funded.hosting.unsubscribe(sender=funded.alice)
    funded.start(funded.alice)
    assert rate(funded) == SITE_RATE  # the discount has ended too
    funded.hosting.subscribe(PRO, sender=funded.alice)
    assert event(funded.hosting, "Subscribed").epoch == 1
    assert rate(funded) == SITE_RATE + PRO_RATE


def test_a_lapsed_tier_can_be_ended_within_grace(funded: World) -> None:
    funded.hosting.subscribe(PRO, sender=funded.alice)
    funded.run_dry(funded.alice)
    funded.hosting.unsubscribe(sender=funded.alice)
    assert rate(funded) == 0


def test_services_cost_less_by_the_discount_and_free_ones_nothing(funded: World) -> None:
    funded.hosting.subscribe(PRO, sender=funded.alice)
    service = funded.hosting.start(SITE, b"\x11" * 32, DISCOUNTED, sender=funded.alice)
    assert funded.hosting.streams(service) == DISCOUNTED
    assert rate(funded) == PRO_RATE + DISCOUNTED
    stored = funded.hosting.service_of(service)
    assert (stored.rate, stored.discount) == (SITE_RATE, PRO_DISCOUNT)
    free = funded.start(funded.alice, FREE)
    assert funded.hosting.streams(free) == 0
    assert rate(funded) == PRO_RATE + DISCOUNTED


def test_the_price_agreed_to_is_the_one_after_the_discount(funded: World) -> None:
    funded.hosting.subscribe(PRO, sender=funded.alice)
    with boa.reverts("Hosting: price above max_rate"):
        funded.hosting.start(SITE, b"\x11" * 32, DISCOUNTED - 1, sender=funded.alice)


@pytest.mark.parametrize(
    ("price", "streams"), [(1, 1), (9, 1), (19, 1), (20, 2), (2**36 - 1, None)]
)
def test_a_discount_rounds_down_but_never_to_nothing(
    funded: World, price: int, streams: int | None
) -> None:
    funded.hosting.set_tier(PRO, "Pro", 1, 9_000, 9, 0, 0, True)
    funded.hosting.set_plan(9, "Nine", 1, price, 0, True)
    funded.hosting.subscribe(PRO, sender=funded.alice)
    service = funded.start(funded.alice, 9)
    assert funded.hosting.streams(service) == (price // 10 if streams is None else streams)


def test_a_tier_gives_room_for_more_services(funded: World) -> None:
    funded.hosting.subscribe(PRO, sender=funded.alice)
    services = [funded.start(funded.alice, FREE) for _ in range(PRO_SERVICES)]
    with boa.reverts("Hosting: too many services"):
        funded.start(funded.alice, FREE)
    funded.hosting.unsubscribe(sender=funded.alice)
    for service in services[: PRO_SERVICES - FREE_SERVICES]:  # what runs stays; no more come
        with boa.reverts("Hosting: too many services"):
            funded.start(funded.alice, FREE)
        funded.hosting.stop(service, sender=funded.alice)
    funded.hosting.stop(services[-1], sender=funded.alice)
    funded.start(funded.alice, FREE)


def test_an_unchanged_price_moves_no_stream(funded: World) -> None:
    funded.hosting.subscribe(PRO, sender=funded.alice)
    funded.hosting.subscribe(PRO, sender=funded.alice)
    assert events(funded.credits, "RateAdjusted") == []
