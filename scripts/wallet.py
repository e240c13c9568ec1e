"""A wallet and REST client that knows only the public faces: /v1, the node and the gateway.

It takes addresses and ABIs from `GET /v1/contracts`, as any wallet would, and nothing from the
project's own code. The demo and the end-to-end tests walk with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import requests
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from web3 import Web3
from web3.contract import Contract
from web3.types import TxReceipt, Wei

TIMEOUT_SECONDS = 30
POLL_SECONDS = 0.05

Seen = TypeVar("Seen")


class TransactionFailed(Exception):
    """A transaction that was mined, and reverted."""


@dataclass
class Platform:
    """Where the faces of a running platform are."""

    api_url: str
    chain_url: str
    gateway_url: str
    base_domain: str = "localhost"
    http: requests.Session = field(default_factory=requests.Session)

    @cached_property
    def node(self) -> Web3:
        """The node, as web3.py sees it."""
        return Web3(Web3.HTTPProvider(self.chain_url))

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """The contracts by name, from the API."""
        answer = self.http.get(f"{self.api_url}/v1/contracts", timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return {
            name: self.node.eth.contract(address=contract["address"], abi=contract["abi"])
            for name, contract in answer.json()["contracts"].items()
        }

    def visit(self, host: str, path: str = "/", **options: Any) -> requests.Response:
        """Asks the gateway for a page of a host."""
        headers = {"Host": host} | options.pop("headers", {})
        return self.http.get(
            f"{self.gateway_url}{path}",
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            **options,
        )


class Wallet:
    """One key, on one platform."""

    def __init__(self, platform: Platform, key: str | None = None) -> None:
        self.platform = platform
        self.account: LocalAccount = Account.from_key(key) if key else Account.create()
        self.token: str | None = None

    @property
    def address(self) -> ChecksumAddress:
        """The EIP-55 address."""
        return self.account.address

    def call(self, contract: str, function: str, *arguments: Any) -> Any:
        """Reads from a contract."""
        return (
            self.platform.contracts[contract]
            .functions[function](*arguments)
            .call({"from": self.address})
        )

    def send(self, contract: str, function: str, *arguments: Any, value: int = 0) -> TxReceipt:
        """Signs and sends a transaction (with some wei), and waits for its receipt.

        Raises web3's ContractLogicError where the node foresees a revert, TransactionFailed where
        it came as a surprise.
        """
        node = self.platform.node
        transaction = (
            self.platform.contracts[contract]
            .functions[function](*arguments)
            .build_transaction(
                {
                    "from": self.address,
                    "nonce": node.eth.get_transaction_count(self.address, "pending"),
                    "value": Wei(value),
                }
            )
        )
        return self._sign_and_send(dict(transaction))

    def fund(self, to: str, amount_wei: int) -> TxReceipt:
        """Sends ether."""
        node = self.platform.node
        return self._sign_and_send(
            {
                "to": to,
                "value": amount_wei,
                "gas": 21_000,
                "nonce": node.eth.get_transaction_count(self.address, "pending"),
                "maxFeePerGas": 2 * node.eth.gas_price,
                "maxPriorityFeePerGas": 10**9,
                "chainId": node.eth.chain_id,
            }
        )

    def sign_in(self) -> str:
        """Signs in with Ethereum (EIP-4361); the token is kept for `request`."""
        asked = {"address": self.address, "chain_id": self.platform.node.eth.chain_id}
        nonce = self.request("POST", "/v1/auth/nonce", json=asked)
        nonce.raise_for_status()
        message = nonce.json()["message"]
        signed = self.account.sign_message(encode_defunct(text=message))
        session = self.request(
            "POST",
            "/v1/auth/sessions",
            json={
                "message": message,
                "signature": "0x" + signed.signature.hex().removeprefix("0x"),
            },
        )
        session.raise_for_status()
        self.token = str(session.json()["token"])
        return self.token

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Asks the API, with the session's token once there is one."""
        headers = options.pop("headers", {})
        if self.token:
            headers = {"Authorization": f"Bearer {self.token}"} | headers
        return self.platform.http.request(
            method,
            f"{self.platform.api_url}{path}",
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            **options,
        )

    def get(self, path: str) -> Any:
        """What the API answers to a GET that must succeed."""
        answer = self.request("GET", path)
        answer.raise_for_status()
        return answer.json()

    def _sign_and_send(self, transaction: dict[str, Any]) -> TxReceipt:
        node = self.platform.node
        signed = self.account.sign_transaction(transaction)
        receipt = node.eth.wait_for_transaction_receipt(
            node.eth.send_raw_transaction(signed.raw_transaction), poll_latency=POLL_SECONDS
        )
        if receipt["status"] != 1:
            raise TransactionFailed(receipt["transactionHash"].to_0x_hex())
        return receipt


def wait_for(look: Callable[[], Seen | None], seconds: float, what: str) -> Seen:
    """Looks until it sees something, which None and False are not; what it saw.

    Raises TimeoutError, naming `what`, after so many seconds.
    """
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen is not None and seen is not False:
            return seen
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(POLL_SECONDS)
