"""Holds a live deployment against what this repository says, a line a finding.

What must hold: code, immutables, meters, and the reserve. What is the operator's to decide is
told, and compared with `scripts/deployment/spec.py` where that has a say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eth_utils.address import to_checksum_address
from hexbytes import HexBytes

from indexer.name_rules import ZERO_ADDRESS
from scripts.deployment.code import is_ours
from scripts.deployment.errors import DeployError
from scripts.deployment.hands import Log, call_word, topic_of
from scripts.deployment.spec import OWN, ROLES, Spec
from scripts.operating.amounts import NANO_DECIMALS, credits_text
from scripts.operating.desk import Desk

PAID_MASK = 2**60 - 1  # of an account's word, as in modules/account_word.vy
WEI_PER_ETHER = 10**18


@dataclass
class Check:
    """One run; `differs` counts what isn't as it must be."""

    desk: Desk
    spec: Spec
    admin: str | None = None  # whose all contracts must be; None where that is only told
    differs: int = 0

    def run(self) -> int:
        """Prints every finding; gives how many differ. Raises DeployError."""
        for name, at in self.desk.deployment.contracts.items():
            found = "ours" if is_ours(name, self.desk.hands.code(at.address)) else "another"
            self.hold(f"{name} code at {at.address}", "ours", found)
        if self.differs:
            raise DeployError("other code stands there: nothing else can be compared")
        self._immutables()
        self._roles()
        self._meters()
        self._offers()
        self._market()
        self._reserve()
        return self.differs

    def hold(self, what: str, expected: object, found: object) -> None:
        """A finding that must be as expected."""
        if expected == found:
            self.desk.say(f"ok       {what}: {found}")
        else:
            self.differs += 1
            self.desk.say(f"DIFFERS  {what}: expected {expected}, found {found}")

    def note(self, what: str, found: object) -> None:
        """A finding that is the operator's to decide."""
        self.desk.say(f"         {what}: {found}")

    def _immutables(self) -> None:
        read, address = self.desk.read, self.desk.address
        self.hold("Credits.GRACE", self.spec.grace_seconds, read("Credits", "GRACE"))
        asset = read("Credits", "ASSET")
        expected = self.spec.asset
        if expected is None and "TestUSD" in self.desk.deployment.contracts:
            expected = address("TestUSD")
        if expected:
            self.hold("Credits.ASSET", expected, asset)
        else:
            self.note("Credits.ASSET", asset)
        decimals = self.desk.hands.read("TestUSD", asset, "decimals")
        self.hold("Credits.SCALE", 10 ** (NANO_DECIMALS - decimals), read("Credits", "SCALE"))
        for name in ("Hosting", "Domains"):
            self.hold(f"{name}.CREDITS", address("Credits"), read(name, "CREDITS"))
        self.hold("Domains.HOSTING", address("Hosting"), read("Domains", "HOSTING"))

    def _roles(self) -> None:
        for name in OWN:
            admin = self.desk.read(name, "admin")
            if self.admin:
                self.hold(f"{name}.admin", self.admin, admin)
            else:
                self.note(f"{name}.admin", admin)
            proposed = self.desk.read(name, "proposed_admin")
            self.hold(f"{name}.proposed_admin", ZERO_ADDRESS, proposed)
            for holder in _accounts(self._logs(name, "RolesChanged")):
                bits = self.desk.read(name, "roles_of", holder)
                names = [role for role, bit in ROLES.items() if bits & bit]
                if names:
                    self.note(f"{name} roles of {holder}", ", ".join(names))

    def _meters(self) -> None:
        known = {meter: self.desk.read("Credits", "meter_of", meter) for meter in self._known()}
        registered = [meter for meter, (is_registered, _) in known.items() if is_registered]
        expected = sorted(self.desk.address(name) for name in ("Hosting", "Domains"))
        self.hold("Credits meters", expected, sorted(registered))
        now = self.desk.now()
        for meter in registered:
            if known[meter][1] > now:
                self.note(f"meter {meter} counts from the unix second", known[meter][1])

    def _known(self) -> list[str]:
        """Every contract that ever was a meter."""
        return _accounts(self._logs("Credits", "MeterSet"))

    def _offers(self) -> None:
        for tier in self.spec.tiers:
            found = tuple(self.desk.read("Hosting", "tier_terms", tier.number))
            self.hold(f"tier {tier.number}", tier.terms, found)
        for plan in self.spec.plans:
            found = tuple(self.desk.read("Hosting", "plan_of", plan.number))
            self.hold(f"plan {plan.number}", plan.terms, found)
        for kind, event, view, ours in (
            ("tier", "TierSet", "tier_terms", {tier.number for tier in self.spec.tiers}),
            ("plan", "PlanSet", "plan_of", {plan.number for plan in self.spec.plans}),
        ):
            logs = self._logs("Hosting", event)
            numbers = {int.from_bytes(HexBytes(log["topics"][1]), "big") for log in logs}
            for number in sorted(numbers - ours):
                self.note(f"{kind} {number}", tuple(self.desk.read("Hosting", view, number)))
        now, announced, changes_at = self.desk.read("Domains", "prices")
        self.hold("name prices", _list_of(self.spec.name_prices), _list_of(announced))
        if list(now) != list(announced):
            self.note(f"name prices until the unix second {changes_at}", _list_of(now))

    def _market(self) -> None:
        read = self.desk.read
        cap = credits_text(read("Credits", "grant_cap"))
        self.hold("grants a day", credits_text(self.spec.grant_cap), cap)
        self.hold("buying open", True, read("Credits", "buying"))
        self.hold("registering open", True, read("Domains", "registering"))
        feed = read("Credits", "feed")
        self.note("feed", "none: ether buys nothing" if feed == ZERO_ADDRESS else feed)
        if feed != ZERO_ADDRESS:
            try:
                price = read("Credits", "credits_for", WEI_PER_ETHER)
            except DeployError as error:
                self.hold("feed", "a price", str(error))
            else:
                self.hold("feed", "a price", "a price")
                self.note("an ether buys", credits_text(price))
        self.note("float", credits_text(read("Credits", "float")))
        self.note("earned", credits_text(read("Credits", "earned")))

    def _reserve(self) -> None:
        """asset held = paid of all accounts + earned + float, and what was sent without a call.

        By the words as they are stored: what burned since is in them still, and not in `earned`.
        All of one block, since accounts buy and are charged meanwhile.
        """
        hands, address = self.desk.hands, self.desk.address("Credits")
        asset, scale = self.desk.read("Credits", "ASSET"), self.desk.read("Credits", "SCALE")
        block = int(hands.ask("eth_blockNumber", []), 16)
        # Whoever can hold paid credit was bought some for.
        accounts = _accounts(self._logs("Credits", "Bought"))
        words = [
            call_word(hands.ask, address, "word_of(address)", [account], block)
            for account in accounts
        ]
        paid = sum(word & PAID_MASK for word in words)
        earned = call_word(hands.ask, address, "earned()", [], block)
        float_ = call_word(hands.ask, address, "float()", [], block)
        held = scale * call_word(hands.ask, asset, "balanceOf(address)", [address], block)
        owed = paid + earned + float_
        self.note(f"paid by {len(accounts)} accounts, as of block {block}", credits_text(paid))
        self.hold("reserve", "whole", "whole" if held >= owed else f"short of {owed - held} nano")
        self.note("more than is owed", credits_text(held - owed))

    def _logs(self, contract: str, event: str) -> list[Log]:
        at = self.desk.deployment.contracts[contract]
        return self.desk.hands.logs(at.address, [topic_of(contract, event)], at.block)


def _accounts(logs: Iterable[Log]) -> list[str]:
    """The addresses in the logs' first indexed argument, each once, in order."""
    return sorted({to_checksum_address(HexBytes(log["topics"][1])[-20:]) for log in logs})


def _list_of(prices: Iterable[int]) -> str:
    return ", ".join(credits_text(price) for price in prices)
