"""Credit on sale for ether: a feed, a float and a buyer with ether enough."""

from __future__ import annotations

from typing import Any

import boa

from tests.contracts.cast import ETHER, Cast, harness
from tests.contracts.world import CREDIT, ROOT, World, load

PRICE = 2_500  # credits for an ether
ANSWER = PRICE * 10**8  # as TestFeed says it
WEI_A_NANO = ETHER // (PRICE * CREDIT)  # wei that buy one nano credit
MAX_AGE = 3_600  # seconds
FLOAT = 10_000  # credits


def opened(world: World) -> Cast:
    """A float of 10,000 credits, sold at 2,500 an ether; Alice has ether enough."""
    cast = Cast.of(world)
    cast.add_float(FLOAT)
    cast.credits.set_feed(load(ROOT / "contracts" / "testing" / "TestFeed.vy", ANSWER), MAX_AGE)
    boa.env.set_balance(cast.alice, 2**100)
    return cast


def buy(cast: Cast, wei: int, min_credits: int = 0, account: str | None = None) -> int:
    """Alice buys with ether."""
    return int(
        cast.credits.buy_with_ether(
            account or cast.alice, min_credits, value=wei, sender=cast.alice
        )
    )


def feed(cast: Cast, decimals: int = 8, answer: int = ANSWER, age: int = 0) -> Any:
    """A feed that answers so from now on."""
    found = harness("AnyFeed", decimals, answer, cast.now - age)
    cast.credits.set_feed(found, MAX_AGE)
    return found


def ether(cast: Cast) -> int:
    """The wei that Credits holds."""
    return int(boa.env.get_balance(cast.credits.address))
