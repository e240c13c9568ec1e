"""Domains on the chain of the contracts' tests; each test starts from the same one."""

from __future__ import annotations

import pytest

from tests.contracts.domains.registry import Registry, deploy_registry
from tests.contracts.world import World


@pytest.fixture(scope="session")
def deployed_registry(deployed: World) -> Registry:
    return deploy_registry(deployed)


@pytest.fixture
def registry(deployed_registry: Registry, world: World) -> Registry:
    assert deployed_registry.world is world
    return deployed_registry


@pytest.fixture
def node(registry: Registry) -> bytes:
    """`alice-blog`, Alice's for a year."""
    return registry.register("alice-blog")
