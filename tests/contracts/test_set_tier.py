"""`Hosting.set_tier`: what a tier asks and gives."""

from __future__ import annotations

import boa
import pytest

from tests.contracts.world import PRO, World, event

MOST_RATE, MOST_SERVICES, MOST_BYTES = 2**36 - 1, 2**20 - 1, 2**60 - 1


@pytest.mark.parametrize(
    "tier",
    [
        (0, "Free", 0, 0, 5, 10, 20, True),
        (PRO, "Pro", 1, 9_000, 0, 0, 0, False),
        (
            *(255, "A name of thirty-two bytes whole", MOST_RATE, 0, MOST_SERVICES),
            *(MOST_BYTES, MOST_BYTES, True),
        ),
    ],
)
def test_a_tier_is_stored_and_told_whole(world: World, tier: tuple[object, ...]) -> None:
    world.hosting.set_tier(*tier)
    assert tuple(event(world.hosting, "TierSet"))[1:] == tier
    assert tuple(world.hosting.tier_terms(tier[0])) == tier[1:]


def test_a_tier_that_was_never_set_gives_nothing(world: World) -> None:
    assert tuple(world.hosting.tier_terms(77)) == ("", 0, 0, 0, 0, 0, False)


@pytest.mark.parametrize(
    ("tier", "rate", "discount", "services", "storage", "traffic", "reason"),
    [
        (256, 1, 0, 1, 0, 0, "Hosting: tier out of range"),
        (0, 1, 0, 1, 0, 0, "Hosting: tier 0 is the free one"),
        (1, 0, 0, 1, 0, 0, "Hosting: tier 0 is the free one"),
        (0, 0, 1, 1, 0, 0, "Hosting: tier 0 has no discount"),
        (1, MOST_RATE + 1, 0, 1, 0, 0, "Hosting: rate too large"),
        (1, 1, 9_001, 1, 0, 0, "Hosting: discount too large"),
        (1, 1, 0, MOST_SERVICES + 1, 0, 0, "Hosting: too many services"),
        (1, 1, 0, 1, MOST_BYTES + 1, 0, "Hosting: storage too large"),
        (1, 1, 0, 1, 0, MOST_BYTES + 1, "Hosting: traffic too large"),
    ],
)
def test_what_makes_no_sense_or_does_not_fit__is_refused(
    world: World,
    tier: int,
    rate: int,
    discount: int,
    services: int,
    storage: int,
    traffic: int,
    reason: str,
) -> None:
    with boa.reverts(reason):
        world.hosting.set_tier(tier, "", rate, discount, services, storage, traffic, True)
