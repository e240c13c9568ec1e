"""The contracts as the tests find them: deployed, with a cast of actors and a clock of their own.

Amounts are nano credit unless a name says otherwise; 1 credit is 10**6 base units of TestUSD.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boa

from indexer.rules import Service, unpack_service

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent

DAY = 86_400
NOON = 20_600 * DAY + DAY // 2  # a day in May 2026: no test crosses midnight by chance
GRACE = 14 * DAY
CREDIT = 10**9
DOLLAR = 10**6  # base units
SCALE = 10**3  # nano credit in a base unit
MICRO = 10**3  # nano credit in a micro credit
FREE, SITE, STORAGE = 1, 2, 3  # plans
SITE_RATE, STORAGE_RATE = 2_000, 1_000
FREE_PERIOD = 30 * DAY
REFERENCE = b"\x11" * 32
ZERO = "0x" + "00" * 20
ACTIVE, PAUSED, SUSPENDED, STOPPED, LAPSED, EXPIRED = range(1, 7)
GRANTER, SETTLER, VERIFIER, MODERATOR, PAUSER = 1, 2, 4, 8, 16
GRANT_CAP = 10**15  # nano credit a day
FREE_SERVICES = 8  # of tier 0, at once
PRO, PRO_RATE, PRO_DISCOUNT, PRO_SERVICES = 1, 3_000, 1_000, 12
NUMBERS = 10**7  # a service's number is its plan's times this, and a count
FIRST_FREE, FIRST_SITE, FIRST_STORAGE = (plan * NUMBERS + 1 for plan in (FREE, SITE, STORAGE))


@cache
def compiled(path: Path) -> Any:
    """A contract's deployer; compiling takes a second, so it is done once."""
    return boa.load_partial(str(path))


def load(path: Path, *arguments: Any) -> Any:
    """A contract from its source, deployed by the admin."""
    return compiled(path).deploy(*arguments)


@dataclass
class World:
    """Three contracts and who plays; nobody has anything yet."""

    usd: Any
    credits: Any
    hosting: Any
    admin: str = field(default_factory=lambda: str(boa.env.eoa))
    alice: str = field(default_factory=lambda: str(boa.env.generate_address("alice")))
    bob: str = field(default_factory=lambda: str(boa.env.generate_address("bob")))
    moderator: str = field(default_factory=lambda: str(boa.env.generate_address("moderator")))
    granter: str = field(default_factory=lambda: str(boa.env.generate_address("granter")))
    settler: str = field(default_factory=lambda: str(boa.env.generate_address("settler")))
    pauser: str = field(default_factory=lambda: str(boa.env.generate_address("pauser")))
    meter: str = field(default_factory=lambda: str(boa.env.generate_address("meter")))

    @property
    def now(self) -> int:
        """The block's second."""
        return int(boa.env.timestamp)

    def pass_time(self, seconds: int) -> None:
        """Moves the block's clock on."""
        boa.env.timestamp += seconds

    def mint(self, account: str, dollars: int = 10**6) -> None:
        """Gives TestUSD to an account, and its allowance to Credits."""
        self.usd.mint(account, dollars * DOLLAR)
        self.usd.approve(self.credits, 2**256 - 1, sender=account)

    def buy(self, account: str, amount: int, buyer: str | None = None) -> int:
        """Buys credit (base units) with freshly minted asset."""
        buyer = buyer or account
        self.usd.mint(buyer, amount)
        self.usd.approve(self.credits, amount, sender=buyer)
        return int(self.credits.buy(amount, account, sender=buyer))

    def start(self, account: str, plan: int = SITE) -> int:
        """Starts a service at whatever the plan asks."""
        return int(self.hosting.start(plan, REFERENCE, 2**36, sender=account))

    def run_dry(self, account: str) -> int:
        """Moves the clock to the account's last second and gives that second."""
        second = int(self.credits.depletes_at(account))
        boa.env.timestamp = second
        return second

    def service(self, event_: Any) -> Service:
        """The service that an event of Hosting's holds."""
        return unpack_service(event_.service, event_.word)

    def state(self, service: int) -> int:
        """What the service amounts to now."""
        return int(self.hosting.state_of(service))

    def held(self) -> int:
        """What Credits holds of the asset, in nano credit."""
        return int(self.usd.balanceOf(self.credits)) * SCALE


def deploy_credits(asset: Any, grace: int = GRACE) -> Any:
    """Credits over an asset."""
    return load(ROOT / "contracts" / "Credits.vy", asset, grace)


def deploy(asset: Path = ROOT / "contracts" / "testing" / "TestUSD.vy") -> World:
    """Everything, as the development chain has it, over TestUSD or another asset."""
    boa.env.timestamp = NOON
    usd = load(asset)
    credits_ = deploy_credits(usd)
    hosting = load(ROOT / "contracts" / "Hosting.vy", credits_)
    world = World(usd, credits_, hosting)
    credits_.set_meter(hosting, True)
    credits_.set_meter(world.meter, True)
    hosting.set_roles(world.moderator, MODERATOR)
    credits_.set_roles(world.granter, GRANTER)
    credits_.set_roles(world.settler, SETTLER)
    credits_.set_roles(world.pauser, PAUSER)
    credits_.set_grant_cap(GRANT_CAP)
    hosting.set_tier(0, "Free", 0, 0, FREE_SERVICES, 10**9, 10**10, True)
    hosting.set_tier(PRO, "Pro", PRO_RATE, PRO_DISCOUNT, PRO_SERVICES, 10**11, 10**12, True)
    hosting.set_plan(FREE, "Free site", 1, 0, FREE_PERIOD, True)
    hosting.set_plan(SITE, "Static site", 1, SITE_RATE, 0, True)
    hosting.set_plan(STORAGE, "Storage", 2, STORAGE_RATE, 0, True)
    return world


def events(contract: Any, name: str) -> list[Any]:
    """The events of a name that the contract's last call left: ask before you call a view."""
    return [entry for entry in contract.get_logs() if type(entry).__name__ == name]


def event(contract: Any, name: str) -> Any:
    """The one event of a name that the contract's last transaction left."""
    (found,) = events(contract, name)
    return found
