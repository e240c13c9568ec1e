"""The contracts' tests run in the process, on titanoboa; each test starts from the same chain."""

from __future__ import annotations

from collections.abc import Iterator

import boa
import pytest
from boa.interpret import set_search_paths
from hypothesis import HealthCheck, settings

from tests.contracts.world import ROOT, World, deploy

# A whole suite in seconds by default; `--hypothesis-profile=deep` looks for an hour.
CHECKS = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile(
    "contracts",
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=CHECKS,
)
settings.register_profile(
    "deep", max_examples=3_000, stateful_step_count=60, deadline=None, suppress_health_check=CHECKS
)


@pytest.fixture(scope="session")
def deployed() -> World:
    set_search_paths([str(ROOT)])
    boa.env.enable_fast_mode()
    return deploy()


@pytest.fixture
def world(deployed: World) -> Iterator[World]:
    with boa.env.anchor():
        yield deployed
