"""Credits over assets that misbehave: the reserve holds, or nothing happens at all."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.contracts.world import CREDIT, DOLLAR, GRACE, HERE, ZERO, World, deploy_credits, load

PLENTY = 10**12  # base units
Bank = tuple[Any, Any]  # the token and Credits over it


def over(name: str, account: str, *arguments: Any) -> Bank:
    """Credits over a hostile token, of which the account has plenty."""
    token = load(HERE / "tokens" / f"{name}.vy", *arguments)
    token.mint(account, PLENTY)
    return token, deploy_credits(token)


def test_a_token_that_keeps_a_fee__is_refused_at_the_door(world: World) -> None:
    token, bank = over("FeeToken", world.alice)
    with boa.reverts("Credits: transfer fell short"):
        bank.buy(DOLLAR, world.alice, sender=world.alice)
    assert token.balanceOf(bank) == 0 == bank.balance_of(world.alice)


def test_a_token_that_says_false__gives_no_credit(world: World) -> None:
    token, bank = over("FalseToken", world.alice)
    token.refuse(True)
    with boa.reverts("Credits: transfer failed"):
        bank.buy(DOLLAR, world.alice, sender=world.alice)
    assert bank.balance_of(world.alice) == 0


def test_a_refund_that_the_token_refuses__takes_no_credit(world: World) -> None:
    token, bank = over("FalseToken", world.alice)
    bank.buy(10 * DOLLAR, world.alice, sender=world.alice)
    token.refuse(True)
    with boa.reverts("Credits: transfer failed"):
        bank.refund(CREDIT, world.alice, sender=world.alice)
    assert bank.balance_of(world.alice) == 10 * CREDIT
    token.refuse(False)
    bank.refund(CREDIT, world.alice, sender=world.alice)
    assert token.balanceOf(world.alice) == PLENTY - 9 * DOLLAR


@pytest.mark.parametrize("decimals", [0, 2, 6, 9])
def test_a_token_that_returns_nothing_and_has_any_decimals__works(
    world: World, decimals: int
) -> None:
    token, bank = over("NoReturnToken", world.alice, decimals)
    whole = 10**decimals
    assert bank.buy(10 * whole, world.alice, sender=world.alice) == 10 * CREDIT
    bank.refund(9 * CREDIT, world.bob, sender=world.alice)
    assert token.balanceOf(world.bob) == 9 * whole
    assert token.balanceOf(bank) == whole
    assert bank.refundable_of(world.alice) == 0


@pytest.mark.parametrize("decimals", [10, 18, 255])
def test_a_token_of_more_than_nine_decimals__is_refused(world: World, decimals: int) -> None:
    token = load(HERE / "tokens" / "NoReturnToken.vy", decimals)
    with boa.reverts("Credits: too many decimals"):
        deploy_credits(token)


def test_a_grace_period_beyond_all_times__is_refused(world: World) -> None:
    with boa.reverts("Credits: grace too long"):
        deploy_credits(world.usd, grace=2**31)
    deploy_credits(world.usd, grace=2**31 - 1)


MOVES = ("buy", "buy_with_permit", "refund", "withdraw_earned")


@pytest.mark.parametrize("attack", MOVES)
@pytest.mark.parametrize("moment", MOVES)
def test_money_cannot_move_in_the_middle_of_money_moving(
    world: World, attack: str, moment: str
) -> None:
    token, bank = over("ReentrantToken", world.alice)
    attacker = str(token.address)
    token.mint(token, PLENTY)
    for who in (world.alice, attacker):
        bank.buy(10 * DOLLAR, who, sender=who)
    bank.set_meter(world.meter, True)
    bank.adjust_rate(world.alice, 1_000, sender=world.meter)
    world.pass_time(10)
    bank.adjust_rate(world.alice, -1_000, sender=world.meter)
    bank.propose_admin(token)  # the attacker may even be the admin
    bank.accept_admin(sender=attacker)
    arguments = {
        "buy": (DOLLAR, world.alice),
        "buy_with_permit": (DOLLAR, world.alice, 0, 27, bytes(32), bytes(32)),
        "refund": (CREDIT, world.bob),
        "withdraw_earned": (1_000, world.bob),
    }
    getattr(bank, attack)(*arguments[attack], sender=attacker)  # by itself it is allowed
    token.call_back(bank, getattr(bank, attack).prepare_calldata(*arguments[attack]))
    before = token.balanceOf(bank)
    with boa.reverts():
        getattr(bank, moment)(*arguments[moment], sender=attacker)
    assert token.balanceOf(bank) == before
    token.call_back(ZERO, b"")
    getattr(bank, moment)(*arguments[moment], sender=attacker)


def test_a_rate_that_changes_in_the_middle_of_a_purchase__is_not_lost(world: World) -> None:
    token, bank = over("ReentrantToken", world.alice)
    bank.set_meter(token, True)
    bank.buy(DOLLAR, world.alice, sender=world.alice)
    token.call_back(bank, bank.adjust_rate.prepare_calldata(world.alice, 500))
    bank.buy(DOLLAR, world.alice, sender=world.alice)
    assert bank.account_of(world.alice)[:3] == (2 * CREDIT, 0, 500)


def test_a_donation_in_the_middle_of_a_purchase__does_not_stand_in_its_way(world: World) -> None:
    token, bank = over("ReentrantToken", world.alice)
    token.call_back(token, token.mint.prepare_calldata(bank.address, 1))
    bank.buy(DOLLAR, world.alice, sender=world.alice)
    assert bank.balance_of(world.alice) == CREDIT
    assert token.balanceOf(bank) == DOLLAR + 1


def test_grace_is_what_was_deployed(world: World) -> None:
    assert deploy_credits(world.usd, grace=5).GRACE() == 5
    assert deploy_credits(world.usd).GRACE() == GRACE
