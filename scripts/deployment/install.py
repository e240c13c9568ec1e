"""Brings a chain to what the spec says, and writes the manifest.

Invariant: every contract made is noted in `<manifest>.partial` before the next step, and each
setting is read before it is sent; so what was cut off at any point goes on by running it again.
A whole manifest of this chain means that nothing is left to do. Refuses a manifest of another
chain, and one whose contracts are gone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from indexer.manifest import (
    DeployedContract,
    Deployment,
    DeploymentError,
    load_deployment,
    save_deployment,
)
from scripts.deployment.code import is_ours
from scripts.deployment.errors import DeployError
from scripts.deployment.hands import Hands
from scripts.deployment.spec import DAY_SECONDS, OWN, Spec

Say = Callable[[str], None]


def deploy_with(hands: Hands, spec: Spec, manifest: Path, say: Say) -> Deployment:
    """Deploys what isn't there yet; raises DeployError."""
    partial = manifest.with_name(manifest.name + ".partial")
    known = load_of_this_chain(hands, manifest) if manifest.exists() else None
    if known is not None:
        gone = [name for name, at in known.contracts.items() if not hands.code(at.address)]
        if gone:
            raise DeployError(f"{manifest} names {gone[0]}, but no contract stands at its address")
        _check_code(hands, known, manifest)
        if set(spec.contracts) <= set(known.contracts):
            say(f"Nothing to deploy: {manifest} is of this chain and its contracts stand.")
            return known
    elif partial.exists():
        known = load_of_this_chain(hands, partial)
        _check_code(hands, known, partial)
        say(f"Going on with what {partial} says was begun.")
    contracts = dict(known.contracts) if known else {}
    contracts = {name: at for name, at in contracts.items() if hands.code(at.address)}
    installer = _Installer(hands, spec, contracts, partial, say)
    deployment = installer.run()
    save_deployment(deployment, manifest)
    partial.unlink(missing_ok=True)
    say(f"Wrote {manifest}.")
    return deployment


def _check_code(hands: Hands, known: Deployment, manifest: Path) -> None:
    """What an earlier version of the repository deployed can't be built upon."""
    codes = {name: hands.code(at.address) for name, at in known.contracts.items()}
    other = [name for name, code in codes.items() if code and not is_ours(name, code)]
    if other:
        raise DeployError(
            f"{manifest} names {', '.join(other)} of another version than this program's: a "
            "development chain is begun anew by removing its data folder, any other chain gets "
            "its contracts beside the old ones by naming another manifest"
        )


def load_of_this_chain(hands: Hands, manifest: Path) -> Deployment:
    """A manifest that must be of the chain in hand; raises DeployError."""
    try:
        found = load_deployment(manifest)
    except DeploymentError as error:
        raise DeployError(str(error)) from error
    if found.chain_id != hands.chain_id:
        raise DeployError(
            f"{manifest} is of chain {found.chain_id}, the node follows chain {hands.chain_id}; "
            "name another manifest or another node"
        )
    if found.genesis_hash != hands.genesis_hash:
        raise DeployError(
            f"{manifest} is of another chain {found.chain_id}: its genesis is "
            f"{found.genesis_hash}, the node's {hands.genesis_hash}; move it away"
        )
    return found


class _Installer:
    """One run of the steps."""

    def __init__(
        self,
        hands: Hands,
        spec: Spec,
        contracts: dict[str, DeployedContract],
        partial: Path,
        say: Say,
    ) -> None:
        self._hands = hands
        self._spec = spec
        self._contracts = contracts
        self._partial = partial
        self._say = say

    def run(self) -> Deployment:
        spec = self._spec
        asset = spec.asset or self._contract("TestUSD")
        credits_ = self._contract("Credits", asset, self._spec.grace_seconds)
        hosting = self._contract("Hosting", credits_)
        cap = spec.grant_cap
        self._setting("Credits", "grant_cap", (), cap, "set_grant_cap", (cap,))
        terms = (spec.top_label, list(spec.name_prices))
        domains = self._contract("Domains", credits_, hosting, *terms)
        # Both on the first day of Credits: on any later one a meter counts two days after it.
        for meter in (hosting, domains):
            if not self._read("Credits", "meter_of", meter)[0]:
                self._send("Credits", "set_meter", meter, True)
        for tier in spec.tiers:
            self._setting(
                *("Hosting", "tier_terms", (tier.number,), tier.terms),
                *("set_tier", (tier.number, *tier.terms)),
            )
        for plan in spec.plans:
            self._setting(
                *("Hosting", "plan_of", (plan.number,), plan.terms),
                *("set_plan", (plan.number, *plan.terms)),
            )
        if not spec.asset:
            self._sell_ether(credits_)
        me, roles = self._hands.sender, spec.deployer_roles
        for name in OWN:
            self._setting(name, "roles_of", (me,), roles, "set_roles", (me, roles))
        return self._deployment()

    def _sell_ether(self, credits_: str) -> None:
        """On a development chain ether buys credit too: by a feed and a float for tests."""
        feed, amount = self._contract("TestFeed", self._spec.test_price), self._spec.test_float
        self._setting("Credits", "feed", (), feed, "set_feed", (feed, DAY_SECONDS))
        if self._read("Credits", "float") == 0:
            units = amount // self._read("Credits", "SCALE")
            me = self._hands.sender
            if self._read("TestUSD", "balanceOf", me) < units:
                self._send("TestUSD", "mint", me, units)
            if self._read("TestUSD", "allowance", me, credits_) < units:
                self._send("TestUSD", "approve", credits_, units)
            self._send("Credits", "add_float", units)

    def _contract(self, name: str, *arguments: object) -> str:
        """The address of a contract, which is made where there is none yet."""
        if name not in self._contracts:
            made = self._hands.create(name, *arguments)
            self._contracts[name] = made
            save_deployment(self._deployment(), self._partial)
            self._say(f"{name}: {made.address}, in block {made.block}")
        return self._contracts[name].address

    def _setting(
        self,
        name: str,
        view: str,
        key: tuple[object, ...],
        wanted: object,
        function: str,
        arguments: tuple[object, ...],
    ) -> None:
        """Sends a transaction only where a view doesn't say already what is wanted."""
        if self._read(name, view, *key) != wanted:
            self._send(name, function, *arguments)

    def _read(self, name: str, view: str, *key: object) -> Any:
        return self._hands.read(name, self._contracts[name].address, view, *key)

    def _send(self, name: str, function: str, *arguments: object) -> None:
        self._hands.send(name, self._contracts[name].address, function, *arguments)
        self._say(f"{name}.{function}({', '.join(map(str, arguments))})")

    def _deployment(self) -> Deployment:
        return Deployment(
            chain_id=self._hands.chain_id,
            genesis_hash=self._hands.genesis_hash,
            contracts=dict(self._contracts),
        )
