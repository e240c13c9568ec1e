"""The port between a deployment's steps and whoever signs and sends its transactions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from eth_abi.abi import encode
from eth_utils.abi import event_abi_to_log_topic
from eth_utils.crypto import keccak

from indexer.abi import load_abi
from indexer.manifest import DeployedContract

LOG_RANGE = 10_000  # blocks a request: what public nodes allow

Log = dict[str, Any]  # as `eth_getLogs` answers: topics and data as 0x hex
Ask = Callable[[str, list[Any]], Any]  # sends one JSON-RPC request


def call_word(ask: Ask, address: str, view: str, arguments: list[Any], block: int) -> int:
    """One word that a view answers as of a block; the view is named as "balanceOf(address)"."""
    types = view[view.index("(") + 1 : -1]
    data = keccak(text=view)[:4] + encode(types.split(",") if types else [], arguments)
    return int(ask("eth_call", [{"to": address, "data": "0x" + data.hex()}, hex(block)]), 16)


def topic_of(contract: str, event: str) -> str:
    """The first topic of a contract's event, 0x hex."""
    (abi,) = (it for it in load_abi(contract) if it["type"] == "event" and it["name"] == event)
    return "0x" + event_abi_to_log_topic(abi).hex()  # type: ignore[arg-type]  # the JSON's shape


def fetch_logs(ask: Ask, address: str, topics: list[str | None], from_block: int) -> list[Log]:
    """By `eth_getLogs` in ranges."""
    head = int(ask("eth_blockNumber", []), 16)
    found: list[Log] = []
    for first in range(from_block, head + 1, LOG_RANGE):
        last = min(head, first + LOG_RANGE - 1)
        wanted = {
            "address": address,
            "topics": topics,
            "fromBlock": hex(first),
            "toBlock": hex(last),
        }
        found += ask("eth_getLogs", [wanted])
    return found


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

    def code(self, address: str) -> bytes:
        """The code at an address; empty where no contract stands."""

    def logs(self, address: str, topics: list[str | None], from_block: int) -> list[Log]:
        """A contract's logs from a block on, by their first topics, oldest first."""

    def ask(self, method: str, params: list[Any]) -> Any:
        """What the node answers a JSON-RPC request; an error raises DeployError."""

    def create(self, name: str, *arguments: Any) -> DeployedContract:
        """Deploys a contract of the repository."""

    def estimate(self, name: str, address: str, function: str, *arguments: Any) -> int:
        """The gas that a transaction would take; one that would be refused raises DeployError."""

    def send(self, name: str, address: str, function: str, *arguments: Any) -> str:
        """Sends a transaction to a contract and waits until it is mined; its hash, 0x hex."""

    def read(self, name: str, address: str, function: str, *arguments: Any) -> Any:
        """Reads a view; a struct comes as a tuple."""
