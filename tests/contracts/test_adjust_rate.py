"""`Credits.adjust_rate` and `set_meter`: what streams, and who may change it."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.world import CREDIT, DAY, DOLLAR, SCALE, World, event

NEVER = 2**256 - 1


def rate(world: World) -> int:
    return int(world.credits.account_of(world.alice)[2])


@pytest.fixture
def funded(world: World) -> World:
    world.buy(world.alice, 10 * DOLLAR)
    return world


def test_a_rate_adds_up_and_streams_by_the_second(funded: World) -> None:
    for delta in (300, 200):
        funded.credits.adjust_rate(funded.alice, delta, sender=funded.meter)
    funded.pass_time(7)
    assert rate(funded) == 500
    assert funded.credits.balance_of(funded.alice) == 10 * CREDIT - 7 * 500


def test_a_lowered_rate_counts_from_now_on(funded: World) -> None:
    funded.credits.adjust_rate(funded.alice, 500, sender=funded.meter)
    funded.pass_time(10)
    funded.credits.adjust_rate(funded.alice, -400, sender=funded.meter)
    funded.pass_time(10)
    assert funded.credits.balance_of(funded.alice) == 10 * CREDIT - 10 * 500 - 10 * 100


def test_what_streamed_is_earned_at_the_next_touch(funded: World) -> None:
    funded.credits.adjust_rate(funded.alice, 500, sender=funded.meter)
    funded.pass_time(10)
    assert funded.credits.earned() == 0
    funded.credits.adjust_rate(funded.alice, -500, sender=funded.meter)
    assert funded.credits.earned() == 5_000
    assert funded.credits.depletes_at(funded.alice) == NEVER


def test_the_event_holds_the_resulting_word(funded: World) -> None:
    funded.credits.adjust_rate(funded.alice, 500, sender=funded.meter)
    adjusted = event(funded.credits, "RateAdjusted")
    assert (adjusted.account, adjusted.meter, adjusted.delta) == (
        funded.alice,
        funded.meter,
        500,
    )
    assert (adjusted.word >> 112) & (2**36 - 1) == 500
    assert (adjusted.word >> 148) & (2**32 - 1) == funded.now


@pytest.mark.parametrize("delta", [0, 1])
def test_without_credit__nothing_starts_to_stream(world: World, delta: int) -> None:
    with boa.reverts("Credits: no credit"):
        world.credits.adjust_rate(world.alice, delta, sender=world.meter)


def test_a_dry_account_in_grace_can_lower_but_not_raise(funded: World) -> None:
    funded.credits.adjust_rate(funded.alice, CREDIT, sender=funded.meter)
    dry_at = funded.run_dry(funded.alice)
    funded.pass_time(DAY)
    with boa.reverts("Credits: no credit"):
        funded.credits.adjust_rate(funded.alice, 1, sender=funded.meter)
    funded.credits.adjust_rate(funded.alice, -1, sender=funded.meter)
    assert funded.credits.depletes_at(funded.alice) == dry_at


def test_a_dry_account_whose_rate_goes_to_zero_is_no_longer_dry(funded: World) -> None:
    funded.credits.adjust_rate(funded.alice, CREDIT, sender=funded.meter)
    funded.run_dry(funded.alice)
    funded.pass_time(DAY)
    funded.credits.adjust_rate(funded.alice, -CREDIT, sender=funded.meter)
    word = event(funded.credits, "RateAdjusted").word
    assert (word >> 148) & (2**32 - 1) == funded.now
    funded.pass_time(30 * DAY)
    assert funded.credits.epoch_of(funded.alice) == 0
    assert funded.credits.depletes_at(funded.alice) == NEVER


def test_below_zero__is_refused(funded: World) -> None:
    funded.credits.adjust_rate(funded.alice, 5, sender=funded.meter)
    with boa.reverts("Credits: more than it started"):
        funded.credits.adjust_rate(funded.alice, -6, sender=funded.meter)


def test_beyond_the_word__is_refused(funded: World) -> None:
    funded.credits.adjust_rate(funded.alice, 2**36 - 1, sender=funded.meter)
    with boa.reverts("Credits: rate too large"):
        funded.credits.adjust_rate(funded.alice, 1, sender=funded.meter)


def test_a_stranger__is_refused(funded: World) -> None:
    for stranger in (funded.alice, funded.admin):
        with boa.reverts("Credits: not a meter"):
            funded.credits.adjust_rate(funded.alice, 1, sender=stranger)


def test_a_meter_that_was_taken_off_may_lower_and_not_raise(funded: World) -> None:
    funded.credits.adjust_rate(funded.alice, 5, sender=funded.meter)
    funded.credits.set_meter(funded.meter, False)
    for delta in (0, 1):
        with boa.reverts("Credits: not a meter"):
            funded.credits.adjust_rate(funded.alice, delta, sender=funded.meter)
    funded.credits.adjust_rate(funded.alice, -5, sender=funded.meter)
    assert rate(funded) == 0


def test_taking_off_what_was_never_a_meter__lets_it_do_nothing(funded: World) -> None:
    funded.credits.adjust_rate(funded.alice, 5, sender=funded.meter)
    with boa.reverts("Credits: not a meter"):
        funded.credits.set_meter(funded.bob, False)
    with boa.reverts("Credits: not a meter"):
        funded.credits.adjust_rate(funded.alice, -5, sender=funded.bob)


def test_users_can_stop_what_runs_after_hosting_was_taken_off(funded: World) -> None:
    service = funded.start(funded.alice)
    funded.credits.set_meter(funded.hosting, False)
    funded.hosting.stop(service, sender=funded.alice)
    assert rate(funded) == 0


def test_set_meter__tells_by_an_event(world: World) -> None:
    for registered in (True, False):
        world.credits.set_meter(world.bob, registered)
        meter_set = event(world.credits, "MeterSet")
        assert (meter_set.meter, meter_set.registered) == (world.bob, registered)
        assert meter_set.counts_at == world.now
        assert world.credits.meter_of(world.bob) == (registered, world.now)


def test_the_stream_takes_the_last_nano_credit(world: World) -> None:
    world.buy(world.alice, 1)
    world.credits.adjust_rate(world.alice, SCALE - 1, sender=world.meter)
    assert world.credits.depletes_at(world.alice) == world.now + 2
    world.pass_time(1)
    assert world.credits.balance_of(world.alice) == 1
    world.pass_time(1)
    assert world.credits.balance_of(world.alice) == 0
