"""No money moves in the middle of money moving: neither asset, nor float, nor ether."""

from __future__ import annotations

from typing import Any

import boa
import pytest

from tests.contracts.cast import ETHER, harness
from tests.contracts.sale import (
    ANSWER,
    MAX_AGE,
)
from tests.contracts.world import (
    CREDIT,
    DOLLAR,
    HERE,
    ZERO,
    World,
    deploy_credits,
    load,
)

MONEY = (
    "buy",
    "buy_with_permit",
    "buy_with_ether",
    "refund",
    "add_float",
    "withdraw_float",
    "withdraw_ether",
    "withdraw_earned",
)
TOKEN_MOVES = tuple(move for move in MONEY if not move.endswith("_ether"))


def attacked(world: World, attacker: Any, token: Any) -> tuple[Any, dict[str, tuple[Any, ...]]]:
    """Credits whose admin the attacker is, with all it takes for each call to work by itself."""
    bank = deploy_credits(token)
    who = str(attacker.address)
    token.mint(who, 10**12)
    boa.env.set_balance(who, 100 * ETHER)
    bank.set_feed(harness("AnyFeed", 8, ANSWER, world.now), MAX_AGE)
    bank.buy(10 * DOLLAR, who, sender=who)
    bank.add_float(10_000 * DOLLAR, sender=who)
    bank.buy_with_ether(who, 0, value=ETHER, sender=who)
    bank.set_meter(world.meter, True)
    bank.spend(who, CREDIT, bytes(32), sender=world.meter)
    bank.propose_admin(who)
    bank.accept_admin(sender=who)
    return bank, {
        "buy": (DOLLAR, world.alice),
        "buy_with_permit": (DOLLAR, world.alice, 0, 27, bytes(32), bytes(32)),
        "buy_with_ether": (world.alice, 0),
        "refund": (CREDIT, world.bob),
        "add_float": (DOLLAR,),
        "withdraw_float": (CREDIT, world.bob),
        "withdraw_ether": (1_000, who),
        "withdraw_earned": (1_000, world.bob),
    }


def value_of(move: str) -> int:
    """The wei that a call takes along."""
    return ETHER if move == "buy_with_ether" else 0


@pytest.mark.parametrize("attack", MONEY)
def test_money_cannot_move_in_the_middle_of_ether_going_out(world: World, attack: str) -> None:
    attacker = harness("EtherReceiver")
    token = load(HERE / "tokens" / "NoReturnToken.vy", 6)
    bank, arguments = attacked(world, attacker, token)
    who, wei = str(attacker.address), value_of(attack)
    with boa.env.anchor():  # by itself it is allowed
        getattr(bank, attack)(*arguments[attack], value=wei, sender=who)
    attacker.call_back(bank, getattr(bank, attack).prepare_calldata(*arguments[attack]), wei)
    before = (boa.env.get_balance(bank.address), token.balanceOf(bank))
    with boa.reverts():
        bank.withdraw_ether(1_000, attacker, sender=who)
    assert (boa.env.get_balance(bank.address), token.balanceOf(bank)) == before
    attacker.call_back(ZERO, b"", 0)
    bank.withdraw_ether(1_000, attacker, sender=who)


@pytest.mark.parametrize("attack", [m for m in MONEY if m not in ("buy_with_ether",)])
@pytest.mark.parametrize("moment", TOKEN_MOVES)
def test_neither_float_nor_ether_can_move_in_the_middle_of_asset_moving(
    world: World, attack: str, moment: str
) -> None:
    token = load(HERE / "tokens" / "ReentrantToken.vy")
    bank, arguments = attacked(world, token, token)
    who = str(token.address)
    arguments["withdraw_ether"] = (1_000, world.bob)
    with boa.env.anchor():
        getattr(bank, attack)(*arguments[attack], sender=who)
    token.call_back(bank, getattr(bank, attack).prepare_calldata(*arguments[attack]))
    before = (boa.env.get_balance(bank.address), token.balanceOf(bank), bank.float())
    with boa.reverts():
        getattr(bank, moment)(*arguments[moment], sender=who)
    after = (boa.env.get_balance(bank.address), token.balanceOf(bank), bank.float())
    assert after == before
    token.call_back(ZERO, b"")
    getattr(bank, moment)(*arguments[moment], sender=who)
