"""The contracts' tests run in the process, on titanoboa; each test starts from the same chain."""

from __future__ import annotations

from collections.abc import Iterator

import boa
import pytest
from boa.interpret import set_search_paths

from tests.contracts.effort import register_deep
from tests.contracts.world import ROOT, World, deploy

register_deep()


@pytest.fixture(scope="session")
def deployed() -> World:
    set_search_paths([str(ROOT)])
    boa.env.enable_fast_mode()
    return deploy()


@pytest.fixture
def world(deployed: World) -> Iterator[World]:
    with boa.env.anchor():
        yield deployed
