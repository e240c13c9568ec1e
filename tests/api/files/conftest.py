"""An account with an active storage service."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.api.world import Mirror, Wallet


@pytest.fixture
def owner(wallet: Callable[..., Wallet], mirror: Mirror) -> Wallet:
    """A wallet whose service 7 is an active storage."""
    mirror.tier(0, rate=0, discount=0)
    made = wallet(rate=1_000)
    mirror.service(7, made.address, plan=3)
    return made
