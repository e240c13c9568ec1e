"""Who may do what at Domains, and what no role can."""

from __future__ import annotations

from collections.abc import Callable

import boa
import pytest

from tests.contracts.domains.registry import PRICES, TOP, Registry, deploy_domains, namehash
from tests.contracts.world import DAY, ROOT, event, load

Act = Callable[[Registry, str], None]
ACTS: dict[str, tuple[str, Act]] = {
    "admin sets prices": ("admin", lambda it, who: it.domains.set_prices(PRICES, sender=who)),
    "admin sets roles": ("admin", lambda it, who: it.domains.set_roles(who, 31, sender=who)),
    "admin sets the base": ("admin", lambda it, who: it.domains.set_base_uri("x", sender=who)),
    "admin proposes": ("admin", lambda it, who: it.domains.propose_admin(who, sender=who)),
    "pauser": (
        "pauser",
        lambda it, who: it.domains.set_registering(False, sender=who),
    ),
    "verifier": (
        "verifier",
        lambda it, who: it.domains.attest_dns("a.example", who, it.now + DAY, sender=who),
    ),
}
REFUSALS = {
    "admin": "Roles: not the admin",
    "pauser": "Roles: missing role",
    "verifier": "Roles: missing role",
}


def account(registry: Registry, who: str) -> str:
    return registry.world.admin if who == "admin" else str(getattr(registry, who))


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", ["admin", "pauser", "verifier", "alice"])
def test_an_act_is_for_its_role_alone(registry: Registry, act: str, who: str) -> None:
    role, call = ACTS[act]
    if who == role:
        call(registry, account(registry, who))
        return
    with boa.reverts(REFUSALS[role]):
        call(registry, account(registry, who))


def test_a_role_that_is_taken_back_is_gone(registry: Registry) -> None:
    registry.domains.set_roles(registry.pauser, 0)
    with boa.reverts("Roles: missing role"):
        registry.domains.set_registering(False, sender=registry.pauser)


def test_the_admin_is_handed_over_in_two_steps(registry: Registry) -> None:
    registry.domains.propose_admin(registry.carol)
    with boa.reverts("Roles: not the admin"):
        registry.domains.set_prices(PRICES, sender=registry.carol)
    registry.domains.accept_admin(sender=registry.carol)
    registry.domains.set_prices(PRICES, sender=registry.carol)
    with boa.reverts("Roles: not the admin"):
        registry.domains.set_prices(PRICES)


def test_the_deployment_is_told(registry: Registry) -> None:
    assert registry.domains.CREDITS() == registry.world.credits.address
    assert registry.domains.HOSTING() == registry.world.hosting.address
    assert registry.domains.admin() == registry.world.admin
    deployed = event(deploy_domains(registry.world), "DomainsDeployed")
    assert (deployed.top_label, bytes(deployed.top_node)) == (TOP, namehash(TOP))
    assert deployed.credits == registry.world.credits.address
    assert deployed.hosting == registry.world.hosting.address


def test_it_is_deployed_over_contracts_only(registry: Registry) -> None:
    world = registry.world
    for credits_, hosting in ((world.alice, world.hosting), (world.credits, world.alice)):
        with boa.reverts("Domains: no such contract"):
            load(ROOT / "contracts" / "Domains.vy", credits_, hosting, TOP, list(PRICES))
