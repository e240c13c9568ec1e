"""Gas of Credits and Hosting, every function: its first use, and its steady one.

Steady use is a call by an account that has done the same before, and whose services stream: what
a user pays every day.
"""

from __future__ import annotations

from web3 import Web3

from scripts.dev_accounts import dev_accounts
from tests.bench.chain import DAY, Chain, Uses
from tests.support.permit import sign_permit

GRACE = 14 * DAY
DEADLINE = 2**32
CREDIT = 10**9  # nano credit
DOLLAR = 10**6  # base units of TestUSD
REFERENCE = b"\x11" * 32


class Bench(Chain):
    """A chain with the contracts on it."""

    def __init__(self) -> None:
        super().__init__()
        self.key = dev_accounts()[1].key
        self.usd = self.deploy("TestUSD")
        self.credits = self.deploy("Credits", self.usd.address, GRACE)
        self.hosting = self.deploy("Hosting", self.credits.address)

    def settle(self, accounts: list[str], micro: int) -> None:
        """Settles one batch that charges each account; keeps its gas an account."""
        sequence = self.credits.functions.next_sequence().call()
        charges = [(int(account, 16) << 96) | micro for account in accounts]
        call = self.credits.functions.settle(sequence, REFERENCE, charges)
        self.send("settle", call, self.admin)
        gas = self.gas.pop("settle")[0]
        count = len(accounts)
        name = f"Credits.settle (of {count}, an account)" if count > 1 else "Credits.settle (of 1)"
        self.gas.setdefault(name, []).append(gas // count)

    def permit(self, amount: int) -> tuple[int, bytes, bytes]:
        """The user's EIP-2612 signature for Credits."""
        return sign_permit(
            self.key,
            asset=self.usd.address,
            chain_id=self.web3.eth.chain_id,
            spender=self.credits.address,
            amount=amount,
            nonce=self.usd.functions.nonces(self.user).call(),
            deadline=DEADLINE,
        )


def measure() -> Uses:
    """Walks through every function a few times; gas by name, in the order of use."""
    bench = Bench()
    usd, ledger, hosting = bench.usd.functions, bench.credits.functions, bench.hosting.functions
    user, admin, address = bench.user, bench.admin, bench.credits.address
    bench.send("Credits.set_meter", ledger.set_meter(bench.hosting.address, True), admin)
    bench.send("Hosting.set_roles", hosting.set_roles(admin, 31), admin)
    bench.send("Credits.set_roles", ledger.set_roles(admin, 31), admin)
    for _ in range(2):
        bench.send("Hosting.set_tier", hosting.set_tier(0, "Free", 0, 0, 100, 0, 0, True), admin)
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
        bench.send("Hosting.pause", hosting.pause(20_000_001))
        bench.send("Hosting.resume", hosting.resume(20_000_001))
        bench.send("Credits.buy", ledger.buy(20 * DOLLAR, user))
        bench.send("Hosting.renew_free", hosting.renew_free(10_000_001))
        bench.send("Credits.refund", ledger.refund(CREDIT, user))
        bench.send("Credits.withdraw_earned", ledger.withdraw_earned(10**6, admin), admin)
    bench.send("TestUSD.approve", usd.approve(address, 0))
    for _ in range(3):
        signature = bench.permit(DOLLAR)
        call = ledger.buy_with_permit(DOLLAR, user, DEADLINE, *signature)
        bench.send("Credits.buy_with_permit", call)
    for per_day in (0, 10**6, 5 * 10**6, 10**6):
        bench.send("Credits.set_limit", ledger.set_limit(per_day))
    for service in (20_000_001, 20_000_002):
        bench.send("Hosting.suspend", hosting.suspend(service, "Phishing"), admin)
        bench.send("Hosting.unsuspend", hosting.unsuspend(service), admin)
        bench.send("Hosting.stop", hosting.stop(service))
    payments = [number.to_bytes(32, "big") for number in (1, 2, 3)]
    bench.send("Credits.set_grant_cap", ledger.set_grant_cap(10**15), admin)
    for payment in payments:
        bench.send("Credits.grant", ledger.grant(user, CREDIT, payment), admin)
    for payment in payments:
        bench.send("Credits.freeze", ledger.freeze(payment), admin)
        bench.send("Credits.unfreeze", ledger.unfreeze(payment), admin)
        bench.send("Credits.forfeit", ledger.forfeit(payment), admin)
    crowd = [
        Web3.to_checksum_address((2**159 + 7**50 * at).to_bytes(20, "big")) for at in range(200)
    ]
    bench.send("TestUSD.approve", usd.approve(address, 2**256 - 1))
    for account in crowd:
        bench.send("Credits.buy (for another)", ledger.buy(20 * DOLLAR, account))
    for micro in (123_456, 234_567, 345_678):
        bench.settle(crowd, micro)
        bench.settle(crowd[:1], micro)
    for tier in (1, 2):
        call = hosting.set_tier(tier, "Paid", 1_000 * tier, 1_000, 100, 0, 0, True)
        bench.send("Hosting.set_tier", call, admin)
    for _ in range(2):
        bench.send("Hosting.subscribe", hosting.subscribe(1))
        bench.send("Hosting.start (discount)", hosting.start(2, REFERENCE, 2_000))
        bench.send("Hosting.unsubscribe", hosting.unsubscribe())
    for service in (20_000_004, 20_000_005):
        bench.send("Hosting.reprice", hosting.reprice(service))
        bench.send("Hosting.transfer", hosting.transfer(service, bench.other))
        bench.send("Hosting.take_rate", hosting.take_rate(service, 2_000), bench.other)
    bench.send("Credits.propose_admin", ledger.propose_admin(bench.other), admin)
    bench.send("Credits.accept_admin", ledger.accept_admin(), bench.other)
    return bench.gas
