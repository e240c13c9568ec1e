"""Domains on contracts of its own; each test starts from the same chain."""

from __future__ import annotations

from collections.abc import Iterator

import boa
import pytest

from tests.contracts.domains.registry import Registry, deploy_registry
from tests.contracts.world import World, deploy


@pytest.fixture(scope="session")
def deployed_registry(deployed: World) -> Registry:
    """Beside the world of the other tests, whose accounts have nothing."""
    return deploy_registry(deploy())


@pytest.fixture
def registry(deployed_registry: Registry) -> Iterator[Registry]:
    with boa.env.anchor():
        yield deployed_registry


@pytest.fixture
def node(registry: Registry) -> bytes:
    """`alice-blog`, Alice's for a year."""
    return registry.register("alice-blog")
