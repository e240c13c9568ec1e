"""Gas of every function, first and steady use: whole transactions on py-evm through eth-tester.

Steady use is a call by an account that has done the same before, and whose services stream: what
a user pays every day. The targets are those that the project set itself; "-" where it set none.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_tester import EthereumTester, PyEVMBackend
from rich.console import Console
from rich.table import Table
from web3 import EthereumTesterProvider, Web3

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # started as a file by `make bench`, not as a module

from scripts.abi import compile_contract  # noqa: E402  # needs the line above
from scripts.dev_accounts import HD_PATH, MNEMONIC, dev_accounts  # noqa: E402

DAY = 86_400  # seconds
GRACE = 14 * DAY
DEADLINE = 2**32
CREDIT = 10**9  # nano credit
DOLLAR = 10**6  # base units of TestUSD
REFERENCE = b"\x11" * 32
TARGETS = {
    "Credits.buy": 52_000,
    "Credits.buy (no stream)": 52_000,
    "Credits.buy_with_permit": 70_000,
    "Credits.refund": 54_000,
    "Credits.refund (no stream)": 54_000,
    "Hosting.start": 75_000,
    "Hosting.pause": 45_000,
    "Hosting.resume": 45_000,
}


class Bench:
    """A chain with the contracts on it, and the gas that was measured: first use, later uses."""

    def __init__(self) -> None:
        backend = PyEVMBackend.from_mnemonic(MNEMONIC, hd_path=HD_PATH)
        self.tester = EthereumTester(backend)
        self.web3 = Web3(EthereumTesterProvider(self.tester))
        self.admin, self.user, self.other = self.web3.eth.accounts[:3]
        self.key = dev_accounts()[1].key
        self.gas: dict[str, list[int]] = {}
        self.usd = self.deploy("TestUSD")
        self.credits = self.deploy("Credits", self.usd.address, GRACE)
        self.hosting = self.deploy("Hosting", self.credits.address)

    def deploy(self, name: str, *arguments: Any) -> Any:
        """The contract, deployed by the admin."""
        artifact = compile_contract(name)
        factory = self.web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        receipt = self._mine(f"{name} deployed", factory.constructor(*arguments), self.admin)
        return self.web3.eth.contract(address=receipt["contractAddress"], abi=artifact["abi"])

    def send(self, name: str, call: Any, sender: str | None = None) -> None:
        """Sends a transaction an hour after the last one and keeps its gas under `name`."""
        now = self.web3.eth.get_block("latest")["timestamp"]
        self.tester.time_travel(now + 3_600)
        self._mine(name, call, sender or self.user)

    def _mine(self, name: str, call: Any, sender: str) -> Any:
        receipt = self.web3.eth.wait_for_transaction_receipt(call.transact({"from": sender}))
        if receipt["status"] != 1:
            raise RuntimeError(f"{name} reverted")
        self.gas.setdefault(name, []).append(receipt["gasUsed"])
        return receipt

    def permit(self, amount: int) -> tuple[int, bytes, bytes]:
        """The user's EIP-2612 signature for Credits."""
        message = {
            "owner": self.user,
            "spender": self.credits.address,
            "value": amount,
            "nonce": self.usd.functions.nonces(self.user).call(),
            "deadline": DEADLINE,
        }
        domain = {
            "name": "Test USD",
            "version": "1",
            "chainId": self.web3.eth.chain_id,
            "verifyingContract": self.usd.address,
        }
        types = {
            "Permit": [
                {"name": "owner", "type": "address"},
                {"name": "spender", "type": "address"},
                {"name": "value", "type": "uint256"},
                {"name": "nonce", "type": "uint256"},
                {"name": "deadline", "type": "uint256"},
            ]
        }
        signed = Account.sign_typed_data(self.key, domain, types, message)
        return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")


def measure() -> dict[str, list[int]]:
    """Walks through every function a few times; gas by name, in the order of use."""
    bench = Bench()
    usd, ledger, hosting = bench.usd.functions, bench.credits.functions, bench.hosting.functions
    user, admin, address = bench.user, bench.admin, bench.credits.address
    bench.send("Credits.set_meter", ledger.set_meter(bench.hosting.address, True), admin)
    bench.send("Hosting.set_roles", hosting.set_roles(admin, 31), admin)
    for _ in range(2):
        bench.send("Hosting.set_plan", hosting.set_plan(1, "Free", 1, 0, 30 * DAY, True), admin)
        bench.send("Hosting.set_plan", hosting.set_plan(2, "Paid", 1, 2_000, 0, True), admin)
        bench.send("TestUSD.mint", usd.mint(user, 10**6 * DOLLAR))
        bench.send("TestUSD.approve", usd.approve(address, 2**256 - 1))
    bench.send("TestUSD.mint", usd.mint(bench.other, 10**6 * DOLLAR))
    bench.send("TestUSD.approve", usd.approve(address, 2**256 - 1), bench.other)
    for _ in range(3):  # an account that nothing streams from
        bench.send("Credits.buy (no stream)", ledger.buy(20 * DOLLAR, bench.other), bench.other)
    bench.send("Credits.refund (no stream)", ledger.refund(CREDIT, bench.other), bench.other)
    bench.send("Credits.refund (no stream)", ledger.refund(CREDIT, bench.other), bench.other)
    for _ in range(3):
        bench.send("Credits.buy", ledger.buy(20 * DOLLAR, user))
        bench.send("Hosting.start", hosting.start(2, REFERENCE, 2_000))
    for _ in range(3):
        bench.send("Hosting.start (free)", hosting.start(1, REFERENCE, 0))
        bench.send("Hosting.pause", hosting.pause(1))
        bench.send("Hosting.resume", hosting.resume(1))
        bench.send("Credits.buy", ledger.buy(20 * DOLLAR, user))
        bench.send("Hosting.renew_free", hosting.renew_free(4))
        bench.send("Credits.refund", ledger.refund(CREDIT, user))
        bench.send("Credits.withdraw_earned", ledger.withdraw_earned(10**6, admin), admin)
    bench.send("TestUSD.approve", usd.approve(address, 0))
    for _ in range(3):
        signature = bench.permit(DOLLAR)
        call = ledger.buy_with_permit(DOLLAR, user, DEADLINE, *signature)
        bench.send("Credits.buy_with_permit", call)
    for per_day in (0, 10**6, 5 * 10**6, 10**6):
        bench.send("Credits.set_limit", ledger.set_limit(per_day))
    for service in (1, 2):
        bench.send("Hosting.suspend", hosting.suspend(service, "Phishing"), admin)
        bench.send("Hosting.unsuspend", hosting.unsuspend(service), admin)
        bench.send("Hosting.stop", hosting.stop(service))
    bench.send("Credits.propose_admin", ledger.propose_admin(bench.other), admin)
    bench.send("Credits.accept_admin", ledger.accept_admin(), bench.other)
    return bench.gas


def show(gas: dict[str, list[int]]) -> None:
    """Prints the table."""
    table = Table("function", "first", "steady", "target", title="gas of a whole transaction")
    for column in table.columns[1:]:
        column.justify = "right"
    for name in sorted(gas):
        first, steady = gas[name][0], gas[name][-1]
        target = TARGETS.get(name)
        mark = "" if target is None or steady <= target else " !"
        table.add_row(name, f"{first:,}", f"{steady:,}{mark}", f"{target:,}" if target else "-")
    Console().print(table)


def main() -> None:
    """Measures, prints, and keeps the figures where a path is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to keep the figures")
    arguments = parser.parse_args()
    gas = measure()
    show(gas)
    if arguments.json:
        figures = {
            name: {"first": uses[0], "steady": uses[-1], "target": TARGETS.get(name)}
            for name, uses in sorted(gas.items())
        }
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
