"""One gateway a module, over a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.api.gateway.world import World
from tests.support.postgres import fresh_schema

BOTH_DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))


@pytest.fixture(scope="module")
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Its parameter, where a module gives one, is the kind of database."""
    with ExitStack() as stack:
        on_postgresql = getattr(request, "param", "sqlite") == "postgresql"
        url = stack.enter_context(fresh_schema()) if on_postgresql else ""
        made = World(tmp_path_factory.mktemp("gateway"), url)
        stack.callback(made.close)
        made.create_tables()
        made.start_ready()
        yield made


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What depends on the database runs on both kinds."""
    if (
        metafunc.module.__name__.endswith("test_gateway_states")
        and "world" in metafunc.fixturenames
    ):
        metafunc.parametrize("world", BOTH_DATABASES, indirect=True, scope="module")
