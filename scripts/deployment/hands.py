"""The port between a deployment's steps and whoever signs and sends its transactions."""

from __future__ import annotations

from typing import Any, Protocol

from indexer.manifest import DeployedContract


class Hands(Protocol):
    """One account on one chain. A transaction that fails raises DeployError."""

    @property
    def sender(self) -> str:
        """The account's address, EIP-55."""

    @property
    def chain_id(self) -> int:
        """The chain's id."""

    @property
    def genesis_hash(self) -> str:
        """The chain's first block, 0x hex."""

    def has_code(self, address: str) -> bool:
        """Whether a contract stands at an address."""

    def create(self, name: str, *arguments: Any) -> DeployedContract:
        """Deploys a contract of the repository."""

    def send(self, name: str, address: str, function: str, *arguments: Any) -> None:
        """Sends a transaction to a contract, and waits until it is mined."""

    def read(self, name: str, address: str, function: str, *arguments: Any) -> Any:
        """Reads a view; a struct comes as a tuple."""
