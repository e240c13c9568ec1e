"""One gateway a module, over a database of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.gateway.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("gateway"))
    made.create_tables()
    made.start_ready()
    yield made
    made.close()
