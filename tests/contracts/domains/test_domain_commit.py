"""`commit`, `commitment_of` and the commitment's age at `register`."""

from __future__ import annotations

import boa
import pytest
from eth_abi import encode
from eth_utils import keccak

from tests.contracts.domains.registry import (
    MAX_AGE,
    MAX_AHEAD,
    MIN_AGE,
    MIN_DURATION,
    SECRET,
    YEAR,
    Registry,
)
from tests.contracts.world import ZERO, event

LABEL = "alice-blog"


def register(registry: Registry, **changed: object) -> None:
    order = {"label": LABEL, "owner": registry.alice, "duration": YEAR, "secret": SECRET}
    registry.domains.register(*(order | changed).values(), sender=registry.alice)


@pytest.fixture
def committed(registry: Registry) -> Registry:
    commitment = registry.domains.commitment_of(LABEL, registry.alice, YEAR, SECRET)
    registry.domains.commit(commitment, sender=registry.alice)
    return registry


def test_a_commitment_is_the_hash_of_all_that_is_ordered(registry: Registry) -> None:
    order = (keccak(text=LABEL), registry.alice, YEAR, SECRET)
    expected = keccak(encode(["bytes32", "address", "uint256", "bytes32"], order))
    found = registry.domains.commitment_of(LABEL, registry.alice, YEAR, SECRET)
    assert bytes(found) == expected


def test_committing__is_told_with_its_second(registry: Registry) -> None:
    registry.domains.commit(SECRET, sender=registry.alice)
    committed = event(registry.domains, "Committed")
    assert (bytes(committed.commitment), committed.committed_at) == (SECRET, registry.now)
    assert registry.domains.commitments(SECRET) == registry.now


@pytest.mark.parametrize("age", [MIN_AGE, MIN_AGE + 1, MAX_AGE - 1, MAX_AGE])
def test_an_age_from_a_minute_to_a_day_will_do(committed: Registry, age: int) -> None:
    committed.world.pass_time(age)
    register(committed)
    assert committed.domains.ownerOf(int.from_bytes(committed.domains.node_of(LABEL), "big"))


@pytest.mark.parametrize("age", [0, 1, MIN_AGE - 1])
def test_a_younger_commitment_is_refused(committed: Registry, age: int) -> None:
    committed.world.pass_time(age)
    with boa.reverts("Domains: commitment too young"):
        register(committed)


@pytest.mark.parametrize("age", [MAX_AGE + 1, 10 * MAX_AGE])
def test_an_older_commitment_is_refused(committed: Registry, age: int) -> None:
    committed.world.pass_time(age)
    with boa.reverts("Domains: commitment too old"):
        register(committed)


def test_only_what_was_committed_to_can_be_registered(committed: Registry) -> None:
    committed.world.pass_time(MIN_AGE)
    others: list[dict[str, object]] = [
        {"label": "alice-blot"},
        {"owner": committed.bob},
        {"duration": YEAR + 1},
        {"secret": b"\x5f" * 32},
    ]
    for other in others:
        with boa.reverts("Domains: no commitment"):
            register(committed, **other)


def test_a_commitment_is_used_up(committed: Registry) -> None:
    committed.world.pass_time(MIN_AGE)
    commitment = committed.domains.commitment_of(LABEL, committed.alice, YEAR, SECRET)
    register(committed)
    used = event(committed.domains, "Committed")
    assert (bytes(used.commitment), used.committed_at) == (bytes(commitment), 0)
    assert committed.domains.commitments(commitment) == 0
    with boa.reverts("Domains: no commitment"):
        register(committed)


def test_nobody_makes_anothers_commitment_younger(committed: Registry) -> None:
    commitment = committed.domains.commitment_of(LABEL, committed.alice, YEAR, SECRET)
    for age in (0, MIN_AGE, MAX_AGE):
        with boa.env.anchor():
            committed.world.pass_time(age)
            with boa.reverts("Domains: already committed"):
                committed.domains.commit(commitment, sender=committed.bob)


def test_a_commitment_that_no_longer_counts_can_be_made_anew(committed: Registry) -> None:
    commitment = committed.domains.commitment_of(LABEL, committed.alice, YEAR, SECRET)
    committed.world.pass_time(MAX_AGE + 1)
    committed.domains.commit(commitment, sender=committed.alice)
    committed.world.pass_time(MIN_AGE)
    register(committed)


def test_whoever_copies_a_reveal_pays_for_its_owner(committed: Registry) -> None:
    committed.world.pass_time(MIN_AGE)
    before = committed.balance(committed.alice)
    node = committed.domains.register(LABEL, committed.alice, YEAR, SECRET, sender=committed.bob)
    assert committed.domains.name_of(node)[0] == committed.alice
    assert committed.balance(committed.alice) == before


@pytest.mark.parametrize(
    ("duration", "reason"),
    [
        (0, "Domains: duration too short"),
        (MIN_DURATION - 1, "Domains: duration too short"),
        (MAX_AHEAD + 1, "Domains: duration too long"),
        (2**256 - 1, "Domains: duration too long"),
    ],
)
def test_a_duration_out_of_bounds_is_refused_before_it_is_committed_to(
    registry: Registry, duration: int, reason: str
) -> None:
    with boa.reverts(reason):
        registry.domains.commitment_of(LABEL, registry.alice, duration, SECRET)
    with boa.reverts(reason):
        register(registry, duration=duration)


def test_a_name_goes_to_somebody(registry: Registry) -> None:
    for nobody in (ZERO, registry.domains.address):
        with boa.reverts("Domains: no such receiver"):
            registry.domains.commitment_of(LABEL, nobody, YEAR, SECRET)
        with boa.reverts("Domains: no such receiver"):
            register(registry, owner=nobody)
