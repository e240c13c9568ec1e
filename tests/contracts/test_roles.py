"""Who may call what: the admin in two steps, and roles that the admin sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boa
import pytest

from tests.contracts.world import CREDIT, DOLLAR, FIRST_SITE, ZERO, World, event

CONTRACTS = ("credits", "hosting")
Call = Callable[[World, str], Any]

BY_ADMIN: dict[str, Call] = {
    "Credits.set_meter": lambda w, who: w.credits.set_meter(w.bob, True, sender=who),
    "Credits.withdraw_earned": lambda w, who: w.credits.withdraw_earned(1_000, w.bob, sender=who),
    "Credits.set_grant_cap": lambda w, who: w.credits.set_grant_cap(1, sender=who),
    "Credits.set_feed": lambda w, who: w.credits.set_feed(ZERO, 1, sender=who),
    "Credits.withdraw_float": lambda w, who: w.credits.withdraw_float(1_000, w.bob, sender=who),
    "Credits.withdraw_ether": lambda w, who: w.credits.withdraw_ether(1, w.bob, sender=who),
    "Credits.set_roles": lambda w, who: w.credits.set_roles(w.bob, 1, sender=who),
    "Credits.propose_admin": lambda w, who: w.credits.propose_admin(w.bob, sender=who),
    "Hosting.set_tier": lambda w, who: w.hosting.set_tier(9, "", 1, 0, 1, 0, 0, True, sender=who),
    "Hosting.set_plan": lambda w, who: w.hosting.set_plan(9, "Nine", 1, 1, 0, True, sender=who),
    "Hosting.set_roles": lambda w, who: w.hosting.set_roles(w.bob, 1, sender=who),
    "Hosting.propose_admin": lambda w, who: w.hosting.propose_admin(w.bob, sender=who),
}
BY_MODERATOR: dict[str, Call] = {
    "Hosting.suspend": lambda w, who: w.hosting.suspend(FIRST_SITE, "Phishing", sender=who),
    "Hosting.unsuspend": lambda w, who: w.hosting.unsuspend(FIRST_SITE + 1, sender=who),
}


@pytest.fixture
def running(world: World) -> World:
    """Service 1 is active, service 2 suspended; something was earned."""
    world.buy(world.alice, 10 * DOLLAR)
    world.start(world.alice)
    world.start(world.alice)
    world.pass_time(3_600)
    world.mint(world.bob)
    world.credits.add_float(DOLLAR, sender=world.bob)
    boa.env.set_balance(world.credits.address, 1)
    world.hosting.suspend(FIRST_SITE + 1, "Phishing", sender=world.moderator)
    return world


@pytest.mark.parametrize("name", BY_ADMIN)
def test_what_the_admin_may__nobody_else_may(running: World, name: str) -> None:
    everyone_else = (running.alice, running.meter, running.moderator)
    running.credits.set_roles(running.bob, 31)
    running.hosting.set_roles(running.bob, 31)
    for stranger in (*everyone_else, running.bob):
        with boa.reverts("Roles: not the admin"):
            BY_ADMIN[name](running, stranger)
    BY_ADMIN[name](running, running.admin)


@pytest.mark.parametrize("name", BY_MODERATOR)
def test_what_a_moderator_may__nobody_else_may(running: World, name: str) -> None:
    running.hosting.set_roles(running.bob, 31 - 8)
    for stranger in (running.alice, running.admin, running.bob):
        with boa.reverts("Roles: missing role"):
            BY_MODERATOR[name](running, stranger)
    BY_MODERATOR[name](running, running.moderator)


def test_a_role_that_was_taken_away__is_gone(running: World) -> None:
    running.hosting.set_roles(running.moderator, 0)
    with boa.reverts("Roles: missing role"):
        running.hosting.suspend(FIRST_SITE, "Phishing", sender=running.moderator)


@pytest.mark.parametrize("name", CONTRACTS)
def test_roles_are_set_as_a_whole_and_told_as_a_whole(world: World, name: str) -> None:
    contract = getattr(world, name)
    for roles in (1 | 8, 16, 0):
        contract.set_roles(world.bob, roles)
        changed = event(contract, "RolesChanged")
        assert (changed.account, changed.roles) == (world.bob, roles)
        assert contract.roles_of(world.bob) == roles


@pytest.mark.parametrize("name", CONTRACTS)
def test_an_unknown_role__is_refused(world: World, name: str) -> None:
    getattr(world, name).set_roles(world.bob, 31)
    with boa.reverts("Roles: unknown role"):
        getattr(world, name).set_roles(world.bob, 32)


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_admin_is_handed_over_in_two_steps(world: World, name: str) -> None:
    contract = getattr(world, name)
    assert contract.admin() == world.admin
    contract.propose_admin(world.bob)
    assert event(contract, "AdminProposed").proposed == world.bob
    assert (contract.admin(), contract.proposed_admin()) == (world.admin, world.bob)
    contract.accept_admin(sender=world.bob)
    assert event(contract, "AdminChanged").admin == world.bob
    assert (contract.admin(), contract.proposed_admin()) == (world.bob, ZERO)
    with boa.reverts("Roles: not the admin"):
        contract.set_roles(world.admin, 31, sender=world.admin)


@pytest.mark.parametrize("name", CONTRACTS)
def test_only_the_proposed_admin_accepts_and_only_once(world: World, name: str) -> None:
    contract = getattr(world, name)
    contract.propose_admin(world.bob)
    for stranger in (world.alice, world.admin):
        with boa.reverts("Roles: not the proposed admin"):
            contract.accept_admin(sender=stranger)
    contract.accept_admin(sender=world.bob)
    with boa.reverts("Roles: not the proposed admin"):
        contract.accept_admin(sender=world.bob)


@pytest.mark.parametrize("name", CONTRACTS)
def test_an_offer_can_be_withdrawn(world: World, name: str) -> None:
    contract = getattr(world, name)
    contract.propose_admin(world.bob)
    contract.propose_admin(ZERO)
    with boa.reverts("Roles: not the proposed admin"):
        contract.accept_admin(sender=world.bob)


def test_no_role_moves_a_users_credit(running: World) -> None:
    before = running.credits.balance_of(running.alice)
    running.credits.set_roles(running.bob, 31)
    with boa.reverts("Credits: more than paid credit"):
        running.credits.refund(CREDIT, running.bob, sender=running.bob)
    assert running.credits.balance_of(running.alice) == before
