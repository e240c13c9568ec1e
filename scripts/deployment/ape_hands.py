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
from scripts.deployment.hands import Log, fetch_logs


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

    def code(self, address: str) -> bytes:
        """The code at an address."""
        return bytes(chain.provider.get_code(to_checksum_address(address)))

    def logs(self, address: str, topics: list[str | None], from_block: int) -> list[Log]:
        """A contract's logs from a block on."""
        return fetch_logs(self.ask, address, topics, from_block)

    def ask(self, method: str, params: list[Any]) -> Any:
        """What the node answers a JSON-RPC request."""
        try:
            return chain.provider.make_request(method, params)
        except ApeException as error:
            raise DeployError(f"{method}: {error}") from error

    def create(self, name: str, *arguments: Any) -> DeployedContract:
        """Compiles and deploys a contract."""
        try:
            made = self._account.deploy(getattr(project, name), *arguments)
        except ApeException as error:
            raise DeployError(f"{name}: {error}") from error
        return DeployedContract(
            address=str(made.address), block=int(made.creation_metadata.receipt.block_number)
        )

    def estimate(self, name: str, address: str, function: str, *arguments: Any) -> int:
        """The gas that a transaction would take."""
        try:
            called = self._at(name, address, function)
            return int(called.estimate_gas_cost(*arguments, sender=self._account))
        except ApeException as error:
            raise DeployError(f"{name}.{function}: {error}") from error

    def send(self, name: str, address: str, function: str, *arguments: Any) -> str:
        """Sends a transaction to a contract; its hash."""
        try:
            receipt = self._at(name, address, function)(*arguments, sender=self._account)
        except ApeException as error:
            raise DeployError(f"{name}.{function}: {error}") from error
        return str(receipt.txn_hash)

    def read(self, name: str, address: str, function: str, *arguments: Any) -> Any:
        """Reads a view of a contract."""
        try:
            # Asking for the trace of a refused call breaks Ape where the node can't give one.
            found = self._at(name, address, function)(*arguments, skip_trace=True)
        except ApeException as error:
            raise DeployError(f"{name}.{function}: {error}") from error
        return tuple(found.values()) if hasattr(found, "values") else found

    def _at(self, name: str, address: str, function: str) -> Any:
        return getattr(getattr(project, name).at(address), function)
