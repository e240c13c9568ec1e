"""Deploys by web3.py with a private key: what `make run` does, without Ape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from eth_account import Account
from web3 import Web3
from web3.exceptions import ContractLogicError, Web3Exception
from web3.types import RPCEndpoint, TxParams, TxReceipt

from indexer.abi import load_abi
from indexer.manifest import DeployedContract, Deployment
from scripts.abi import compile_contract
from scripts.deployment.errors import DeployError
from scripts.deployment.hands import Log, fetch_logs
from scripts.deployment.install import deploy_with
from scripts.deployment.spec import DEVELOPMENT, Spec

RECEIPT_SECONDS = 60
POLL_SECONDS = 0.05


def deploy(
    rpc_url: str,
    private_key: str,
    manifest_path: Path,
    spec: Spec = DEVELOPMENT,
    say: Callable[[str], None] = print,
) -> Deployment:
    """Deploys what isn't there yet to the chain behind a URL; raises DeployError."""
    try:
        return deploy_with(Web3Hands(rpc_url, private_key), spec, manifest_path, say)
    except (Web3Exception, OSError) as error:
        raise DeployError(f"{rpc_url}: {error}") from error


class Web3Hands:
    """A key and a node."""

    def __init__(self, rpc_url: str, private_key: str) -> None:
        self._node = Web3(Web3.HTTPProvider(rpc_url))
        self._account = Account.from_key(private_key)
        self.chain_id = self._node.eth.chain_id
        self.genesis_hash = self._node.eth.get_block(0)["hash"].to_0x_hex()

    @property
    def sender(self) -> str:
        """The key's address."""
        return str(self._account.address)

    def code(self, address: str) -> bytes:
        """The code at an address."""
        return bytes(self._node.eth.get_code(Web3.to_checksum_address(address)))

    def logs(self, address: str, topics: list[str | None], from_block: int) -> list[Log]:
        """A contract's logs from a block on."""
        return fetch_logs(self.ask, address, topics, from_block)

    def ask(self, method: str, params: list[Any]) -> Any:
        """What the node answers a JSON-RPC request."""
        answer = self._node.provider.make_request(RPCEndpoint(method), params)
        if "error" in answer:
            raise DeployError(f"{method}: {answer['error']}")
        return answer["result"]

    def create(self, name: str, *arguments: Any) -> DeployedContract:
        """Compiles and deploys a contract."""
        factory = self._node.eth.contract(abi=load_abi(name), bytecode=_bytecode(name))
        receipt = self._transact(name, factory.constructor(*arguments).build_transaction)
        address = receipt["contractAddress"]
        return DeployedContract(address=str(address), block=receipt["blockNumber"])

    def estimate(self, name: str, address: str, function: str, *arguments: Any) -> int:
        """The gas that a transaction would take."""
        call = self._at(name, address).functions[function](*arguments)
        with _refusals_of(f"{name}.{function}"):
            return int(call.estimate_gas({"from": self.sender}))

    def send(self, name: str, address: str, function: str, *arguments: Any) -> str:
        """Sends a transaction to a contract; its hash."""
        call = self._at(name, address).functions[function](*arguments)
        with _refusals_of(f"{name}.{function}"):
            receipt = self._transact(f"{name}.{function}", call.build_transaction)
        return str(receipt["transactionHash"].to_0x_hex())

    def read(self, name: str, address: str, function: str, *arguments: Any) -> Any:
        """Reads a view of a contract."""
        with _refusals_of(f"{name}.{function}"):
            return self._at(name, address).functions[function](*arguments).call()

    def _at(self, name: str, address: str) -> Any:
        return self._node.eth.contract(
            address=Web3.to_checksum_address(address), abi=load_abi(name)
        )

    def _transact(self, what: str, build: Callable[[TxParams], TxParams]) -> TxReceipt:
        eth = self._node.eth
        sender = self._account.address
        unsigned = build({"from": sender, "nonce": eth.get_transaction_count(sender, "pending")})
        signed = self._account.sign_transaction(unsigned)
        receipt = eth.wait_for_transaction_receipt(
            eth.send_raw_transaction(signed.raw_transaction), RECEIPT_SECONDS, POLL_SECONDS
        )
        if receipt["status"] != 1:
            raise DeployError(f"{what} failed in {receipt['transactionHash'].to_0x_hex()}")
        return receipt


@contextmanager
def _refusals_of(what: str) -> Iterator[None]:
    try:
        yield
    except ContractLogicError as error:
        reason = (error.message or "no reason").removeprefix("execution reverted: ")
        raise DeployError(f"{what}: {reason}") from error


@cache
def _bytecode(name: str) -> str:
    return str(compile_contract(name)["bytecode"])
