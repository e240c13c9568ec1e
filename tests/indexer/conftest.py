"""Shared by the indexer's tests: a scriptable chain, and a mirror of it on each database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.indexer.fakechain import FakeChain, served
from tests.indexer.mirror import Mirror
from tests.support.postgres import fresh_schema


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database: every test that uses it runs on both kinds."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'mirror.sqlite3'}"
        return
    with fresh_schema() as url:
        yield url


@pytest.fixture
def chain() -> FakeChain:
    """A chain of its genesis only."""
    return FakeChain()


@pytest.fixture
def chain_url(chain: FakeChain) -> Iterator[str]:
    """Where the chain is served."""
    with served(chain) as url:
        yield url


@pytest.fixture
def mirror(chain: FakeChain, chain_url: str, database_url: str) -> Iterator[Mirror]:
    """A mirror of the chain, not started."""
    made = Mirror(chain, database_url, chain_url)
    yield made
    made.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serves more chains."""
    with ExitStack() as stack:

        def start(another: FakeChain) -> str:
            return stack.enter_context(served(another))

        yield start


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings don't reach the tests."""
    import os

    for name in [name for name in os.environ if name.startswith("DSPACE_")]:
        if name != "DSPACE_TEST_DATABASE_URL":
            monkeypatch.delenv(name)
