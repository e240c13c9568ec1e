"""`Credits.set_buying`: the pauser stops what brings money in, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import boa
import pytest

from tests.contracts.cast import ETHER, ROLES, Cast, reference
from tests.contracts.world import CREDIT, DAY, DOLLAR, PAUSER, ROOT, World, event, load

Move = Callable[[Cast], object]
LATE = 2**256 - 1  # a permit's deadline

BUYING: dict[str, Move] = {
    "buy": lambda cast: cast.credits.buy(DOLLAR, cast.alice, sender=cast.alice),
    "buy_with_permit": lambda cast: cast.credits.buy_with_permit(
        DOLLAR, cast.alice, LATE, 27, bytes(32), bytes(32), sender=cast.alice
    ),
    "buy_with_ether": lambda cast: cast.credits.buy_with_ether(
        cast.alice, 0, value=ETHER // 1_000, sender=cast.alice
    ),
}
ALL_ELSE: dict[str, Move] = {
    "refund": lambda cast: cast.credits.refund(CREDIT, cast.bob, sender=cast.alice),
    "set_limit": lambda cast: cast.credits.set_limit(5, sender=cast.alice),
    "settle": lambda cast: cast.settle((cast.alice, 100)),
    "spend": lambda cast: cast.credits.spend(cast.alice, 1, reference(9), sender=cast.meter),
    "raise": lambda cast: cast.credits.adjust_rate(cast.alice, 1, sender=cast.meter),
    "lower": lambda cast: cast.credits.adjust_rate(cast.alice, -1, sender=cast.meter),
    "start": lambda cast: cast.start(cast.alice),
    "grant": lambda cast: cast.grant(cast.alice, CREDIT, 2),
    "freeze": lambda cast: cast.credits.freeze(reference(1), sender=cast.granter),
    "forfeit": lambda cast: cast.credits.forfeit(reference(1), sender=cast.granter),
    "add_float": lambda cast: cast.add_float(1),
    "withdraw_float": lambda cast: cast.credits.withdraw_float(CREDIT, cast.admin),
    "withdraw_ether": lambda cast: cast.credits.withdraw_ether(1, cast.admin),
    "withdraw_earned": lambda cast: cast.credits.withdraw_earned(CREDIT, cast.admin),
}


@pytest.fixture
def cast(world: World) -> Cast:
    """Every move can be made by itself: there is credit of each kind, float, ether and earned."""
    cast = Cast.of(world)
    cast.mint(cast.alice, 100)
    boa.env.set_balance(cast.alice, ETHER)
    cast.add_float(1_000)
    feed = load(ROOT / "contracts" / "testing" / "TestFeed.vy", 2_500 * 10**8)
    cast.credits.set_feed(feed, DAY)
    cast.buy(cast.alice, 10 * DOLLAR)
    cast.usd.approve(cast.credits, 2**255, sender=cast.alice)
    BUYING["buy_with_ether"](cast)
    cast.credits.spend(cast.alice, CREDIT, reference(9), sender=cast.meter)
    cast.credits.adjust_rate(cast.alice, 5, sender=cast.meter)
    cast.grant(cast.alice, CREDIT)
    return cast


@pytest.mark.parametrize("name", BUYING)
def test_while_it_is_stopped__nothing_is_bought_and_then_again(cast: Cast, name: str) -> None:
    before = cast.credits.word_of(cast.alice)
    cast.credits.set_buying(False, sender=cast.pauser)
    with boa.reverts("Credits: buying is paused"):
        BUYING[name](cast)
    assert cast.credits.word_of(cast.alice) == before
    assert cast.held() == cast.reserve(cast.alice)
    cast.credits.set_buying(True, sender=cast.pauser)
    BUYING[name](cast)
    assert cast.credits.word_of(cast.alice) != before


@pytest.mark.parametrize("name", ALL_ELSE)
def test_while_it_is_stopped__all_else_goes_on(cast: Cast, name: str) -> None:
    cast.credits.set_buying(False, sender=cast.pauser)
    ALL_ELSE[name](cast)
    assert cast.held() == cast.reserve(cast.alice)


def test_while_it_is_stopped__all_paid_credit_can_go_out(cast: Cast) -> None:
    cast.credits.set_buying(False, sender=cast.pauser)
    cast.credits.adjust_rate(cast.alice, -5, sender=cast.meter)
    cast.credits.set_limit(0, sender=cast.alice)
    cast.pass_time(DAY)
    paid = cast.credits.account_of(cast.alice)[0]
    assert cast.credits.refundable_of(cast.alice) == paid > 0
    cast.credits.refund(paid, cast.bob, sender=cast.alice)
    assert cast.credits.account_of(cast.alice)[0] == 0


def test_while_it_is_stopped__a_frozen_grant_can_be_given_back(cast: Cast) -> None:
    cast.credits.freeze(reference(1), sender=cast.granter)
    cast.credits.set_buying(False, sender=cast.pauser)
    cast.credits.unfreeze(reference(1), sender=cast.granter)
    assert cast.credits.account_of(cast.alice)[1] == CREDIT


def test_buying_is_open_from_the_start_and_each_change_is_told(cast: Cast) -> None:
    assert cast.credits.buying() is True
    for is_open in (False, False, True, True):
        cast.credits.set_buying(is_open, sender=cast.pauser)
        assert event(cast.credits, "BuyingSet").open is is_open
        assert cast.credits.buying() is is_open


@pytest.mark.parametrize("roles", [0, *(r for r in ROLES if r != PAUSER), sum(ROLES) - PAUSER])
def test_without_the_pausers_role__is_refused(cast: Cast, roles: int) -> None:
    cast.credits.set_roles(cast.bob, roles)
    for stranger in (cast.bob, cast.admin, cast.alice):
        for is_open in (True, False):
            with boa.reverts("Roles: missing role"):
                cast.credits.set_buying(is_open, sender=stranger)
    assert cast.credits.buying() is True
