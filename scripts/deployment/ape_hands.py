"""Deploys from an account that Ape can unlock, on the network that Ape is connected to."""

from __future__ import annotations

import os
from typing import Any

from ape import chain, project
from ape.api import AccountAPI
from ape.exceptions import ApeException
from eth_utils.address import to_checksum_address

from indexer.manifest import DeployedContract
from scripts.deployment.errors import DeployError


class ApeHands:
    """An Ape account on the connected network."""

    def __init__(self, account: AccountAPI) -> None:
        """Signs without asking where the account's passphrase is in Ape's own variable."""
        if os.environ.get(f"APE_ACCOUNTS_{account.alias}_PASSPHRASE"):
            account.set_autosign(True)
        self._account = account
        self.chain_id = int(chain.provider.chain_id)
        genesis = chain.provider.get_block(0).hash
        self.genesis_hash = "0x" + bytes(genesis).hex()

    @property
    def sender(self) -> str:
        """The account's address."""
        return str(self._account.address)

    def has_code(self, address: str) -> bool:
        """Whether a contract stands at an address."""
        return bool(chain.provider.get_code(to_checksum_address(address)))

    def create(self, name: str, *arguments: Any) -> DeployedContract:
        """Compiles and deploys a contract."""
        try:
            made = self._account.deploy(getattr(project, name), *arguments)
        except ApeException as error:
            raise DeployError(f"{name}: {error}") from error
        return DeployedContract(
            address=str(made.address), block=int(made.creation_metadata.receipt.block_number)
        )

    def send(self, name: str, address: str, function: str, *arguments: Any) -> None:
        """Sends a transaction to a contract."""
        try:
            self._at(name, address, function)(*arguments, sender=self._account)
        except ApeException as error:
            raise DeployError(f"{name}.{function}: {error}") from error

    def read(self, name: str, address: str, function: str, *arguments: Any) -> Any:
        """Reads a view of a contract."""
        try:
            found = self._at(name, address, function)(*arguments)
        except ApeException as error:
            raise DeployError(f"{name}.{function}: {error}") from error
        return tuple(found.values()) if hasattr(found, "values") else found

    def _at(self, name: str, address: str, function: str) -> Any:
        return getattr(getattr(project, name).at(address), function)
