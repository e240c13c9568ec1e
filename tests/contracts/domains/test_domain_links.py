"""`link` and `unlink`: one owner of both, for as long as that lasts."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.domains.registry import YEAR, Registry, node_of
from tests.contracts.world import FREE, SITE, event

LABEL = "alice-blog"


@pytest.fixture
def service(registry: Registry) -> int:
    """Alice's."""
    return registry.world.start(registry.alice)


def link(registry: Registry, node: bytes, service: int, who: str | None = None) -> None:
    registry.domains.link(node, service, sender=who or registry.alice)


def test_the_owner_of_both_links_them(registry: Registry, node: bytes, service: int) -> None:
    link(registry, node, service)
    told = event(registry.domains, "NameLinked")
    expires_at = registry.expires_at(node)
    assert (bytes(told.node), told.owner, told.service) == (node, registry.alice, service)
    assert told.word == int(registry.alice, 16) | expires_at << 160 | service << 192
    assert registry.domains.link_of(node) == service


def test_another_service_takes_the_place_of_the_first(
    registry: Registry, node: bytes, service: int
) -> None:
    link(registry, node, service)
    other = registry.world.start(registry.alice, FREE)
    link(registry, node, other)
    assert registry.domains.link_of(node) == other


def test_several_names_can_serve_one_service(registry: Registry, node: bytes, service: int) -> None:
    second = registry.register("second")
    for name in (node, second):
        link(registry, name, service)
        assert registry.domains.link_of(name) == service


def test_unlinking_is_told(registry: Registry, node: bytes, service: int) -> None:
    link(registry, node, service)
    registry.domains.unlink(node, sender=registry.alice)
    told = event(registry.domains, "NameLinked")
    assert (bytes(told.node), told.service) == (node, 0)
    assert told.word >> 192 == 0
    assert registry.domains.link_of(node) == 0
    with boa.reverts("Domains: not linked"):
        registry.domains.unlink(node, sender=registry.alice)


def test_only_the_names_owner_links_and_unlinks(
    registry: Registry, node: bytes, service: int
) -> None:
    theirs = registry.world.start(registry.bob)
    registry.domains.setApprovalForAll(registry.bob, True, sender=registry.alice)
    for stranger in (registry.bob, registry.carol, registry.world.admin):
        with boa.reverts("Domains: not your name"):
            link(registry, node, theirs, stranger)
    link(registry, node, service)
    for stranger in (registry.bob, registry.carol, registry.world.admin):
        with boa.reverts("Domains: not your name"):
            registry.domains.unlink(node, sender=stranger)


def test_only_the_services_owner_links(registry: Registry, node: bytes) -> None:
    theirs = registry.world.start(registry.bob)
    with boa.reverts("Domains: not your service"):
        link(registry, node, theirs)


@pytest.mark.parametrize("service", [0, SITE * 10**7 + 2, 2**32, 2**36, 2**256 - 1])
def test_a_service_must_exist(registry: Registry, node: bytes, service: int) -> None:
    registry.world.start(registry.alice)
    with boa.reverts("Hosting: no such service"):
        link(registry, node, service)


def test_a_service_that_has_ended_is_linked_no_more(
    registry: Registry, node: bytes, service: int
) -> None:
    registry.world.hosting.pause(service, sender=registry.alice)
    link(registry, node, service)
    registry.world.hosting.stop(service, sender=registry.alice)
    with boa.reverts("Domains: service has ended"):
        link(registry, node, service)


@pytest.mark.parametrize(
    ("moment", "reason"),
    [("expire", "Domains: name has expired"), ("free", "Domains: no such name")],
)
def test_an_expired_name_serves_nothing(
    registry: Registry, node: bytes, service: int, moment: str, reason: str
) -> None:
    link(registry, node, service)
    getattr(registry, moment)(node)
    assert registry.domains.link_of(node) == 0
    with boa.reverts(reason):
        link(registry, node, service)
    with boa.reverts(reason):
        registry.domains.unlink(node, sender=registry.alice)


def test_a_name_renewed_in_grace_serves_what_it_served(
    registry: Registry, node: bytes, service: int
) -> None:
    link(registry, node, service)
    registry.expire(node)
    registry.domains.renew(LABEL, YEAR, sender=registry.alice)
    assert registry.domains.link_of(node) == service


def test_registering_again_clears_the_link(registry: Registry, node: bytes, service: int) -> None:
    link(registry, node, service)
    registry.go_to(registry.free(node) + YEAR)
    registry.register(LABEL)
    assert registry.domains.name_of(node)[2] == 0
    assert registry.domains.link_of(node) == 0


def test_a_link_does_not_survive_the_service_going_to_another(
    registry: Registry, node: bytes, service: int
) -> None:
    link(registry, node, service)
    registry.world.hosting.transfer(service, registry.bob, sender=registry.alice)
    assert registry.domains.link_of(node) == 0
    with boa.reverts("Domains: not your service"):
        link(registry, node, service)
    registry.domains.unlink(node, sender=registry.alice)
    assert registry.domains.name_of(node)[2] == 0


def test_a_link_whose_two_ends_went_to_one_another_account_is_gone(
    registry: Registry, node: bytes, service: int
) -> None:
    """The receiver of both links them anew, or not at all."""
    link(registry, node, service)
    registry.world.hosting.transfer(service, registry.bob, sender=registry.alice)
    token = int.from_bytes(node, "big")
    registry.domains.transferFrom(registry.alice, registry.bob, token, sender=registry.alice)
    assert registry.domains.link_of(node) == 0
    link(registry, node, service, registry.bob)
    assert registry.domains.link_of(node) == service


def test_a_service_that_comes_back_is_served_again(
    registry: Registry, node: bytes, service: int
) -> None:
    link(registry, node, service)
    registry.world.hosting.transfer(service, registry.bob, sender=registry.alice)
    registry.world.hosting.transfer(service, registry.alice, sender=registry.bob)
    assert registry.domains.link_of(node) == service


def test_a_service_of_the_highest_plan_can_be_linked(registry: Registry, node: bytes) -> None:
    highest = 2**12 - 1
    registry.world.hosting.set_plan(highest, "Last", 1, 2_000, 0, True)
    service = registry.world.start(registry.alice, highest)
    link(registry, node, service)
    assert registry.domains.link_of(node) == service == highest * 10**7 + 1


def test_a_name_that_nobody_has_serves_nothing(registry: Registry, service: int) -> None:
    assert registry.domains.link_of(node_of("nobodys")) == 0
    with boa.reverts("Domains: no such name"):
        link(registry, node_of("nobodys"), service)
