"""An account that may keep files."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.api.files.keeping import SERVICE, TIER, Keeper
from tests.api.world import Mirror, Wallet


@pytest.fixture
def keeper(wallet: Callable[..., Wallet], mirror: Mirror) -> Keeper:
    """A wallet with an active storage service and a tier that lets it keep a gibibyte."""
    made = wallet(rate=4_000)
    mirror.tier(TIER)
    mirror.subscription(made.address, TIER)
    mirror.service(SERVICE, made.address, plan=3)
    return Keeper(made)
