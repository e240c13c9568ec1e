"""Who the node is, and what it has to say where a development chain has nothing to tell."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

from eth_utils.crypto import keccak

from scripts.devnet.genesis import CHAIN_ID, COINBASE
from scripts.devnet.node import Method, Node
from scripts.devnet.params import read_data
from scripts.devnet.render import data, quantity


def client_version(_node: Node) -> str:
    """The name and version of this node."""
    return (
        f"DecentraSpace-devnet/v{version('decentraspace')}"
        f"/py-evm-{version('py-evm')}/python{platform.python_version()}"
    )


def sha3(_node: Node, payload: Any) -> str:
    """The Keccak-256 of some data."""
    return data(keccak(read_data(payload, "data")))


METHODS: dict[str, Method] = {
    "web3_clientVersion": client_version,
    "web3_sha3": sha3,
    "net_version": lambda _node: str(CHAIN_ID),
    "net_listening": lambda _node: True,
    "net_peerCount": lambda _node: quantity(0),
    "eth_chainId": lambda _node: quantity(CHAIN_ID),
    "eth_syncing": lambda _node: False,
    "eth_mining": lambda _node: True,  # Ape waits for receipts only where this is so
    "eth_coinbase": lambda _node: data(COINBASE),
    "eth_accounts": lambda node: [data(address) for address in node.accounts],
}
