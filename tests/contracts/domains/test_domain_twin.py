"""`indexer/name_rules.py` says at every second what the contract says."""

from __future__ import annotations

import boa
import pytest

from indexer import name_rules
from indexer.name_rules import DAY, DnsName, Name, NameState, Prices, unpack_name
from tests.contracts.domains.registry import (
    NAME_GRACE,
    PREMIUM_DAYS,
    PRICES,
    SECRET,
    YEAR,
    Registry,
    token_of,
)
from tests.contracts.world import CREDIT, ZERO

LABEL = "alice-blog"
YEARLY = Prices(PRICES, PRICES, 0)
TURNS = {
    0: (NameState.REGISTERED, NameState.GRACE),
    NAME_GRACE: (NameState.GRACE, NameState.PREMIUM),
    NAME_GRACE + PREMIUM_DAYS * DAY: (NameState.PREMIUM, NameState.FREE),
}


@pytest.mark.parametrize("turn", TURNS)
def test_the_life_of_a_name_turns_at_its_seconds(
    registry: Registry, node: bytes, turn: int
) -> None:
    domains = registry.domains
    name = Name(*domains.name_of(node))
    states = []
    for second in range(name.expires_at + turn - 2, name.expires_at + turn + 2):
        registry.go_to(second)
        states.append(name.state(second))
        assert domains.available(LABEL) == name_rules.is_available(name, LABEL, second)
        price = name_rules.price_of(name, YEARLY, LABEL, YEAR, second)
        assert domains.price_of(LABEL, YEAR) == price
        owner = name.owner_at(second)
        if owner is None:
            with boa.reverts():
                domains.ownerOf(token_of(LABEL))
        else:
            assert domains.ownerOf(token_of(LABEL)) == owner
    before, after = TURNS[turn]
    assert states == [before, before, after, after]


def test_prices_turn_at_their_second(registry: Registry) -> None:
    new = (7 * CREDIT, 6 * CREDIT, 10 * CREDIT)
    registry.domains.set_prices(new)
    _, after, changes_at = registry.domains.prices()
    prices = Prices(PRICES, tuple(after), changes_at)
    for second in range(changes_at - 2, changes_at + 2):
        registry.go_to(second)
        assert registry.domains.price_of("abcd", YEAR) == prices.cost("abcd", YEAR, second)
        assert tuple(registry.domains.prices()[0]) == prices.at(second)
    for second in (changes_at + DAY, changes_at + DAY + 1):
        registry.go_to(second)
        if prices.is_settled(second):
            registry.domains.set_prices(PRICES)
        else:
            with boa.reverts("Domains: prices just changed"):
                registry.domains.set_prices(PRICES)
    assert tuple(registry.domains.prices()[1]) == PRICES


@pytest.mark.parametrize("age", [0, 59, 60, 61, DAY - 1, DAY, DAY + 1])
def test_a_commitment_counts_at_the_same_seconds(registry: Registry, age: int) -> None:
    order = (LABEL, registry.alice, YEAR, SECRET)
    commitment = registry.domains.commitment_of(*order)
    registry.domains.commit(commitment)
    committed_at = registry.domains.commitments(commitment)
    registry.world.pass_time(age)
    if name_rules.commitment_counts(committed_at, registry.now):
        registry.domains.register(*order, sender=registry.alice)
    else:
        with boa.reverts():
            registry.domains.register(*order, sender=registry.alice)
    assert not name_rules.commitment_counts(0, registry.now)


def test_an_attestation_runs_out_at_its_second(registry: Registry) -> None:
    until = registry.now + DAY
    registry.domains.attest_dns("a.example", registry.alice, until, sender=registry.verifier)
    attested = DnsName(registry.alice, until)
    for second in range(until - 2, until + 2):
        registry.go_to(second)
        assert registry.domains.dns_of("a.example")[0] == (attested.owner_at(second) or ZERO)


def test_a_word_at_its_limits_is_read_as_it_was_packed() -> None:
    assert _rest(unpack_name(2**256 - 1)) == (2**32 - 1, 2**36 - 1, 2**24 - 1, 15)
    assert int(unpack_name(2**256 - 1).owner, 16) == 2**160 - 1
    assert _rest(unpack_name(1 << 160)) == (1, 0, 0, 0)
    assert _rest(unpack_name(1 << 192)) == (0, 1, 0, 0)
    assert _rest(unpack_name(1 << 228)) == (0, 0, 1, 0)
    assert _rest(unpack_name(1 << 252)) == (0, 0, 0, 1)


def _rest(name: Name) -> tuple[int, int, int, int]:
    return name.expires_at, name.service, name.version, name.format
