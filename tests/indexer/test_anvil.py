"""A foreign node: the same contracts on anvil, and the reorgs that it makes itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.errors import BlockUnavailable
from indexer.verify import verify
from tests.indexer.mirror import Mirror, contents
from tests.indexer.realnode import RealNode, anvil_node, assert_equals_replay


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealNode]:
    with anvil_node(tmp_path_factory.mktemp("anvil")) as made:
        yield made


@pytest.fixture
def mirror(world: RealNode, database_url: str) -> Iterator[Mirror]:
    made = world.mirror(database_url)
    yield made
    made.close()


@pytest.mark.anvil
@pytest.mark.parametrize("depth", [1, 5])
def test_a_live_reorg_leaves_what_a_fresh_replay_has(
    world: RealNode, mirror: Mirror, tmp_path: Path, depth: int
) -> None:
    world.buy(6)
    mirror.catch_up()
    bought = mirror.read(contents)["digest"]
    world.reorg(depth)
    world.buy(1)
    mirror.catch_up()
    assert mirror.read(contents)["digest"] != bought
    assert mirror.as_of().block_hash == world.head_hash
    assert_equals_replay(world, mirror, tmp_path)


@pytest.mark.anvil
def test_a_reorg_while_the_indexer_was_down_is_found_at_its_start(
    world: RealNode, mirror: Mirror, tmp_path: Path
) -> None:
    world.buy(6)
    mirror.catch_up()
    mirror.crash()
    world.reorg(4)
    mirror.catch_up()
    assert_equals_replay(world, mirror, tmp_path)


@pytest.mark.anvil
def test_every_row_agrees_with_contract_reads_at_the_mirrors_own_block(
    world: RealNode, mirror: Mirror
) -> None:
    world.buy(3)
    mirror.catch_up()
    read_at = mirror.as_of().block_hash
    world.buy(2)  # the account is another one now
    report = verify(mirror.settings(), world.deployment())
    assert (report.differences, report.block_hash) == ([], read_at)
    world.reorg(4)
    with pytest.raises(BlockUnavailable, match="another branch"):
        verify(mirror.settings(), world.deployment())
