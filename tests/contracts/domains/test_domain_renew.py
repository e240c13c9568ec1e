"""`renew`: by anyone, in grace too, for the name's owner and at the caller's cost."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.domains.registry import (
    MAX_AHEAD,
    MIN_DURATION,
    NAME_GRACE,
    YEAR,
    Registry,
    cost,
    token_of,
)
from tests.contracts.world import event

LABEL = "alice-blog"
MAX_BACK = MIN_DURATION  # a renewal this short doesn't reach from an older end to now


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_anyone_renews_and_pays(registry: Registry, node: bytes, who: str) -> None:
    payer = getattr(registry, who)
    expires_at, before = registry.expires_at(node), registry.balance(payer)
    price = registry.domains.price_of(LABEL, 2 * YEAR)
    registry.domains.renew(LABEL, 2 * YEAR, sender=payer)
    assert price == cost(LABEL, 2 * YEAR)
    assert registry.balance(payer) == before - price
    assert registry.domains.name_of(node) == (registry.alice, expires_at + 2 * YEAR, 0, 0, 0)


def test_time_is_added_to_the_end_not_to_now(registry: Registry, node: bytes) -> None:
    expires_at = registry.expires_at(node)
    registry.world.pass_time(YEAR // 2)
    registry.domains.renew(LABEL, YEAR, sender=registry.alice)
    assert registry.expires_at(node) == expires_at + YEAR


def test_the_event_holds_the_resulting_word(registry: Registry, node: bytes) -> None:
    registry.domains.renew(LABEL, YEAR, sender=registry.bob)
    renewed = event(registry.domains, "NameRenewed")
    assert bytes(renewed.node) == node
    assert renewed.word == int(registry.alice, 16) | registry.expires_at(node) << 160


def test_credits_tells_who_paid_how_much_for_which_name(registry: Registry, node: bytes) -> None:
    registry.domains.renew(LABEL, YEAR, sender=registry.bob)
    spent = event(registry.domains, "Spent")
    assert (spent.account, spent.meter) == (registry.bob, registry.domains.address)
    assert (spent.amount, bytes(spent.reference)) == (cost(LABEL, YEAR), node)


def test_renewing_keeps_all_that_the_name_points_to(registry: Registry, node: bytes) -> None:
    service = registry.world.start(registry.alice)
    registry.domains.link(node, service, sender=registry.alice)
    registry.domains.set_contenthash(node, b"\xe3\x01" + b"\x07" * 30, sender=registry.alice)
    before = registry.domains.name_of(node)
    registry.domains.renew(LABEL, YEAR, sender=registry.bob)
    after = registry.domains.name_of(node)
    assert after[1] == before[1] + YEAR
    assert (after[0], *after[2:]) == (before[0], *before[2:])
    assert registry.domains.link_of(node) == service


@pytest.mark.parametrize("later", [0, 1, NAME_GRACE - 1])
def test_a_name_in_grace_comes_back_to_its_owner_without_a_premium(
    registry: Registry, node: bytes, later: int
) -> None:
    expires_at = registry.expire(node)
    registry.world.pass_time(later)
    with boa.reverts("Domains: name has expired"):
        registry.domains.ownerOf(token_of(LABEL))
    assert registry.domains.price_of(LABEL, YEAR) == cost(LABEL, YEAR)
    registry.domains.renew(LABEL, YEAR, sender=registry.bob)
    assert registry.domains.ownerOf(token_of(LABEL)) == registry.alice
    assert registry.expires_at(node) == expires_at + YEAR


def test_after_grace_it_is_too_late(registry: Registry, node: bytes) -> None:
    registry.free(node)
    with boa.reverts("Domains: no such name"):
        registry.domains.renew(LABEL, YEAR, sender=registry.alice)


def test_a_renewal_must_bring_the_name_back(registry: Registry, node: bytes) -> None:
    registry.expire(node)
    registry.world.pass_time(MAX_BACK)
    with boa.reverts("Domains: duration too short"):
        registry.domains.renew(LABEL, MAX_BACK, sender=registry.alice)
    registry.domains.renew(LABEL, MAX_BACK + 1, sender=registry.alice)
    assert registry.expires_at(node) == registry.now + 1


def test_a_name_is_paid_ten_years_ahead_at_most(registry: Registry, node: bytes) -> None:
    room = registry.now + MAX_AHEAD - registry.expires_at(node)
    with boa.reverts("Domains: duration too long"):
        registry.domains.renew(LABEL, room + 1, sender=registry.alice)
    registry.domains.renew(LABEL, room, sender=registry.alice)
    with boa.reverts("Domains: duration too long"):
        registry.domains.renew(LABEL, MIN_DURATION, sender=registry.alice)


@pytest.mark.parametrize(
    ("duration", "reason"),
    [
        (0, "Domains: duration too short"),
        (MIN_DURATION - 1, "Domains: duration too short"),
        (MAX_AHEAD + 1, "Domains: duration too long"),
        (2**256 - 1, "Domains: duration too long"),
    ],
)
def test_a_duration_out_of_bounds(
    registry: Registry, node: bytes, duration: int, reason: str
) -> None:
    with boa.reverts(reason):
        registry.domains.renew(LABEL, duration, sender=registry.alice)


def test_without_credit_nothing_happens(registry: Registry, node: bytes) -> None:
    pauper, expires_at = str(boa.env.generate_address("pauper")), registry.expires_at(node)
    with boa.reverts("Credits: not enough credit"):
        registry.domains.renew(LABEL, YEAR, sender=pauper)
    assert registry.expires_at(node) == expires_at


def test_a_meter_that_was_taken_off_sells_nothing(registry: Registry, node: bytes) -> None:
    registry.world.credits.set_meter(registry.domains, False)
    with boa.reverts("Credits: not a meter"):
        registry.domains.renew(LABEL, YEAR, sender=registry.alice)
    registry.domains.set_addr(node, registry.bob, sender=registry.alice)
    assert registry.domains.ownerOf(token_of(LABEL)) == registry.alice
