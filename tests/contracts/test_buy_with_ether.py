"""`Credits.buy_with_ether`: credit for ether, at the feed's price, from the operator's float."""

from __future__ import annotations

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.cast import ETHER, Cast
from tests.contracts.effort import effort
from tests.contracts.sale import (
    ANSWER,
    FLOAT,
    PRICE,
    WEI_A_NANO,
    buy,
    ether,
    feed,
    opened,
)
from tests.contracts.world import (
    CREDIT,
    DOLLAR,
    GRACE,
    SCALE,
    ZERO,
    World,
    event,
)

ANSWERS = st.one_of(
    st.sampled_from([1, ANSWER, 2**96 - 1]), st.integers(1, 10**12), st.integers(1, 2**96 - 1)
)
WEI = st.one_of(st.sampled_from([0, 1, ETHER]), st.integers(0, 10 * ETHER))


@pytest.fixture
def cast(world: World) -> Cast:
    return opened(world)


def test_the_account_has_the_credit_that_the_feed_says_and_the_ether_stays(cast: Cast) -> None:
    assert buy(cast, 2 * ETHER) == 2 * PRICE * CREDIT
    assert cast.credits.account_of(cast.alice)[:2] == (2 * PRICE * CREDIT, 0)
    assert ether(cast) == 2 * ETHER
    assert cast.credits.float() == (FLOAT - 2 * PRICE) * CREDIT
    assert cast.held() == FLOAT * CREDIT == cast.reserve(cast.alice)


def test_anyone_can_top_up_anyone(cast: Cast) -> None:
    buy(cast, ETHER, account=cast.bob)
    assert cast.credits.balance_of(cast.bob) == PRICE * CREDIT
    assert cast.credits.balance_of(cast.alice) == 0


def test_what_was_bought_with_ether__is_refunded_as_the_asset(cast: Cast) -> None:
    buy(cast, ETHER)
    cast.credits.refund((PRICE - 1) * CREDIT, cast.alice, sender=cast.alice)
    assert cast.usd.balanceOf(cast.alice) == (PRICE - 1) * DOLLAR
    assert cast.held() == cast.reserve(cast.alice)


def test_the_events_hold_the_resulting_word_and_float(cast: Cast) -> None:
    buy(cast, ETHER, account=cast.bob)
    cast.credits.buy_with_ether(cast.bob, 0, value=2 * ETHER, sender=cast.alice)
    bought, sold = event(cast.credits, "Bought"), event(cast.credits, "EtherSold")
    assert (bought.account, bought.buyer) == (cast.bob, cast.alice)
    assert bought.amount == sold.amount == 2 * PRICE * CREDIT
    assert bought.word == cast.credits.word_of(cast.bob)
    assert (sold.account, sold.wei_amount, sold.price) == (cast.bob, 2 * ETHER, PRICE * CREDIT)
    assert sold.float == cast.credits.float() == (FLOAT - 3 * PRICE) * CREDIT
    assert sold.wei_held == ether(cast) == 3 * ETHER


def test_less_ether_than_a_nano_credit_costs__is_rounded_down_and_kept(cast: Cast) -> None:
    assert buy(cast, 2 * WEI_A_NANO - 1) == 1
    assert buy(cast, 2 * WEI_A_NANO) == 2
    assert ether(cast) == 4 * WEI_A_NANO - 1


@pytest.mark.parametrize("wei", [0, 1, WEI_A_NANO - 1])
def test_ether_that_buys_nothing__is_refused(cast: Cast, wei: int) -> None:
    with boa.reverts("Credits: nothing to buy"):
        buy(cast, wei)


def test_min_credits__can_be_met_exactly_and_not_missed_by_one(cast: Cast) -> None:
    assert buy(cast, ETHER, PRICE * CREDIT) == PRICE * CREDIT
    with boa.reverts("Credits: below min_credits"):
        buy(cast, ETHER, PRICE * CREDIT + 1)


def test_for_nobody__is_refused(cast: Cast) -> None:
    with boa.reverts("Credits: buy for nobody"):
        buy(cast, ETHER, account=ZERO)


def test_while_buying_is_paused__is_refused(cast: Cast) -> None:
    cast.credits.set_buying(False, sender=cast.pauser)
    with boa.reverts("Credits: buying is paused"):
        buy(cast, ETHER)
    assert ether(cast) == 0


def test_a_word_that_is_full__takes_neither_ether_nor_float(cast: Cast) -> None:
    cast.buy(cast.bob, (2**60 - 1) // SCALE)
    room = 2**60 - 1 - int(cast.credits.balance_of(cast.bob))
    with boa.reverts("Credits: paid too large"):
        buy(cast, (room + 1) * WEI_A_NANO, account=cast.bob)
    assert (ether(cast), cast.credits.float()) == (0, FLOAT * CREDIT)
    buy(cast, room * WEI_A_NANO, account=cast.bob)
    assert cast.credits.balance_of(cast.bob) == 2**60 - 1


@pytest.mark.parametrize(("late", "epoch"), [(GRACE - 1, 0), (GRACE, 1)])
def test_a_dry_account__streams_again_within_grace_and_has_ended_after_it(
    cast: Cast, late: int, epoch: int
) -> None:
    cast.buy(cast.bob, DOLLAR)
    cast.credits.adjust_rate(cast.bob, CREDIT // 10, sender=cast.meter)
    cast.run_dry(cast.bob)
    cast.pass_time(late)
    buy(cast, ETHER, account=cast.bob)
    assert cast.credits.epoch_of(cast.bob) == epoch
    rate = 0 if epoch else CREDIT // 10
    assert cast.credits.account_of(cast.bob)[:4] == (PRICE * CREDIT, 0, rate, cast.now)


def test_ether_sent_without_a_call_or_with_another__is_refused(cast: Cast) -> None:
    calls = (b"", cast.credits.buy.prepare_calldata(DOLLAR, cast.alice))
    cast.mint(cast.alice)
    for data in calls:
        done = boa.env.execute_code(cast.credits.address, sender=cast.alice, value=1, data=data)
        assert done.is_error
    assert ether(cast) == 0


def test_the_whole_float_can_be_sold_and_not_one_nano_credit_more(cast: Cast) -> None:
    wei = FLOAT * ETHER // PRICE
    with boa.reverts("Credits: float is short"):
        buy(cast, wei + WEI_A_NANO)
    buy(cast, wei)
    assert cast.credits.float() == 0
    with boa.reverts("Credits: float is short"):
        buy(cast, WEI_A_NANO)


@given(answer=ANSWERS, decimals=st.integers(0, 18), wei=WEI, dollars=st.integers(1, 10**6))
@effort(60)
def test_at_any_price__credit_is_the_ether_times_the_price_rounded_down_from_the_float(
    world: World, answer: int, decimals: int, wei: int, dollars: int
) -> None:
    with boa.env.anchor():
        cast = Cast.of(world)
        boa.env.set_balance(cast.alice, 2**100)
        cast.add_float(dollars)
        feed(cast, decimals, answer)
        credit = wei * (answer * CREDIT // 10**decimals) // ETHER
        assert cast.credits.credits_for(wei) == credit
        if credit == 0:
            with boa.reverts("Credits: nothing to buy"):
                buy(cast, wei)
        elif credit > dollars * CREDIT:
            with boa.reverts("Credits: float is short"):
                buy(cast, wei)
        else:
            assert buy(cast, wei, credit) == credit
            assert cast.credits.balance_of(cast.alice) == credit
            assert cast.credits.float() == dollars * CREDIT - credit
            assert ether(cast) == wei
        assert cast.held() == cast.reserve(cast.alice) == dollars * CREDIT
