"""Many real events on a real node: anvil, and a contract that emits Credits' own event in bulk.

What it emits follows from the block's number by keccak, so that the rows it must lead to are
known without asking anybody.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import requests
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from vyper import compile_code

from indexer.manifest import DeployedContract, Deployment
from scripts.dev_accounts import dev_accounts
from tests.support.chain import free_port
from tests.support.tools import anvil

ACCOUNTS = 10_000
START_SECONDS = 20.0
BATCH = 50  # transactions in one post
TRANSACTION_GAS = 900_000
BLOCK_GAS = 1_000_000  # so that a block takes one transaction

SOURCE = f"""
# pragma version 0.4.3
event Bought:
    account: indexed(address)
    buyer: indexed(address)
    amount: uint256
    word: uint256

@external
def emit(seed: uint256, count: uint256):
    for at: uint256 in range(count, bound=200):
        words: Bytes[64] = concat(convert(seed, bytes32), convert(at, bytes32))
        drawn: uint256 = convert(keccak256(words), uint256)
        account: address = convert(convert(1 + drawn % {ACCOUNTS}, uint160), address)
        log Bought(account=account, buyer=msg.sender, amount=drawn >> 200, word=drawn >> 10)
"""


@dataclass(frozen=True)
class Node:
    """A running anvil with the contracts on it; blocks come when they are asked for."""

    url: str
    deployment: Deployment
    http: requests.Session

    def call(self, method: str, *params: Any) -> Any:
        """The result of one call."""
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        answer = self.http.post(self.url, json=question).json()
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def emit(self, first_seed: int, blocks: int, events: int) -> None:
        """Mines blocks of so many events each; a block's seed counts on from the first."""
        sender = dev_accounts()[0].address
        nonce = int(self.call("eth_getTransactionCount", sender, "latest"), 16)
        for at in range(0, blocks, BATCH):
            questions = [
                _question(
                    "eth_sendTransaction", [self._transaction(first_seed + n, events, nonce + n)]
                )
                for n in range(at, min(at + BATCH, blocks))
            ]
            answers = self.http.post(self.url, json=questions).json()
            failed = [answer["error"] for answer in answers if "error" in answer]
            if failed:
                raise RuntimeError(f"anvil: {failed[0]}")
            self.call("anvil_mine", hex(len(questions)))

    def _transaction(self, seed: int, events: int, nonce: int) -> dict[str, str]:
        return {
            "from": dev_accounts()[0].address,
            "to": self.deployment.contracts["Credits"].address,
            "nonce": hex(nonce),
            "gas": hex(TRANSACTION_GAS),
            "data": "0x" + _selector().hex() + f"{seed:064x}{events:064x}",
        }


@contextmanager
def running_node() -> Iterator[Node]:
    """A fresh anvil; every contract of the manifest is the emitter."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        anvil(),
        "--port",
        str(port),
        "--no-mining",
        "--silent",
        "--gas-limit",
        str(BLOCK_GAS),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        with requests.Session() as http:
            _wait_for(http, url)
            blank = Node(
                url, Deployment(chain_id=1, genesis_hash="0x" + "0" * 64, contracts={}), http
            )
            yield Node(url, _deploy(blank), http)
    finally:
        process.terminate()
        process.wait(10)


def expected_words(seeds: range, events: int) -> dict[str, tuple[int, int]]:
    """Each account's last (word, seed), by address."""
    words: dict[str, tuple[int, int]] = {}
    for seed in seeds:
        for at in range(events):
            drawn = int.from_bytes(keccak(seed.to_bytes(32, "big") + at.to_bytes(32, "big")), "big")
            words[_address(1 + drawn % ACCOUNTS)] = (drawn >> 10, seed)
    return words


@cache
def _address(number: int) -> str:
    return to_checksum_address(number.to_bytes(20, "big"))


def _deploy(node: Node) -> Deployment:
    bytecode = compile_code(SOURCE, output_formats=["bytecode"])["bytecode"]
    contracts = {}
    for number, name in enumerate(("Credits", "Hosting", "Domains"), start=1):
        sent = node.call(
            "eth_sendTransaction",
            {"from": dev_accounts()[0].address, "data": bytecode, "gas": hex(TRANSACTION_GAS)},
        )
        node.call("evm_mine")
        receipt = node.call("eth_getTransactionReceipt", sent)
        contracts[name] = DeployedContract(address=receipt["contractAddress"], block=number)
    genesis = node.call("eth_getBlockByNumber", "0x0", False)
    return Deployment(
        chain_id=int(node.call("eth_chainId"), 16),
        genesis_hash=genesis["hash"],
        contracts=contracts,
    )


def _selector() -> bytes:
    return bytes(keccak(b"emit(uint256,uint256)")[:4])


def _question(method: str, params: list[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def _wait_for(http: requests.Session, url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            http.post(url, json=_question("eth_chainId", []))
            return
        except requests.RequestException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
