"""Domains as its tests find it: deployed beside the others, a registered meter, with its roles out.

Prices are nano credit a year; everyone who registers here has credit enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import boa
from eth_utils import keccak

from indexer import name_rules
from indexer.name_rules import (
    MAX_AHEAD as MAX_AHEAD,
)
from indexer.name_rules import (
    MIN_DURATION as MIN_DURATION,
)
from indexer.name_rules import (
    PREMIUM_DAYS as PREMIUM_DAYS,
)
from indexer.name_rules import (
    YEAR as YEAR,
)
from indexer.name_rules import (
    Name,
    PerYear,
    Prices,
)
from tests.contracts.world import CREDIT, DOLLAR, ROOT, World, load

MIN_AGE, MAX_AGE = name_rules.MIN_COMMITMENT_AGE, name_rules.MAX_COMMITMENT_AGE
NAME_GRACE = name_rules.GRACE
PRICES: PerYear = (640 * CREDIT, 160 * CREDIT, 5 * CREDIT)
SECRET = b"\x5e" * 32
TOP = "dspace"
VERIFIER, PAUSER = 4, 16
ONE_LABEL = name_rules.LABEL
EMPTY = ("0x" + "00" * 20, 0, 0, 0, 0)


def namehash(name: str) -> bytes:
    """ENSIP-1, for names that are normal already."""
    node = bytes(32)
    for label in reversed(name.split(".")):
        node = keccak(node + keccak(text=label))
    return node


def node_of(label: str) -> bytes:
    """The node of a label under the top label."""
    return namehash(f"{label}.{TOP}")


def token_of(label: str) -> int:
    """The token of a label under the top label."""
    return int.from_bytes(node_of(label), "big")


def cost(label: str, duration: int, prices: PerYear = PRICES) -> int:
    """nano credit for a time, rounded up, without a premium."""
    return Prices(prices, prices, 0).cost(label, duration, 0)


def premium(elapsed: int) -> int:
    """nano credit, so many seconds after a name has become free."""
    return name_rules.premium(Name(expires_at=1), 1 + NAME_GRACE + elapsed)


@dataclass
class Registry:
    """The contract under test, and who plays besides the world's cast."""

    world: World
    domains: Any
    carol: str = field(default_factory=lambda: str(boa.env.generate_address("carol")))
    verifier: str = field(default_factory=lambda: str(boa.env.generate_address("verifier")))
    pauser: str = field(default_factory=lambda: str(boa.env.generate_address("pauser")))

    @property
    def alice(self) -> str:
        """Owns what a test registers, if it doesn't say otherwise."""
        return self.world.alice

    @property
    def bob(self) -> str:
        """Someone else, with credit too."""
        return self.world.bob

    @property
    def now(self) -> int:
        """The block's second."""
        return self.world.now

    def fund(self, account: str, amount: int = 10**6) -> None:
        """Gives an account credits."""
        self.world.buy(account, amount * DOLLAR)

    def balance(self, account: str) -> int:
        """nano credit."""
        return int(self.world.credits.balance_of(account))

    def commit(self, label: str, owner: str, duration: int = YEAR, secret: bytes = SECRET) -> bytes:
        """Commits, and lets the minimum age pass."""
        commitment = bytes(self.domains.commitment_of(label, owner, duration, secret))
        self.domains.commit(commitment, sender=owner)
        self.world.pass_time(MIN_AGE)
        return commitment

    def register(
        self, label: str, owner: str | None = None, duration: int = YEAR, payer: str | None = None
    ) -> bytes:
        """Both steps; the node."""
        owner = owner or self.alice
        self.commit(label, owner, duration)
        return bytes(self.domains.register(label, owner, duration, SECRET, sender=payer or owner))

    def expires_at(self, node: bytes) -> int:
        """As stored."""
        return int(self.domains.name_of(node)[1])

    def go_to(self, second: int) -> None:
        """Moves the block's clock to a second."""
        boa.env.timestamp = second

    def expire(self, node: bytes) -> int:
        """Moves the clock to the first second of a name's grace, and gives it."""
        self.go_to(self.expires_at(node))
        return self.now

    def free(self, node: bytes) -> int:
        """Moves the clock to the first second at which a name is anyone's, and gives it."""
        self.go_to(self.expires_at(node) + NAME_GRACE)
        return self.now


def deploy_domains(world: World, top: str = TOP, prices: tuple[int, ...] = PRICES) -> Any:
    """Domains over the world's contracts."""
    source = ROOT / "contracts" / "Domains.vy"
    return load(source, world.credits, world.hosting, top, list(prices))


def deploy_registry(world: World) -> Registry:
    """Domains as the development chain has it; Alice, Bob and Carol have a million credits."""
    registry = Registry(world, deploy_domains(world))
    world.credits.set_meter(registry.domains, True)
    world.hosting.set_tier(0, "Free", 0, 0, 100, 0, 0, True)
    registry.domains.set_roles(registry.verifier, VERIFIER)
    registry.domains.set_roles(registry.pauser, PAUSER)
    for account in (registry.alice, registry.bob, registry.carol):
        registry.fund(account)
    return registry
