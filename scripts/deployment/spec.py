"""The description of a deployment. Rates are nano credit a second, periods are seconds."""

from __future__ import annotations

from dataclasses import dataclass

DEVELOPMENT_CHAIN_ID = 31_337
DAY_SECONDS = 86_400
NANO_PER_CREDIT = 10**9
GIB, TIB = 2**30, 2**40  # bytes

STATIC_SITE, STORAGE, FUNCTION_SITE = 1, 2, 3  # kinds of plan, as in Hosting.vy

# The bits of an account's roles, as in modules/roles.vy.
ROLES = {"granter": 1, "settler": 2, "verifier": 4, "moderator": 8, "pauser": 16}
ALL_ROLES = sum(ROLES.values())

OWN = ("Credits", "Hosting", "Domains")  # each with an admin and roles of its own


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan of Hosting's, under its number."""

    number: int
    name: str
    kind: int
    rate: int
    free_period: int = 0
    offered: bool = True

    @property
    def terms(self) -> tuple[str, int, int, int, bool]:
        """The plan as `plan_of` tells it and `set_plan` takes it."""
        return (self.name, self.kind, self.rate, self.free_period, self.offered)


PLANS = (
    Plan(1, "Free site", STATIC_SITE, rate=0, free_period=30 * DAY_SECONDS),
    Plan(2, "Static site", STATIC_SITE, rate=2_000),
    Plan(3, "Storage", STORAGE, rate=1_000),
    Plan(4, "Function site", FUNCTION_SITE, rate=5_000),
)


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier of Hosting's, under its number."""

    number: int
    name: str
    rate: int
    discount: int  # basis points off paid services
    services: int  # at once
    storage: int  # bytes
    traffic: int  # bytes a month
    offered: bool = True

    @property
    def terms(self) -> tuple[str, int, int, int, int, int, bool]:
        """The tier as `tier_terms` tells it and `set_tier` takes it."""
        return (
            *(self.name, self.rate, self.discount, self.services),
            *(self.storage, self.traffic, self.offered),
        )


TIERS = (
    Tier(0, "Free", rate=0, discount=0, services=20, storage=GIB, traffic=10 * GIB),
    Tier(1, "Pro", rate=3_000, discount=1_000, services=200, storage=100 * GIB, traffic=TIB),
    Tier(2, "Studio", rate=12_000, discount=2_000, services=2_000, storage=TIB, traffic=10 * TIB),
)

# nano credit a year, for names of 3, 4, and 5 or more characters
NAME_PRICES = (640 * NANO_PER_CREDIT, 160 * NANO_PER_CREDIT, 5 * NANO_PER_CREDIT)


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole deployment."""

    asset: str | None  # the ERC-20 that credit is bought with; None deploys TestUSD
    grace_seconds: int = 14 * DAY_SECONDS
    tiers: tuple[Tier, ...] = TIERS
    plans: tuple[Plan, ...] = PLANS
    grant_cap: int = 10_000 * NANO_PER_CREDIT  # nano credit a day, of all granters together
    # Where the asset is TestUSD: what ether is sold for, and at which price (8 decimals).
    test_float: int = 100_000 * NANO_PER_CREDIT
    test_price: int = 2_000 * 10**8
    top_label: str = "dspace"  # what all names stand under
    name_prices: tuple[int, int, int] = NAME_PRICES
    deployer_roles: int = 0  # besides being the admin

    @property
    def contracts(self) -> tuple[str, ...]:
        """The names in the manifest, in the order that they are made in."""
        return OWN if self.asset else ("TestUSD", "TestFeed", *OWN)


DEVELOPMENT = Spec(asset=None, deployer_roles=ALL_ROLES)
