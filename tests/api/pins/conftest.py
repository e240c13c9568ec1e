"""Shared by the tests of pins: an account that may pin, and a network that does as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from api.storage.ports import BlockStore
from tests.api.pins.world import Peers, storing
from tests.api.world import Mirror, Wallet


@pytest.fixture
def pinner(wallet: Callable[..., Wallet], mirror: Mirror) -> Wallet:
    return storing(wallet, mirror)


@pytest.fixture
def peers(app: Flask) -> Peers:
    made = Peers()
    app.extensions["dspace_network"] = made
    return made


@pytest.fixture
def store(app: Flask) -> Iterator[BlockStore]:
    with app.app_context():
        yield app.extensions["dspace_store"]
