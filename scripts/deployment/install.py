"""Brings a chain to what the spec says, and writes the manifest.

Invariant: every contract made is noted in `<manifest>.partial` before the next step, and each
setting is read before it is sent; so what was cut off at any point goes on by running it again.
A whole manifest of this chain means that nothing is left to do. Refuses a manifest of another
chain, and one whose contracts are gone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from indexer.manifest import (
    DeployedContract,
    Deployment,
    DeploymentError,
    load_deployment,
    save_deployment,
)
from scripts.deployment.errors import DeployError
from scripts.deployment.hands import Hands
from scripts.deployment.spec import Spec

Say = Callable[[str], None]


def deploy_with(hands: Hands, spec: Spec, manifest: Path, say: Say) -> Deployment:
    """Deploys what isn't there yet; raises DeployError."""
    partial = manifest.with_name(manifest.name + ".partial")
    known = load_of_this_chain(hands, manifest) if manifest.exists() else None
    if known is not None:
        gone = [name for name, at in known.contracts.items() if not hands.has_code(at.address)]
        if gone:
            raise DeployError(f"{manifest} names {gone[0]}, but no contract stands at its address")
        if set(spec.contracts) <= set(known.contracts):
            say(f"Nothing to deploy: {manifest} is of this chain and its contracts stand.")
            return known
    elif partial.exists():
        known = load_of_this_chain(hands, partial)
        say(f"Going on with what {partial} says was begun.")
    contracts = dict(known.contracts) if known else {}
    contracts = {name: at for name, at in contracts.items() if hands.has_code(at.address)}
    installer = _Installer(hands, spec, contracts, partial, say)
    deployment = installer.run()
    save_deployment(deployment, manifest)
    partial.unlink(missing_ok=True)
    say(f"Wrote {manifest}.")
    return deployment


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
        asset = self._spec.asset or self._contract("TestUSD")
        credits_ = self._contract("Credits", asset, self._spec.grace_seconds)
        hosting = self._contract("Hosting", credits_)
        self._setting("Credits", "meters", (hosting,), True, "set_meter", (hosting, True))
        for plan in self._spec.plans:
            self._setting(
                *("Hosting", "plan_of", (plan.number,), plan.terms),
                *("set_plan", (plan.number, *plan.terms)),
            )
        me, roles = self._hands.sender, self._spec.deployer_roles
        for name in ("Credits", "Hosting"):
            self._setting(name, "roles_of", (me,), roles, "set_roles", (me, roles))
        return self._deployment()

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
        address = self._contracts[name].address
        if self._hands.read(name, address, view, *key) == wanted:
            return
        self._hands.send(name, address, function, *arguments)
        self._say(f"{name}.{function}({', '.join(map(str, arguments))})")

    def _deployment(self) -> Deployment:
        return Deployment(
            chain_id=self._hands.chain_id,
            genesis_hash=self._hands.genesis_hash,
            contracts=dict(self._contracts),
        )
