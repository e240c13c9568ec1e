"""Real nodes behind proxies that answer nonsense a third of the time, through real reorgs.

The oracle: the tables equal a fresh replay of the real node, asked directly. The seeds are kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from random import Random

import pytest
from structlog.testing import capture_logs

from indexer.errors import ProviderError
from tests.indexer.mirror import Mirror
from tests.indexer.realnode import RealNode, anvil_node, assert_equals_replay, embedded_node
from tests.support.faultproxy import FaultProxy, fault_proxy

SECONDS = 30.0
NODES = {"anvil": anvil_node, "embedded": embedded_node}
FAILED = {1: "provider_faulty", 2: "provider_failed_over"}
RUNS = [(1, 1), (2, 2), (2, 3)]  # how many proxies; the seed


@pytest.fixture(scope="module", params=[pytest.param("anvil", marks=pytest.mark.anvil), "embedded"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealNode]:
    with NODES[request.param](tmp_path_factory.mktemp(request.param)) as made:
        yield made


def follow(world: RealNode, mirror: Mirror) -> None:
    """Steps until the mirror stands at the node's real head, over all that is told to it."""
    head, deadline = world.head_hash, time.monotonic() + SECONDS
    cursor = None
    while cursor != head:
        assert time.monotonic() < deadline, "never at the real head"
        with suppress(ProviderError):
            mirror.step()
            cursor = mirror.as_of().block_hash


def live(world: RealNode, mirror: Mirror, seed: int, folder: Path) -> None:
    """A backfill, then blocks, reorgs and restarts."""
    random = Random(seed)
    world.buy(8)
    follow(world, mirror)
    for _ in range(4):
        world.buy(random.randint(1, 3))
        if random.random() < 0.5:
            mirror.crash()
        if random.random() < 0.7:
            world.reorg(random.randint(1, 4))
        follow(world, mirror)
    assert_equals_replay(world, mirror, folder)


@pytest.mark.parametrize(("proxies", "seed"), RUNS)
def test_nothing_is_lost_to_nonsense(
    world: RealNode, database_url: str, tmp_path: Path, proxies: int, seed: int
) -> None:
    with ExitStack() as stack, capture_logs() as logs:
        made: list[FaultProxy] = [
            stack.enter_context(fault_proxy(world.url, seed * 10 + number))
            for number in range(proxies)
        ]
        mirror = world.mirror(database_url, ",".join(proxy.url for proxy in made))
        mirror.shorter_chain_seconds = 0.2
        stack.callback(mirror.close)
        live(world, mirror, seed, tmp_path)
    names = {proxy.url.removeprefix("http://") for proxy in made}
    failed = [line for line in logs if line["event"] == FAILED[proxies]]
    assert failed
    assert {line["provider"] for line in failed} <= names
    assert all(line["reason"] and line["fault"] for line in failed)
    assert len({name for proxy in made for name in proxy.used}) > 5
