"""`Credits.withdraw_ether`: what credit was bought with goes to the operator, whole and once."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.cast import ETHER, Cast, harness
from tests.contracts.sale import (
    buy,
    ether,
    opened,
)
from tests.contracts.world import (
    ZERO,
    World,
    event,
)


@pytest.fixture
def cast(world: World) -> Cast:
    return opened(world)


def test_the_admin_takes_the_ether_out(cast: Cast) -> None:
    buy(cast, 2 * ETHER)
    cast.credits.withdraw_ether(ETHER // 2, cast.bob)
    withdrawn = event(cast.credits, "EtherWithdrawn")
    assert (withdrawn.to, withdrawn.amount) == (cast.bob, ETHER // 2)
    assert withdrawn.wei_held == ether(cast) == 3 * ETHER // 2
    assert boa.env.get_balance(cast.bob) == ETHER // 2
    cast.credits.withdraw_ether(3 * ETHER // 2, cast.bob)
    assert ether(cast) == 0


@pytest.mark.parametrize("amount", [0, ETHER + 1, 2**256 - 1])
def test_no_ether_or_more_than_there_is__is_refused(cast: Cast, amount: int) -> None:
    buy(cast, ETHER)
    with boa.reverts("Credits: more than the ether"):
        cast.credits.withdraw_ether(amount, cast.bob)


def test_ether_to_nobody_or_back_into_credits__is_refused(cast: Cast) -> None:
    buy(cast, ETHER)
    for receiver in (ZERO, cast.credits):
        with boa.reverts("Credits: no such receiver"):
            cast.credits.withdraw_ether(1, receiver)


def test_a_receiver_that_refuses_ether__gets_none_and_nothing_is_lost(cast: Cast) -> None:
    buy(cast, ETHER)
    receiver = harness("EtherReceiver")
    receiver.refuse(True)
    for refusing in (receiver, cast.usd):  # a token takes no ether either
        with boa.reverts():
            cast.credits.withdraw_ether(ETHER, refusing)
    assert ether(cast) == ETHER
    receiver.refuse(False)
    cast.credits.withdraw_ether(ETHER, receiver)
    assert boa.env.get_balance(receiver.address) == ETHER


def test_ether_that_was_forced_in__is_told_and_can_be_taken_out(cast: Cast) -> None:
    boa.env.set_balance(cast.credits.address, 5)
    cast.credits.buy_with_ether(cast.alice, 0, value=ETHER, sender=cast.alice)
    assert event(cast.credits, "EtherSold").wei_held == ETHER + 5
    cast.credits.withdraw_ether(ETHER + 5, cast.bob)
    assert ether(cast) == 0
    assert cast.held() == cast.reserve(cast.alice)
