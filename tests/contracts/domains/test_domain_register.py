"""`register`: what it gives, what it takes, and when a name is anyone's again."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.domains.registry import (
    EMPTY,
    MAX_AHEAD,
    MIN_DURATION,
    NAME_GRACE,
    SECRET,
    YEAR,
    Registry,
    cost,
    node_of,
    premium,
    token_of,
)
from tests.contracts.world import DAY, ZERO, event, events

LABEL = "alice-blog"


def test_a_registered_name_is_its_owners_for_its_time(registry: Registry) -> None:
    node = registry.register(LABEL)
    assert node == node_of(LABEL)
    assert registry.domains.ownerOf(token_of(LABEL)) == registry.alice
    assert registry.domains.balanceOf(registry.alice) == 1
    assert registry.domains.name_of(node) == (registry.alice, registry.now + YEAR, 0, 0, 0)
    assert not registry.domains.available(LABEL)


def test_a_name_that_nobody_ever_registered_is_empty(registry: Registry) -> None:
    assert registry.domains.name_of(node_of(LABEL)) == EMPTY
    assert registry.domains.available(LABEL)
    with boa.reverts("Domains: no such name"):
        registry.domains.ownerOf(token_of(LABEL))


@pytest.mark.parametrize("duration", [MIN_DURATION, MAX_AHEAD])
def test_the_bounds_of_a_duration(registry: Registry, duration: int) -> None:
    node = registry.register(LABEL, duration=duration)
    assert registry.expires_at(node) == registry.now + duration


@pytest.mark.parametrize("label", ["abc", "abcd", "abcde", "abcdef"])
def test_the_caller_pays_the_price_in_credit(registry: Registry, label: str) -> None:
    price = registry.domains.price_of(label, YEAR)
    before = registry.balance(registry.bob), registry.world.credits.earned()
    node = registry.register(label, payer=registry.bob)
    assert price == cost(label, YEAR)
    assert registry.balance(registry.bob) == before[0] - price
    assert registry.world.credits.earned() == before[1] + price
    assert registry.domains.name_of(node)[0] == registry.alice


def test_without_credit_nothing_happens(registry: Registry) -> None:
    pauper = str(boa.env.generate_address("pauper"))
    commitment = registry.commit(LABEL, pauper)
    with boa.reverts("Credits: not enough credit"):
        registry.domains.register(LABEL, pauper, YEAR, SECRET, sender=pauper)
    assert registry.domains.available(LABEL)
    assert registry.domains.commitments(commitment) != 0
    registry.world.buy(pauper, 4_999_999)
    with boa.reverts("Credits: not enough credit"):
        registry.domains.register(LABEL, pauper, YEAR, SECRET, sender=pauper)
    registry.world.buy(pauper, 1)
    registry.domains.register(LABEL, pauper, YEAR, SECRET, sender=pauper)
    assert registry.balance(pauper) == 0


def test_the_events_hold_the_resulting_word(registry: Registry) -> None:
    node = registry.register(LABEL, payer=registry.bob)
    registered = event(registry.domains, "NameRegistered")
    moved = event(registry.domains, "Transfer")
    assert (bytes(registered.node), registered.owner, registered.payer) == (
        node,
        registry.alice,
        registry.bob,
    )
    assert (registered.label, registered.price) == (LABEL, cost(LABEL, YEAR))
    assert registered.word == int(registry.alice, 16) | (registry.now + YEAR) << 160
    assert (moved.sender, moved.receiver, moved.token_id) == (ZERO, registry.alice, token_of(LABEL))


@pytest.mark.parametrize("later", [0, YEAR - 1, YEAR, YEAR + NAME_GRACE - 1])
def test_a_name_is_taken_until_its_grace_is_over(
    registry: Registry, node: bytes, later: int
) -> None:
    since = registry.expires_at(node) - YEAR
    registry.go_to(max(registry.now, since + later - 60))
    registry.commit(LABEL, registry.bob)
    registry.go_to(max(registry.now, since + later))
    assert not registry.domains.available(LABEL)
    with boa.reverts("Domains: name is taken"):
        registry.domains.register(LABEL, registry.bob, YEAR, SECRET, sender=registry.bob)


def test_a_free_name_goes_from_the_one_to_the_other(registry: Registry, node: bytes) -> None:
    registry.free(node)
    assert registry.domains.available(LABEL)
    registry.world.pass_time(21 * DAY)
    registry.register(LABEL, registry.bob)
    gone, came = events(registry.domains, "Transfer")
    assert (gone.sender, gone.receiver) == (registry.alice, ZERO)
    assert (came.sender, came.receiver) == (ZERO, registry.bob)
    assert registry.domains.name_of(node) == (registry.bob, registry.now + YEAR, 0, 1, 0)
    assert registry.domains.balanceOf(registry.alice) == 0
    assert registry.domains.balanceOf(registry.bob) == 1


def test_its_former_owner_can_register_it_again(registry: Registry, node: bytes) -> None:
    registry.go_to(registry.free(node) + 21 * DAY)
    registry.register(LABEL)
    assert registry.domains.balanceOf(registry.alice) == 1
    assert registry.domains.name_of(node)[3] == 1


def test_the_first_minute_of_freedom_costs_the_whole_premium(
    registry: Registry, node: bytes
) -> None:
    registry.free(node)
    registry.go_to(registry.now - 60)
    registry.commit(LABEL, registry.bob)
    registry.fund(registry.bob, 10**8)
    before = registry.balance(registry.bob)
    registry.domains.register(LABEL, registry.bob, YEAR, SECRET, sender=registry.bob)
    assert before - registry.balance(registry.bob) == cost(LABEL, YEAR) + premium(0)


def test_the_pauser_stops_registering_and_nothing_else(registry: Registry, node: bytes) -> None:
    registry.commit("second", registry.alice)
    registry.domains.set_registering(False, sender=registry.pauser)
    assert registry.domains.registering() is False
    with boa.reverts("Domains: registering is stopped"):
        registry.domains.register("second", registry.alice, YEAR, SECRET, sender=registry.alice)
    registry.domains.commit(b"\x01" * 32, sender=registry.bob)
    registry.domains.renew(LABEL, YEAR, sender=registry.alice)
    registry.domains.set_addr(node, registry.alice, sender=registry.alice)
    registry.domains.transferFrom(
        registry.alice, registry.bob, token_of(LABEL), sender=registry.alice
    )
    registry.domains.set_registering(True, sender=registry.pauser)
    registry.domains.register("second", registry.alice, YEAR, SECRET, sender=registry.alice)
