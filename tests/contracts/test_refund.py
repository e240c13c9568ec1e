"""`Credits.refund`: paid credit goes out again, but for what the day's limit can still charge."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.world import CREDIT, DAY, DOLLAR, SCALE, SITE_RATE, ZERO, World, event


@pytest.fixture
def funded(world: World) -> World:
    world.buy(world.alice, 10 * DOLLAR)
    return world


def test_a_fresh_account_gets_all_but_one_credit(funded: World) -> None:
    assert funded.credits.refundable_of(funded.alice) == 9 * CREDIT
    funded.credits.refund(9 * CREDIT, funded.bob, sender=funded.alice)
    assert funded.usd.balanceOf(funded.bob) == 9 * DOLLAR
    assert funded.credits.balance_of(funded.alice) == CREDIT
    assert funded.credits.refundable_of(funded.alice) == 0


def test_one_base_unit_more_than_refundable__is_refused(funded: World) -> None:
    with boa.reverts("Credits: limit still chargeable"):
        funded.credits.refund(9 * CREDIT + SCALE, funded.alice, sender=funded.alice)


def test_all_goes_out_on_the_day_after_the_limit_was_set_to_nothing(funded: World) -> None:
    funded.credits.set_limit(0, sender=funded.alice)
    with boa.reverts("Credits: limit still chargeable"):
        funded.credits.refund(10 * CREDIT, funded.alice, sender=funded.alice)
    funded.pass_time(DAY // 2)  # midnight
    funded.credits.refund(10 * CREDIT, funded.alice, sender=funded.alice)
    assert funded.credits.balance_of(funded.alice) == 0
    assert funded.usd.balanceOf(funded.credits) == 0


def test_the_last_second_of_the_day_is_still_the_day(funded: World) -> None:
    funded.credits.set_limit(0, sender=funded.alice)
    funded.pass_time(DAY // 2 - 1)
    assert funded.credits.refundable_of(funded.alice) == 9 * CREDIT
    funded.pass_time(1)
    assert funded.credits.refundable_of(funded.alice) == 10 * CREDIT


def test_a_raised_limit_keeps_more_at_once(funded: World) -> None:
    funded.credits.set_limit(4 * 10**6, sender=funded.alice)
    assert funded.credits.refundable_of(funded.alice) == 6 * CREDIT


def test_what_streamed_away__is_not_paid_out(funded: World) -> None:
    funded.start(funded.alice)
    funded.pass_time(3_600)
    burned = 3_600 * SITE_RATE
    assert funded.credits.refundable_of(funded.alice) == 9 * CREDIT - burned
    with boa.reverts("Credits: limit still chargeable"):
        funded.credits.refund(9 * CREDIT, funded.alice, sender=funded.alice)


def test_refundable_is_what_whole_base_units_can_be_paid_out(funded: World) -> None:
    funded.credits.adjust_rate(funded.alice, 1, sender=funded.meter)
    funded.pass_time(1)
    assert funded.credits.refundable_of(funded.alice) == 9 * CREDIT - SCALE
    funded.credits.refund(9 * CREDIT - SCALE, funded.alice, sender=funded.alice)
    assert funded.credits.balance_of(funded.alice) == CREDIT + SCALE - 1


def test_the_event_holds_the_resulting_word(funded: World) -> None:
    funded.credits.refund(CREDIT, funded.bob, sender=funded.alice)
    refunded = event(funded.credits, "Refunded")
    assert (refunded.account, refunded.to, refunded.amount) == (
        funded.alice,
        funded.bob,
        CREDIT,
    )
    assert refunded.word & (2**60 - 1) == 9 * CREDIT


def test_more_than_there_is__is_refused(funded: World) -> None:
    with boa.reverts("Credits: more than paid credit"):
        funded.credits.refund(10 * CREDIT + SCALE, funded.alice, sender=funded.alice)


def test_of_someone_without_credit__is_refused(funded: World) -> None:
    with boa.reverts("Credits: more than paid credit"):
        funded.credits.refund(CREDIT, funded.bob, sender=funded.bob)


def test_a_part_of_a_base_unit__is_refused(funded: World) -> None:
    with boa.reverts("Credits: not whole asset units"):
        funded.credits.refund(SCALE + 1, funded.alice, sender=funded.alice)


def test_nothing__is_refused(funded: World) -> None:
    with boa.reverts("Credits: nothing to pay out"):
        funded.credits.refund(0, funded.alice, sender=funded.alice)


def test_to_nobody_or_back_into_credits__is_refused(funded: World) -> None:
    for receiver in (ZERO, funded.credits):
        with boa.reverts("Credits: no such receiver"):
            funded.credits.refund(CREDIT, receiver, sender=funded.alice)


def test_no_role_can_keep_it_in(funded: World) -> None:
    funded.credits.set_meter(funded.hosting, False)
    funded.credits.set_roles(funded.admin, 0)
    funded.credits.refund(9 * CREDIT, funded.alice, sender=funded.alice)
    assert funded.usd.balanceOf(funded.alice) == 9 * DOLLAR
