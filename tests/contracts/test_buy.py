"""`Credits.buy`: asset in, credit out, for anyone by anyone."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.world import CREDIT, DOLLAR, SCALE, ZERO, World, event


def test_the_asset_comes_in_and_the_account_has_as_much_credit(world: World) -> None:
    world.mint(world.alice, dollars=20)
    assert world.credits.buy(20 * DOLLAR, world.alice, sender=world.alice) == 20 * CREDIT
    assert world.credits.balance_of(world.alice) == 20 * CREDIT
    assert world.usd.balanceOf(world.alice) == 0
    assert world.usd.balanceOf(world.credits) == 20 * DOLLAR


def test_the_smallest_base_unit_buys_a_thousand_nano_credit(world: World) -> None:
    assert world.buy(world.alice, 1) == SCALE
    assert world.credits.balance_of(world.alice) == SCALE


def test_anyone_can_top_up_anyone(world: World) -> None:
    world.buy(world.alice, DOLLAR, buyer=world.bob)
    assert world.credits.balance_of(world.alice) == CREDIT
    assert world.credits.balance_of(world.bob) == 0


def test_the_event_names_buyer_and_account_and_holds_the_resulting_word(world: World) -> None:
    world.buy(world.alice, DOLLAR)
    world.buy(world.alice, DOLLAR, buyer=world.bob)
    bought = event(world.credits, "Bought")
    assert (bought.account, bought.buyer, bought.amount) == (world.alice, world.bob, CREDIT)
    assert bought.word & (2**60 - 1) == 2 * CREDIT


def test_nothing__is_refused(world: World) -> None:
    with boa.reverts("Credits: nothing to buy"):
        world.credits.buy(0, world.alice, sender=world.alice)


def test_for_nobody__is_refused(world: World) -> None:
    world.mint(world.alice)
    with boa.reverts("Credits: buy for nobody"):
        world.credits.buy(DOLLAR, ZERO, sender=world.alice)


def test_without_allowance__is_refused_by_the_token(world: World) -> None:
    world.usd.mint(world.alice, DOLLAR)
    with boa.reverts("TestUSD: allowance too low"):
        world.credits.buy(DOLLAR, world.alice, sender=world.alice)


def test_without_balance__is_refused_by_the_token(world: World) -> None:
    world.usd.approve(world.credits, DOLLAR, sender=world.alice)
    with boa.reverts("TestUSD: balance too low"):
        world.credits.buy(DOLLAR, world.alice, sender=world.alice)


def test_the_word_holds_up_to_its_bound_and_no_further(world: World) -> None:
    most = (2**60 - 1) // SCALE
    world.buy(world.alice, most)
    assert world.credits.balance_of(world.alice) == most * SCALE
    world.usd.mint(world.bob, 1)
    world.usd.approve(world.credits, 1, sender=world.bob)
    with boa.reverts("Credits: paid too large"):
        world.credits.buy(1, world.alice, sender=world.bob)


@pytest.mark.parametrize("amount", [2**60, 2**255])
def test_an_amount_beyond_every_word__is_refused_with_a_reason(world: World, amount: int) -> None:
    world.usd.mint(world.alice, amount)
    world.usd.approve(world.credits, amount, sender=world.alice)
    with boa.reverts("Credits: paid too large"):
        world.credits.buy(amount, world.alice, sender=world.alice)


def test_asset_sent_without_buying__is_nobodys_credit(world: World) -> None:
    world.mint(world.alice)
    world.usd.transfer(world.credits, DOLLAR, sender=world.alice)
    assert world.credits.balance_of(world.alice) == 0
    assert world.credits.earned() == 0
