"""Shared by the indexer's tests: a scriptable chain, and a mirror of it on each database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog

from tests.indexer.fakechain import FakeChain, served
from tests.indexer.mirror import Mirror, Start, write_manifest
from tests.indexer.real_world import real, world
from tests.support.postgres import fresh_schema

__all__ = ["real", "world"]


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
def environment(chain: FakeChain, mirror: Mirror, tmp_path: Path) -> dict[str, str]:
    """What `dspace index …` is told, to make the mirror."""
    return os.environ | {
        "DSPACE_DATABASE_URL": mirror.database_url,
        "DSPACE_RPC_URLS": mirror.urls,
        "DSPACE_DEPLOYMENT": str(write_manifest(chain, tmp_path)),
        "DSPACE_DATA_DIR": str(tmp_path),
        "DSPACE_CONFIRMATIONS": "8",
        "DSPACE_MAX_RANGE_BLOCKS": "10",
        "DSPACE_POLL_MILLISECONDS": "20",
    }


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts `dspace index …`; what still runs at the end is killed."""
    running: list[subprocess.Popen[bytes]] = []

    def run(*command: str, stderr: int | None = None) -> subprocess.Popen[bytes]:
        log = (tmp_path / f"log{len(running)}").open("wb") if stderr is None else stderr
        process = subprocess.Popen(
            [sys.executable, "-m", "indexer.cli", *command],
            env=environment,
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=log,
        )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serves more chains."""
    with ExitStack() as stack:

        def start(another: FakeChain) -> str:
            return stack.enter_context(served(another))

        yield start


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command that runs in this process sets up the process's logging."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings don't reach the tests."""
    for name in [name for name in os.environ if name.startswith("DSPACE_")]:
        if name != "DSPACE_TEST_DATABASE_URL":
            monkeypatch.delenv(name)
