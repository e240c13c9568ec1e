"""`Hosting.transfer`: a service changes hands, and what it streams goes with it."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.world import (
    ACTIVE,
    CREDIT,
    DAY,
    DOLLAR,
    FIRST_SITE,
    FREE,
    FREE_SERVICES,
    GRACE,
    PAUSED,
    SITE,
    SITE_RATE,
    STOPPED,
    ZERO,
    World,
    event,
)


@pytest.fixture
def running(world: World) -> World:
    """Alice's service runs, and Bob has credit."""
    world.buy(world.alice, 10 * DOLLAR)
    world.buy(world.bob, 10 * DOLLAR)
    world.start(world.alice)
    return world


def rates(world: World) -> tuple[int, int]:
    return tuple(world.credits.account_of(who)[2] for who in (world.alice, world.bob))


def test_the_stream_moves_with_the_service(running: World) -> None:
    assert rates(running) == (SITE_RATE, 0)
    running.hosting.transfer(FIRST_SITE, running.bob, sender=running.alice)
    assert rates(running) == (0, SITE_RATE)
    stored = running.hosting.service_of(FIRST_SITE)
    assert (stored.owner, stored.state, stored.rate) == (running.bob, ACTIVE, SITE_RATE)
    running.hosting.stop(FIRST_SITE, sender=running.bob)
    assert rates(running) == (0, 0)


def test_the_event_names_both_and_holds_the_whole_service(running: World) -> None:
    running.hosting.transfer(FIRST_SITE, running.bob, sender=running.alice)
    moved = event(running.hosting, "ServiceTransferred")
    assert (moved.owner, moved.sender) == (running.bob, running.alice)
    assert running.service(moved).owner == running.bob


def test_a_paused_service_stays_paused_and_streams_nothing(running: World) -> None:
    running.hosting.pause(FIRST_SITE, sender=running.alice)
    running.hosting.transfer(FIRST_SITE, running.bob, sender=running.alice)
    assert running.state(FIRST_SITE) == PAUSED
    assert rates(running) == (0, 0)
    running.hosting.resume(FIRST_SITE, sender=running.bob)
    assert rates(running) == (0, SITE_RATE)


def test_the_former_owner_has_no_say_any_more(running: World) -> None:
    running.hosting.transfer(FIRST_SITE, running.bob, sender=running.alice)
    for move in ("pause", "stop"):
        with boa.reverts("Hosting: not your service"):
            getattr(running.hosting, move)(FIRST_SITE, sender=running.alice)


def test_it_lives_in_the_receivers_epoch(running: World) -> None:
    running.hosting.set_plan(9, "Dear", 1, CREDIT, 0, True)
    running.start(running.bob, 9)
    running.run_dry(running.bob)
    running.pass_time(GRACE)
    running.buy(running.bob, 10 * DOLLAR)
    running.hosting.transfer(FIRST_SITE, running.bob, sender=running.alice)
    assert running.hosting.service_of(FIRST_SITE).epoch == 1
    assert running.state(FIRST_SITE) == ACTIVE
    running.pass_time(GRACE)
    running.hosting.pause(FIRST_SITE, sender=running.bob)


def test_what_nobody_asked_for_stays_within_the_receivers_limit_a_day(running: World) -> None:
    a_day = SITE_RATE * DAY // 1_000  # micro credit
    running.credits.set_limit(a_day - 1, sender=running.bob)
    running.pass_time(DAY)
    with boa.reverts("Hosting: above receiver's limit"):
        running.hosting.transfer(FIRST_SITE, running.bob, sender=running.alice)
    assert rates(running) == (SITE_RATE, 0)
    running.credits.set_limit(a_day, sender=running.bob)
    running.hosting.transfer(FIRST_SITE, running.bob, sender=running.alice)
    second = running.start(running.alice)
    with boa.reverts("Hosting: above receiver's limit"):  # with what streams there already
        running.hosting.transfer(second, running.bob, sender=running.alice)


@pytest.mark.parametrize("plan", [SITE, FREE])
def test_a_limit_of_0_takes_nothing(running: World, plan: int) -> None:
    service = running.start(running.alice, plan)
    running.credits.set_limit(0, sender=running.bob)
    running.pass_time(DAY)
    with boa.reverts("Hosting: receiver takes nothing"):
        running.hosting.transfer(service, running.bob, sender=running.alice)


def test_to_an_account_without_credit__is_refused(running: World) -> None:
    carol = str(boa.env.generate_address("carol"))
    with boa.reverts("Credits: no credit"):
        running.hosting.transfer(FIRST_SITE, carol, sender=running.alice)
    free = running.start(running.alice, FREE)
    running.hosting.transfer(free, carol, sender=running.alice)
    assert running.hosting.service_of(free).owner == carol


def test_a_receiver_without_room__is_refused(running: World) -> None:
    for _ in range(FREE_SERVICES):
        running.start(running.bob, FREE)
    with boa.reverts("Hosting: too many services"):
        running.hosting.transfer(FIRST_SITE, running.bob, sender=running.alice)


def test_the_giver_has_room_again(running: World) -> None:
    for _ in range(FREE_SERVICES - 1):
        running.start(running.alice, FREE)
    with boa.reverts("Hosting: too many services"):
        running.start(running.alice, FREE)
    running.hosting.transfer(FIRST_SITE, running.bob, sender=running.alice)
    running.start(running.alice, FREE)
    tenants = [running.hosting.tenant_of(who) for who in (running.alice, running.bob)]
    assert [(one.free, one.paid) for one in tenants] == [(FREE_SERVICES, 0), (0, 1)]


def test_a_suspended_service_cannot_leave_its_owner(running: World) -> None:
    running.hosting.suspend(FIRST_SITE, "Phishing", sender=running.moderator)
    with boa.reverts("Hosting: suspended"):
        running.hosting.transfer(FIRST_SITE, running.bob, sender=running.alice)


def test_someone_elses_or_an_ended_one__is_refused(running: World) -> None:
    with boa.reverts("Hosting: not your service"):
        running.hosting.transfer(FIRST_SITE, running.bob, sender=running.bob)
    with boa.reverts("Hosting: no such service"):
        running.hosting.transfer(FIRST_SITE + 1, running.bob, sender=running.alice)
    running.hosting.stop(FIRST_SITE, sender=running.alice)
    assert running.state(FIRST_SITE) == STOPPED
    with boa.reverts("Hosting: service has ended"):
        running.hosting.transfer(FIRST_SITE, running.bob, sender=running.alice)


def test_to_nobody_or_oneself__is_refused(running: World) -> None:
    for receiver in (ZERO, running.alice):
        with boa.reverts("Hosting: no such receiver"):
            running.hosting.transfer(FIRST_SITE, receiver, sender=running.alice)


def test_a_lapsed_service_can_be_handed_to_who_can_pay(running: World) -> None:
    running.run_dry(running.alice)
    running.buy(running.bob, DOLLAR)
    running.hosting.transfer(FIRST_SITE, running.bob, sender=running.alice)
    assert running.state(FIRST_SITE) == ACTIVE
    assert running.credits.account_of(running.alice)[2] == 0
