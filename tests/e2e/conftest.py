"""One platform for the journeys, and a wallet with coins and ether."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.supervisor.banner import dev_accounts
from scripts.wallet import Wallet
from tests.support.platform import RunningPlatform


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    running = RunningPlatform(tmp_path_factory.mktemp("platform") / "data")
    running.start()
    yield running
    if not running.has_ended():
        running.stop()


@pytest.fixture
def owner(platform: RunningPlatform) -> Wallet:
    """A fresh key with ether for gas, signed in."""
    wallet = Wallet(platform.faces())
    patron(platform).fund(wallet.address, 10**18)
    wallet.sign_in()
    return wallet


def patron(platform: RunningPlatform) -> Wallet:
    """A development account that has ether."""
    return Wallet(platform.faces(), dev_accounts()[9][1])
