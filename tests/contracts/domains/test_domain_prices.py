"""`price_of`, `set_prices` and the premium: what a name costs, and who is told before."""

from __future__ import annotations

import boa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.domains.registry import (
    MAX_AHEAD,
    MIN_DURATION,
    PREMIUM_DAYS,
    PRICES,
    SECRET,
    YEAR,
    Registry,
    cost,
    deploy_domains,
    premium,
)
from tests.contracts.effort import effort
from tests.contracts.world import CREDIT, DAY, event

LABEL = "alice-blog"
NOTICE = 2 * DAY
NEW = (7 * CREDIT, 6 * CREDIT, 10 * CREDIT)


@pytest.mark.parametrize(
    ("label", "duration", "price"),
    [
        ("abc", YEAR, 640 * CREDIT),
        ("abcd", YEAR, 160 * CREDIT),
        ("abcde", YEAR, 5 * CREDIT),
        ("a" * 63, YEAR, 5 * CREDIT),
        ("abcde", 3 * YEAR, 15 * CREDIT),
        ("abcde", MIN_DURATION, 383_561_644),  # 28/365 of 5 credits is 383,561,643.8
        ("abcde", YEAR + 1, 5_000_000_159),  # a second is 158.5 nano
    ],
)
def test_a_price_by_length_and_time_rounded_up(
    registry: Registry, label: str, duration: int, price: int
) -> None:
    assert registry.domains.price_of(label, duration) == price == cost(label, duration)


@effort(examples=60)
@given(
    length=st.integers(3, 63),
    duration=st.integers(MIN_DURATION, MAX_AHEAD),
    prices=st.tuples(*[st.integers(1, 2**37 - 1).map(lambda micro: micro * 1_000)] * 3),
)
def test_no_price_overflows_or_is_nothing(
    deployed_registry: Registry, length: int, duration: int, prices: tuple[int, int, int]
) -> None:
    with boa.env.anchor():
        domains = deploy_domains(deployed_registry.world, prices=prices)
        price = domains.price_of("a" * length, duration)
        assert price == cost("a" * length, duration, prices) > 0


@pytest.mark.parametrize(
    ("duration", "reason"),
    [
        (MIN_DURATION - 1, "Domains: duration too short"),
        (MAX_AHEAD + 1, "Domains: duration too long"),
    ],
)
def test_there_is_no_price_for_a_time_out_of_bounds(
    registry: Registry, duration: int, reason: str
) -> None:
    with boa.reverts(reason):
        registry.domains.price_of(LABEL, duration)


# ---------------------------------------------------------------- changing prices


def test_new_prices_count_two_days_later(registry: Registry) -> None:
    registry.domains.set_prices(NEW)
    changes_at = registry.now + NOTICE
    assert registry.domains.prices() == (list(PRICES), list(NEW), changes_at)
    registry.go_to(changes_at - 1)
    assert registry.domains.price_of("abc", YEAR) == PRICES[0]
    registry.go_to(changes_at)
    assert [registry.domains.price_of(label, YEAR) for label in ("abc", "abcd", "abcde")] == list(
        NEW
    )
    assert registry.domains.prices() == (list(NEW), list(NEW), changes_at)


def test_whoever_committed_pays_what_it_cost_then(registry: Registry) -> None:
    order = (LABEL, registry.alice, YEAR, SECRET)
    price = registry.domains.price_of(LABEL, YEAR)
    registry.domains.commit(registry.domains.commitment_of(*order), sender=registry.alice)
    registry.domains.set_prices(NEW)
    registry.world.pass_time(DAY)
    before = registry.balance(registry.alice)
    registry.domains.register(*order, sender=registry.alice)
    assert registry.balance(registry.alice) == before - price


@pytest.mark.parametrize("new", [(1_280, 320, 10), (320, 80, 2)], ids=["dearer", "cheaper"])
@pytest.mark.parametrize("announced", [DAY + 1, NOTICE - 60, NOTICE - 1, NOTICE])
def test_prices_that_change_between_commitment_and_reveal_cost_nobody_more(
    registry: Registry, new: tuple[int, ...], announced: int
) -> None:
    """Announced so long before the commitment, they come to count while it lives."""
    registry.domains.set_prices([price * CREDIT for price in new])
    registry.world.pass_time(announced)
    order = (LABEL, registry.alice, YEAR, SECRET)
    then = registry.domains.price_of(LABEL, YEAR)
    registry.domains.commit(registry.domains.commitment_of(*order), sender=registry.alice)
    registry.world.pass_time(DAY)
    before = registry.balance(registry.alice)
    at_reveal = registry.domains.price_of(LABEL, YEAR)
    registry.domains.register(*order, sender=registry.alice)
    assert registry.balance(registry.alice) == before - min(then, at_reveal)


def test_prices_that_have_come_cant_be_followed_while_a_commitment_of_before_lives(
    registry: Registry,
) -> None:
    registry.domains.set_prices(NEW)
    registry.world.pass_time(NOTICE)
    for _ in range(2):
        with boa.reverts("Domains: prices just changed"):
            registry.domains.set_prices(PRICES)
        registry.world.pass_time(DAY)
    registry.go_to(registry.now - DAY + 1)
    registry.domains.set_prices(PRICES)


def test_prices_that_are_coming_can_be_taken_back(registry: Registry) -> None:
    registry.domains.set_prices(NEW)
    registry.world.pass_time(DAY)
    registry.domains.set_prices(PRICES)
    registry.world.pass_time(10 * DAY)
    assert registry.domains.price_of(LABEL, YEAR) == PRICES[2]


def test_prices_that_have_come_stay_until_the_next_do(registry: Registry) -> None:
    registry.domains.set_prices(NEW)
    registry.world.pass_time(NOTICE + DAY + 1)
    registry.domains.set_prices(PRICES)
    assert registry.domains.price_of(LABEL, YEAR) == NEW[2]
    registry.world.pass_time(NOTICE)
    assert registry.domains.price_of(LABEL, YEAR) == PRICES[2]


def test_a_change_is_told_whole(registry: Registry) -> None:
    registry.domains.set_prices(NEW)
    told = event(registry.domains, "PricesSet")
    assert (list(told.before), list(told.prices)) == (list(PRICES), list(NEW))
    assert told.changes_at == registry.now + NOTICE


@pytest.mark.parametrize(
    ("prices", "reason"),
    [
        ((0, 1_000, 1_000), "Domains: price of nothing"),
        ((1_000, 1_000, 0), "Domains: price of nothing"),
        ((1_000, 1_001, 1_000), "Domains: not whole micro credits"),
        ((1_000, 1_000, 2**37 * 1_000), "Domains: price too large"),
        ((2**256 - 936, 1_000, 1_000), "Domains: price too large"),
    ],
)
def test_a_price_out_of_bounds_is_refused(
    registry: Registry, prices: tuple[int, ...], reason: str
) -> None:
    with boa.reverts(reason):
        registry.domains.set_prices(prices)
    with boa.reverts(reason):
        deploy_domains(registry.world, prices=prices)


def test_changing_prices_keeps_the_switch_and_the_other_way_round(registry: Registry) -> None:
    registry.domains.set_registering(False, sender=registry.pauser)
    registry.domains.set_prices(NEW)
    assert registry.domains.registering() is False
    registry.domains.set_registering(True, sender=registry.pauser)
    assert event(registry.domains, "RegisteringSet").open is True
    assert registry.domains.prices()[1] == list(NEW)


# ---------------------------------------------------------------- the premium


@pytest.mark.parametrize(
    ("elapsed", "expected"),
    [
        (0, 10**17 - 47_683_715_820),
        (DAY, 5 * 10**16 - 47_683_715_820),
        (DAY + DAY // 2, 5 * 10**16 * 3 // 4 - 47_683_715_820),
        (20 * DAY, 95_367_431_640 - 47_683_715_820),
        (21 * DAY - 1, 551_895),
        (21 * DAY, 0),
        (1_000 * DAY, 0),
    ],
)
def test_the_premium_of_a_name_that_has_become_free(
    registry: Registry, node: bytes, elapsed: int, expected: int
) -> None:
    registry.free(node)
    registry.world.pass_time(elapsed)
    assert premium(elapsed) == expected
    assert registry.domains.price_of(LABEL, YEAR) == cost(LABEL, YEAR) + expected


@effort(examples=60)
@given(elapsed=st.integers(0, (PREMIUM_DAYS + 1) * DAY), later=st.integers(0, 2 * DAY))
def test_the_premium_only_falls(deployed_registry: Registry, elapsed: int, later: int) -> None:
    registry = deployed_registry
    with boa.env.anchor():
        registry.free(registry.register(LABEL))
        registry.world.pass_time(elapsed)
        first = registry.domains.price_of(LABEL, YEAR) - cost(LABEL, YEAR)
        registry.world.pass_time(later)
        second = registry.domains.price_of(LABEL, YEAR) - cost(LABEL, YEAR)
    assert (first, second) == (premium(elapsed), premium(elapsed + later))
    assert first >= second >= 0


def test_a_name_that_nobody_ever_had_has_no_premium(registry: Registry) -> None:
    assert registry.domains.price_of("nobodys", YEAR) == cost("nobodys", YEAR)
