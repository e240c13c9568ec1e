"""The description of a deployment. Rates are nano credit a second, periods are seconds."""

from __future__ import annotations

from dataclasses import dataclass

DEVELOPMENT_CHAIN_ID = 31_337
DAY_SECONDS = 86_400

STATIC_SITE, STORAGE, FUNCTION_SITE = 1, 2, 3  # kinds of plan, as in Hosting.vy

# The bits of an account's roles, as in modules/roles.vy.
ROLES = {"granter": 1, "settler": 2, "verifier": 4, "moderator": 8, "pauser": 16}
ALL_ROLES = sum(ROLES.values())


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
class Spec:
    """A whole deployment."""

    asset: str | None  # the ERC-20 that credit is bought with; None deploys TestUSD
    grace_seconds: int = 14 * DAY_SECONDS
    plans: tuple[Plan, ...] = PLANS
    deployer_roles: int = 0  # besides being the admin

    @property
    def contracts(self) -> tuple[str, ...]:
        """The names in the manifest, in the order that they are made in."""
        own = ("Credits", "Hosting")
        return own if self.asset else ("TestUSD", *own)


DEVELOPMENT = Spec(asset=None, deployer_roles=ALL_ROLES)
