"""Gas of Domains, first and steady use: whole transactions on py-evm through eth-tester.

Steady use is an account that has done the same before, has paid credit and a service that
streams; a name's records are replaced by records of the same kind. Every registration is of a name
that nobody had before, unless it says otherwise. The targets are those that the project set
itself, the anchors what ENS was measured at on anvil; "-" where there is none.
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

MNEMONIC = "test test test test test test test test test test test junk"
DAY = 86_400  # seconds
YEAR = 365 * DAY
GRACE = 14 * DAY
CREDIT = 10**9  # nano credit
DOLLAR = 10**6  # base units of TestUSD
PRICES = (640 * CREDIT, 160 * CREDIT, 5 * CREDIT)
SECRET = bytes(range(1, 33))
TARGETS = {
    "register": 90_000,
    "renew": 50_000,
    "set_contenthash": 40_000,
}
ENS = {
    "commit": 44_206,
    "register": 213_373,
    "renew": 87_249,
    "set_contenthash": 49_431,
}


class Bench:
    """A chain with the contracts on it, and the gas that was measured: first use, later uses."""

    def __init__(self) -> None:
        Account.enable_unaudited_hdwallet_features()
        backend = PyEVMBackend.from_mnemonic(MNEMONIC, hd_path="m/44'/60'/0'/0")
        self.tester = EthereumTester(backend)
        self.web3 = Web3(EthereumTesterProvider(self.tester))
        self.admin, self.user, self.other = self.web3.eth.accounts[:3]
        self.gas: dict[str, list[int]] = {}
        self.usd = self.deploy("TestUSD")
        self.credits = self.deploy("Credits", self.usd.address, GRACE)
        self.hosting = self.deploy("Hosting", self.credits.address)
        self.domains = self.deploy(
            "Domains", self.credits.address, self.hosting.address, "dspace", PRICES
        )
        for meter in (self.hosting, self.domains):
            self.mine(self.credits.functions.set_meter(meter.address, True), self.admin)
        self.mine(self.domains.functions.set_roles(self.admin, 31), self.admin)
        self.mine(self.hosting.functions.set_plan(2, "Site", 1, 2_000, 0, True), self.admin)
        for account in (self.user, self.other):
            self.mine(self.usd.functions.mint(account, 10**6 * DOLLAR), account)
            self.mine(self.usd.functions.approve(self.credits.address, 2**256 - 1), account)
            self.mine(self.credits.functions.buy(10**5 * DOLLAR, account), account)
            self.mine(self.hosting.functions.start(2, SECRET, 2_000), account)

    def deploy(self, name: str, *arguments: Any) -> Any:
        """The contract, deployed by the admin."""
        artifact = compile_contract(name)
        factory = self.web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        receipt = self.mine(factory.constructor(*arguments), self.admin)
        self.gas[f"{name} deployed"] = [receipt["gasUsed"]]
        return self.web3.eth.contract(address=receipt["contractAddress"], abi=artifact["abi"])

    def send(self, name: str, call: Any, sender: str | None = None) -> None:
        """Sends a transaction an hour after the last one and keeps its gas under `name`."""
        self.pass_time(3_600)
        receipt = self.mine(call, sender or self.user)
        self.gas.setdefault(name, []).append(receipt["gasUsed"])

    def pass_time(self, seconds: int) -> None:
        """Moves the chain's clock on."""
        self.tester.time_travel(self.web3.eth.get_block("latest")["timestamp"] + seconds)

    def mine(self, call: Any, sender: str) -> Any:
        """The receipt of a call that must not revert."""
        receipt = self.web3.eth.wait_for_transaction_receipt(call.transact({"from": sender}))
        if receipt["status"] != 1:
            raise RuntimeError(f"{call} reverted")
        return receipt

    def register(self, label: str, name: str = "register", sender: str | None = None) -> bytes:
        """Commits and registers; gives the node."""
        domains = self.domains.functions
        order = (label, sender or self.user, YEAR, SECRET)
        self.send("commit", domains.commit(domains.commitment_of(*order).call()), sender)
        self.send(name, domains.register(*order), sender)
        return bytes(domains.node_of(label).call())


def measure() -> dict[str, list[int]]:
    """Walks through every function a few times; gas by name, in the order of use."""
    bench = Bench()
    domains, user, other, admin = bench.domains.functions, bench.user, bench.other, bench.admin
    ipfs = bytes.fromhex("e30101701220")
    bench.register("other", sender=other)
    nodes = [bench.register(label) for label in ("alice", "a-much-longer-label", "bob-smith")]
    for _ in range(2):
        bench.send("renew", domains.renew("alice", YEAR))
        bench.send("renew by another", domains.renew("alice", YEAR), other)
    for digest in (b"\x11", b"\x22", b"\x33"):
        bench.send("set_contenthash", domains.set_contenthash(nodes[0], ipfs + digest * 32))
    for length in (42, 43):
        general = bytes(range(1, length))
        bench.send("set_contenthash (other)", domains.set_contenthash(nodes[1], general))
    for account in (user, other):
        bench.send("set_addr", domains.set_addr(nodes[0], account))
    for words in ("https://example.org", "https://example.com"):
        bench.send("set_text", domains.set_text(nodes[0], "url", words))
    for service in (1, 1):
        bench.send("link", domains.link(nodes[0], service))
    bench.send("unlink", domains.unlink(nodes[0]))
    for node in nodes[1:]:
        token = int.from_bytes(node, "big")
        bench.send("approve", domains.approve(other, token))
        bench.send("transferFrom", domains.transferFrom(user, other, token))
        bench.send("safeTransferFrom", domains.safeTransferFrom(other, user, token), other)
    bench.send("setApprovalForAll", domains.setApprovalForAll(other, True))
    for _ in range(2):
        until = bench.web3.eth.get_block("latest")["timestamp"] + 90 * DAY
        bench.send("claim_dns", domains.claim_dns("shop.example.org"))
        bench.send("attest_dns", domains.attest_dns("shop.example.org", user, until), admin)
    bench.send("revoke_dns", domains.revoke_dns("shop.example.org"))
    bench.send("set_prices", domains.set_prices(PRICES), admin)
    bench.send("set_registering", domains.set_registering(True), admin)
    bench.pass_time(YEAR + 90 * DAY + 21 * DAY)
    again = "register (after someone else)"
    bench.register("other", again)
    return bench.gas


def show(gas: dict[str, list[int]]) -> None:
    """Prints the table."""
    table = Table(
        "function", "first", "steady", "target", "ENS", title="Domains: gas of a transaction"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for name in sorted(gas):
        first, steady = gas[name][0], gas[name][-1]
        target = TARGETS.get(name)
        mark = "" if target is None or steady <= target else " !"
        anchors = [f"{known:,}" if known else "-" for known in (target, ENS.get(name))]
        table.add_row(name, f"{first:,}", f"{steady:,}{mark}", *anchors)
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
            name: {
                "first": uses[0],
                "steady": uses[-1],
                "target": TARGETS.get(name),
                "ens": ENS.get(name),
            }
            for name, uses in sorted(gas.items())
        }
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
