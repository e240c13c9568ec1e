"""`claim_dns`, `attest_dns`, `revoke_dns`: names of the public DNS, as the verifier saw them."""

from __future__ import annotations

import re

import boa
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.domains.registry import TOP, Registry
from tests.contracts.effort import effort
from tests.contracts.world import DAY, ZERO, event

NAME = "shop.example.org"
FOR = 90 * DAY
MOST = 400 * DAY
NAMES = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
GOOD = [
    "example.org",
    "a.b",
    "a.b.c.d.e.f",
    "xn--bcher-kva.example",
    "1.example.org",
    "a--b.com",
    f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 61}",
    "4.3.2.1.in-addr.arpa",
    "dspace.org",
    "notdspace.com",
    "my.dspace.app",
]
BAD = {
    "empty": "",
    "one label": "localhost",
    "dot": ".",
    "dot first": ".example.org",
    "dot last": "example.org.",
    "two dots": "example..org",
    "hyphen first": "-a.example.org",
    "hyphen before a dot": "a-.example.org",
    "hyphen after a dot": "a.-example.org",
    "hyphen last": "example.org-",
    "capital": "Example.org",
    "under score": "_acme.example.org",
    "wild card": "*.example.org",
    "space": "exa mple.org",
    "beyond ASCII": "büro.example",
    "label of 64": f"{'a' * 64}.org",
    "last label of 64": f"a.{'b' * 64}",
    "254 characters": f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 62}",
    "an address": "192.168.0.1",
    "port": "example.org:80",
    "the platform's own": f"alice.{TOP}",
    "deep under the platform's own": f"a.b.{TOP}",
}


def attest(registry: Registry, name: str = NAME, owner: str | None = None, after: int = FOR) -> int:
    until = registry.now + after
    registry.domains.attest_dns(name, owner or registry.alice, until, sender=registry.verifier)
    return until


def owner_of(registry: Registry, name: str = NAME) -> str:
    return str(registry.domains.dns_of(name)[0])


@pytest.mark.parametrize("name", GOOD)
def test_a_dns_name_can_be_claimed_attested_and_revoked(registry: Registry, name: str) -> None:
    registry.domains.claim_dns(name, sender=registry.alice)
    claimed = event(registry.domains, "DnsClaimed")
    assert (claimed.claimant, claimed.name) == (registry.alice, name)
    assert bytes(claimed.name_hash) == keccak(text=name)
    assert owner_of(registry, name) == ZERO
    until = attest(registry, name)
    assert registry.domains.dns_of(name) == (registry.alice, until)
    registry.domains.revoke_dns(name, sender=registry.alice)
    assert registry.domains.dns_of(name) == (ZERO, 0)


@pytest.mark.parametrize("name", BAD.values(), ids=BAD)
def test_what_is_no_dns_name_is_refused(registry: Registry, name: str) -> None:
    until = registry.now + FOR
    with boa.reverts("Domains: no DNS name"):
        registry.domains.claim_dns(name, sender=registry.alice)
    with boa.reverts("Domains: no DNS name"):
        registry.domains.attest_dns(name, registry.alice, until, sender=registry.verifier)
    with boa.reverts("Domains: no DNS name"):
        registry.domains.revoke_dns(name, sender=registry.verifier)


@effort(examples=200)
@given(
    name=st.from_regex(NAMES, fullmatch=True, alphabet="abz019-.")
    | st.text("ab.-1", max_size=12)
    | st.lists(st.text("ab1-", max_size=70), max_size=6).map(".".join)
)
def test_exactly_the_language_is_a_dns_name(deployed_registry: Registry, name: str) -> None:
    if len(name) > 255:
        return
    with boa.env.anchor():
        if NAMES.fullmatch(name):
            deployed_registry.domains.claim_dns(name, sender=deployed_registry.alice)
        else:
            with boa.reverts("Domains: no DNS name"):
                deployed_registry.domains.claim_dns(name, sender=deployed_registry.alice)


def test_an_attestation_is_told(registry: Registry) -> None:
    until = attest(registry)
    told = event(registry.domains, "DnsAttested")
    assert (bytes(told.name_hash), told.owner) == (keccak(text=NAME), registry.alice)
    assert (told.name, told.until) == (NAME, until)


def test_an_attestation_runs_out_by_itself(registry: Registry) -> None:
    until = attest(registry)
    registry.go_to(until - 1)
    assert owner_of(registry) == registry.alice
    registry.go_to(until)
    assert registry.domains.dns_of(NAME) == (ZERO, 0)
    with boa.reverts("Domains: not attested"):
        registry.domains.revoke_dns(NAME, sender=registry.alice)


def test_attesting_anew_prolongs_it_or_gives_it_to_another(registry: Registry) -> None:
    attest(registry)
    registry.world.pass_time(DAY)
    until = attest(registry)
    assert registry.domains.dns_of(NAME) == (registry.alice, until)
    attest(registry, owner=registry.bob)
    assert owner_of(registry) == registry.bob


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (0, "Domains: until has passed"),
        (-1, "Domains: until has passed"),
        (MOST + 1, "Domains: until too far ahead"),
    ],
)
def test_an_attestation_counts_for_a_time_to_come(
    registry: Registry, after: int, reason: str
) -> None:
    with boa.reverts(reason):
        attest(registry, after=after)


@pytest.mark.parametrize("after", [1, MOST])
def test_the_bounds_of_that_time(registry: Registry, after: int) -> None:
    assert registry.domains.dns_of(NAME) == (ZERO, 0)
    until = attest(registry, after=after)
    assert registry.domains.dns_of(NAME) == (registry.alice, until)


def test_a_name_is_attested_for_somebody(registry: Registry) -> None:
    with boa.reverts("Domains: attested for nobody"):
        attest(registry, owner=ZERO)


def test_a_claim_gives_nothing_and_may_be_anyones(registry: Registry) -> None:
    attest(registry)
    registry.domains.claim_dns(NAME, sender=registry.bob)
    assert owner_of(registry) == registry.alice


@pytest.mark.parametrize("who", ["alice", "verifier"])
def test_owner_and_verifier_revoke(registry: Registry, who: str) -> None:
    attest(registry)
    registry.domains.revoke_dns(NAME, sender=getattr(registry, who))
    told = event(registry.domains, "DnsRevoked")
    assert (bytes(told.name_hash), told.owner, told.name) == (
        keccak(text=NAME),
        registry.alice,
        NAME,
    )
    assert owner_of(registry) == ZERO


def test_nobody_else_revokes(registry: Registry) -> None:
    attest(registry)
    for stranger in (registry.bob, registry.pauser, registry.world.admin):
        with boa.reverts("Roles: missing role"):
            registry.domains.revoke_dns(NAME, sender=stranger)


def test_what_is_not_attested_can_not_be_revoked(registry: Registry) -> None:
    with boa.reverts("Domains: not attested"):
        registry.domains.revoke_dns(NAME, sender=registry.verifier)
