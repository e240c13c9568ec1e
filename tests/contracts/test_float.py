"""`Credits.add_float` and `withdraw_float`: the asset that ether is sold for."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.cast import ETHER, ROLES, Cast
from tests.contracts.sale import (
    FLOAT,
    WEI_A_NANO,
    buy,
    opened,
)
from tests.contracts.world import (
    CREDIT,
    DOLLAR,
    HERE,
    SCALE,
    ZERO,
    World,
    deploy_credits,
    event,
    load,
)


@pytest.fixture
def cast(world: World) -> Cast:
    return opened(world)


def test_anyone_gives_float_and_it_is_nobodys_credit(cast: Cast) -> None:
    cast.mint(cast.bob, 5)
    cast.credits.add_float(5 * DOLLAR, sender=cast.bob)
    changed = event(cast.credits, "FloatChanged")
    assert (changed.by, changed.delta) == (cast.bob, 5 * CREDIT)
    assert changed.float == cast.credits.float() == (FLOAT + 5) * CREDIT
    assert cast.credits.balance_of(cast.bob) == 0 == cast.credits.earned()
    assert cast.held() == cast.reserve()


def test_nothing_given__is_refused(cast: Cast) -> None:
    with boa.reverts("Credits: nothing to add"):
        cast.credits.add_float(0)


@pytest.mark.parametrize(
    ("token", "reason"),
    [("FeeToken", "Credits: transfer fell short"), ("FalseToken", "Credits: transfer failed")],
)
def test_float_that_does_not_arrive__is_not_counted(world: World, token: str, reason: str) -> None:
    asset = load(HERE / "tokens" / f"{token}.vy")
    bank = deploy_credits(asset)
    asset.mint(world.admin, 10 * DOLLAR)
    if token == "FalseToken":
        asset.refuse(True)
    with boa.reverts(reason):
        bank.add_float(DOLLAR)
    assert bank.float() == 0


def test_the_admin_takes_float_out_down_to_the_last_unit(cast: Cast) -> None:
    cast.buy(cast.alice, 3 * DOLLAR)
    cast.credits.withdraw_float(4 * CREDIT, cast.bob)
    changed = event(cast.credits, "FloatChanged")
    assert (changed.by, changed.delta) == (cast.admin, -4 * CREDIT)
    assert changed.float == cast.credits.float() == (FLOAT - 4) * CREDIT
    assert cast.usd.balanceOf(cast.bob) == 4 * DOLLAR
    cast.credits.withdraw_float((FLOAT - 4) * CREDIT, cast.bob)
    assert cast.credits.float() == 0
    assert cast.held() == cast.reserve(cast.alice) == 3 * CREDIT


@pytest.mark.parametrize("more", [FLOAT * CREDIT + SCALE, 2**255, 2**256 - 1])
def test_more_than_the_float__is_refused_whatever_else_is_held(cast: Cast, more: int) -> None:
    cast.buy(cast.alice, 3 * DOLLAR)
    with boa.reverts("Credits: more than the float"):
        cast.credits.withdraw_float(more, cast.bob)


@pytest.mark.parametrize(
    ("amount", "reason"),
    [(0, "Credits: nothing to pay out"), (SCALE + 1, "Credits: not whole asset units")],
)
def test_float_that_the_asset_cannot_pay__is_refused(cast: Cast, amount: int, reason: str) -> None:
    with boa.reverts(reason):
        cast.credits.withdraw_float(amount, cast.bob)


def test_float_to_nobody_or_back_into_credits__is_refused(cast: Cast) -> None:
    for receiver in (ZERO, cast.credits):
        with boa.reverts("Credits: no such receiver"):
            cast.credits.withdraw_float(CREDIT, receiver)


def test_a_part_of_a_unit_that_was_not_sold__stays_in_the_float(cast: Cast) -> None:
    buy(cast, WEI_A_NANO)
    assert cast.credits.float() == FLOAT * CREDIT - 1
    cast.credits.withdraw_float(FLOAT * CREDIT - SCALE, cast.bob)
    assert cast.credits.float() == SCALE - 1
    assert cast.held() == cast.reserve(cast.alice) == SCALE


@pytest.mark.parametrize("withdraw", ["withdraw_float", "withdraw_ether"])
def test_nobody_but_the_admin_takes_anything_out(cast: Cast, withdraw: str) -> None:
    buy(cast, ETHER)
    cast.credits.set_roles(cast.bob, sum(ROLES))
    for stranger in (cast.alice, cast.bob, cast.meter):
        with boa.reverts("Roles: not the admin"):
            getattr(cast.credits, withdraw)(CREDIT, stranger, sender=stranger)
