"""`Credits.set_feed`: which answers of a price feed count, and which are refused."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.cast import ETHER, ROLES, Cast, harness
from tests.contracts.sale import (
    ANSWER,
    MAX_AGE,
    PRICE,
    buy,
    feed,
    opened,
)
from tests.contracts.world import (
    CREDIT,
    DAY,
    ZERO,
    World,
    event,
)


@pytest.fixture
def cast(world: World) -> Cast:
    return opened(world)


def test_without_a_feed__is_refused(cast: Cast) -> None:
    cast.credits.set_feed(ZERO, MAX_AGE)
    with boa.reverts("Credits: no price feed"):
        buy(cast, ETHER)
    with boa.reverts("Credits: no price feed"):
        cast.credits.credits_for(ETHER)


def test_an_answer_as_old_as_max_age__counts_and_a_second_later_it_is_stale(cast: Cast) -> None:
    feed(cast, age=MAX_AGE)
    assert buy(cast, ETHER) == PRICE * CREDIT
    cast.pass_time(1)
    with boa.reverts("Credits: price is stale"):
        buy(cast, ETHER)


def test_a_max_age_of_nothing__takes_only_answers_of_this_second(cast: Cast) -> None:
    told = harness("AnyFeed", 8, ANSWER, cast.now)
    cast.credits.set_feed(told, 0)
    assert buy(cast, ETHER) == PRICE * CREDIT
    cast.pass_time(1)
    with boa.reverts("Credits: price is stale"):
        buy(cast, ETHER)


def test_the_longest_max_age__takes_an_answer_of_any_past_and_none_of_the_future(
    cast: Cast,
) -> None:
    told = harness("AnyFeed", 8, ANSWER, 1)
    cast.credits.set_feed(told, 2**256 - 1)
    assert buy(cast, ETHER) == PRICE * CREDIT
    told.say(ANSWER, cast.now + 1)
    with boa.reverts("Credits: price of the future"):
        buy(cast, ETHER)


@pytest.mark.parametrize("ahead", [1, DAY, 2**255])
def test_an_answer_of_the_future__is_refused(cast: Cast, ahead: int) -> None:
    feed(cast).say(ANSWER, cast.now + ahead)
    with boa.reverts("Credits: price of the future"):
        buy(cast, ETHER)


def test_a_round_that_never_came_to_an_answer__is_refused(cast: Cast) -> None:
    feed(cast).say(ANSWER, 0)
    with boa.reverts("Credits: no price"):
        buy(cast, ETHER)


@pytest.mark.parametrize("answer", [0, -1, -ANSWER, -(2**255)])
def test_an_answer_that_is_no_price__is_refused(cast: Cast, answer: int) -> None:
    feed(cast, answer=answer)
    with boa.reverts("Credits: no price"):
        buy(cast, ETHER)


@pytest.mark.parametrize("answer", [2**96, 2**128, 2**255 - 1])
def test_a_huge_answer__is_refused_with_a_reason(cast: Cast, answer: int) -> None:
    feed(cast, answer=answer)
    for ask in (lambda: buy(cast, 1), lambda: cast.credits.credits_for(1)):
        with boa.reverts("Credits: price too large"):
            ask()


@pytest.mark.parametrize("decimals", [0, 18])
def test_the_largest_answer__is_a_price_like_any_other(cast: Cast, decimals: int) -> None:
    feed(cast, decimals, 2**96 - 1)
    price = (2**96 - 1) * CREDIT // 10**decimals
    assert cast.credits.credits_for(ETHER) == price
    with boa.reverts("Credits: float is short"):
        buy(cast, ETHER)


@pytest.mark.parametrize("decimals", range(19))
def test_a_feed_of_any_decimals_up_to_eighteen__says_the_same_price(
    cast: Cast, decimals: int
) -> None:
    feed(cast, decimals, PRICE * 10**decimals)
    assert buy(cast, ETHER) == PRICE * CREDIT


@pytest.mark.parametrize("decimals", [19, 255])
def test_a_feed_of_more_decimals__is_refused_and_the_old_one_stays(
    cast: Cast, decimals: int
) -> None:
    before = cast.credits.feed()
    with boa.reverts("Credits: too many decimals"):
        feed(cast, decimals)
    assert cast.credits.feed() == before
    assert buy(cast, ETHER) == PRICE * CREDIT


def test_a_price_below_a_nano_credit__buys_nothing(cast: Cast) -> None:
    feed(cast, 18, CREDIT - 1)
    with boa.reverts("Credits: nothing to buy"):
        buy(cast, 1_000 * ETHER)
    feed(cast, 18, CREDIT)
    assert buy(cast, 1_000 * ETHER) == 1_000


def test_a_new_answer__counts_at_once(cast: Cast) -> None:
    told = feed(cast)
    told.say(ANSWER // 2, cast.now)
    assert cast.credits.credits_for(ETHER) == buy(cast, ETHER) == PRICE * CREDIT // 2


def test_what_is_no_feed__cannot_become_one(cast: Cast) -> None:
    for nonsense in (cast.bob, cast.hosting):
        with boa.reverts():
            cast.credits.set_feed(nonsense, MAX_AGE)


def test_only_the_admin_sets_the_feed_and_it_is_told(cast: Cast) -> None:
    cast.credits.set_roles(cast.bob, sum(ROLES))
    told = cast.credits.feed()
    with boa.reverts("Roles: not the admin"):
        cast.credits.set_feed(told, 1, sender=cast.bob)
    cast.credits.set_feed(told, 77)
    feed_set = event(cast.credits, "FeedSet")
    assert (feed_set.feed, feed_set.max_age) == (told, 77)
    assert (cast.credits.feed(), cast.credits.feed_max_age()) == (told, 77)
