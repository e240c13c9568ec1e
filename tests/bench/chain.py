"""The chain that gas is measured on: py-evm through eth-tester, the same to the second every time.

Whole transactions, calldata and the 21,000 included. The first block's time is fixed and every
measured transaction comes an hour after the one before it, so that a figure changes only when the
code does. Gas is never estimated: that would run each transaction a second time, and more.
"""

from __future__ import annotations

from typing import Any

from eth_account import Account
from eth_tester import EthereumTester, PyEVMBackend
from web3 import EthereumTesterProvider, Web3

from scripts.abi import compile_contract
from scripts.dev_accounts import HD_PATH, MNEMONIC

HOUR = 3_600  # seconds
DAY = 24 * HOUR
START = 20_600 * DAY + DAY // 2  # noon of a day in May 2026: the first block's second
GAS_LIMIT = 29_000_000  # of a transaction, below the block's 30,000,000

Uses = dict[str, list[int]]  # gas of every use of a function, in the order of use


class Chain:
    """A fresh chain, and the gas of what was sent there: by name, in the order of use."""

    def __init__(self) -> None:
        Account.enable_unaudited_hdwallet_features()
        first_block = PyEVMBackend.generate_genesis_params({"timestamp": START})
        self.backend = PyEVMBackend.from_mnemonic(
            MNEMONIC, hd_path=HD_PATH, genesis_parameters=first_block
        )
        self.web3 = Web3(EthereumTesterProvider(EthereumTester(self.backend)))
        self.now = START
        self.admin, self.user, self.other = self.web3.eth.accounts[:3]
        self.gas: Uses = {}

    def deploy(self, name: str, *arguments: Any) -> Any:
        """One of our contracts, deployed by the admin."""
        return self.deploy_artifact(name, compile_contract(name), *arguments)

    def deploy_artifact(self, name: str, artifact: dict[str, Any], *arguments: Any) -> Any:
        """Any contract of an `abi` and a creation `bytecode`, deployed by the admin."""
        factory = self.web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        receipt = self.mine(factory.constructor(*arguments), self.admin)
        self.gas.setdefault(f"{name} deployed", []).append(receipt["gasUsed"])
        return self.web3.eth.contract(address=receipt["contractAddress"], abi=artifact["abi"])

    def send(self, name: str, call: Any, sender: str | None = None, value: int = 0) -> None:
        """Sends a transaction an hour after the last one, with `value` wei, keeps its gas."""
        self.pass_time(HOUR - 1)
        receipt = self.mine(call, sender or self.user, value)
        self.gas.setdefault(name, []).append(receipt["gasUsed"])

    def pass_time(self, seconds: int) -> None:
        """Moves the chain's clock on; the next block comes a second later."""
        self.now += seconds

    def mine(self, call: Any, sender: str, value: int = 0) -> Any:
        """The receipt of a call that must not revert, in a block of its own a second later."""
        self.now += 1
        # Each time: a block that isn't told its second takes the machine's.
        self.backend.chain.set_header_timestamp(self.now)
        paid = {"value": value} if value else {}
        receipt = self.web3.eth.wait_for_transaction_receipt(
            call.transact({"from": sender, "gas": GAS_LIMIT, **paid})
        )
        if receipt["status"] != 1:
            raise RuntimeError(f"{call} reverted: {self._reason(call, sender, value)}")
        return receipt

    def _reason(self, call: Any, sender: str, value: int) -> str:
        """What a call that reverted says when it is only asked."""
        try:
            call.call({"from": sender, "value": value})
        except Exception as error:  # whatever the node says is the reason
            return str(error)
        return "by its state at the time"
