"""One operator at one deployment: what would change is told before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from indexer.manifest import Deployment
from scripts.deployment.errors import DeployError
from scripts.deployment.hands import Hands
from scripts.deployment.install import load_of_this_chain
from scripts.deployment.spec import Plan, Tier


@dataclass(frozen=True)
class Desk:
    """Reads and sends by the manifest's addresses. Every call may raise DeployError."""

    hands: Hands
    manifest: Path
    dry_run: bool
    say: Callable[[str], None]

    @cached_property
    def deployment(self) -> Deployment:
        """The manifest, which must be of the chain in hand."""
        return load_of_this_chain(self.hands, self.manifest)

    def address(self, contract: str) -> str:
        """Where a contract stands."""
        contracts = self.deployment.contracts
        if contract not in contracts:
            raise DeployError(f"{self.manifest} names no {contract}")
        return contracts[contract].address

    def read(self, contract: str, view: str, *key: Any) -> Any:
        """What a view answers; a struct comes as a tuple."""
        return self.hands.read(contract, self.address(contract), view, *key)

    def now(self) -> int:
        """The chain's time: the newest block's unix second."""
        return int(self.hands.ask("eth_getBlockByNumber", ["latest", False])["timestamp"], 16)

    def tell(self, what: str, before: object, after: object) -> bool:
        """Prints a change; whether it is one."""
        if before == after:
            return False
        self.say(f"{what}: {before} -> {after}")
        return True

    def tell_fields(self, before: Tier | Plan, after: Tier | Plan) -> bool:
        """Prints each field that changes; whether any does."""
        changed = [
            self.tell(it.name, getattr(before, it.name), getattr(after, it.name))
            for it in fields(before)
        ]
        return any(changed)

    def send(self, contract: str, function: str, *arguments: Any) -> bool:
        """Sends a transaction and waits until it is mined; False where this is a dry run.

        A dry run asks the node instead whether the contract would take it.
        """
        address = self.address(contract)
        if self.dry_run:
            gas = self.hands.estimate(contract, address, function, *arguments)
            self.say(f"Dry run: {contract}.{function} was not sent; it would take {gas:,} gas.")
            return False
        transaction = self.hands.send(contract, address, function, *arguments)
        self.say(f"{contract}.{function} is done: {transaction}")
        return True
