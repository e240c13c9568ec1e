"""Gas of Domains, every function: its first use, and its steady one.

Steady use is an account that has done the same before, has paid credit and a service that
streams; a name's records are replaced by records of the same kind. Every registration is of a name
that nobody had before, unless it says otherwise.
"""

from __future__ import annotations

from tests.bench.chain import DAY, Uses
from tests.bench.gas import CREDIT, DOLLAR
from tests.bench.gas import Bench as CreditsAndHosting

YEAR = 365 * DAY
PRICES = (640 * CREDIT, 160 * CREDIT, 5 * CREDIT)
SECRET = bytes(range(1, 33))


class Bench(CreditsAndHosting):
    """A chain with all contracts on it, and two accounts that have credit and a service each."""

    def __init__(self) -> None:
        super().__init__()
        self.domains = self.deploy(
            "Domains", self.credits.address, self.hosting.address, "dspace", PRICES
        )
        hosting = self.hosting.functions
        for meter in (self.hosting, self.domains):
            self.mine(self.credits.functions.set_meter(meter.address, True), self.admin)
        self.mine(self.domains.functions.set_roles(self.admin, 31), self.admin)
        self.mine(hosting.set_tier(0, "Free", 0, 0, 100, 0, 0, True), self.admin)
        self.mine(hosting.set_plan(2, "Site", 1, 2_000, 0, True), self.admin)
        for account in (self.user, self.other):
            self.mine(self.usd.functions.mint(account, 10**6 * DOLLAR), account)
            self.mine(self.usd.functions.approve(self.credits.address, 2**256 - 1), account)
            self.mine(self.credits.functions.buy(10**5 * DOLLAR, account), account)
            self.mine(hosting.start(2, SECRET, 2_000), account)

    def register(self, label: str, name: str = "register", sender: str | None = None) -> bytes:
        """Commits and registers; gives the node."""
        domains = self.domains.functions
        order = (label, sender or self.user, YEAR, SECRET)
        self.send("commit", domains.commit(domains.commitment_of(*order).call()), sender)
        self.send(name, domains.register(*order), sender)
        return bytes(domains.node_of(label).call())


def measure() -> Uses:
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
    for service in (20_000_001, 20_000_001):
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
