"""Random histories: mining, reorgs, cuts, lies and crashes. The tables equal a replay, always.

A seed that ever failed stays in SEEDS.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from tests.indexer.emitting import deployed, random_logs
from tests.indexer.fakechain import FakeChain
from tests.indexer.mirror import Mirror
from tests.indexer.test_faults import LIES

SEEDS = [1, 2, 3, 4, 5, 6]
ROUNDS = 18


@pytest.mark.parametrize("seed", SEEDS)
def test_after_any_history_the_tables_equal_a_replay(
    chain: FakeChain, mirror: Mirror, seed: int
) -> None:
    random = Random(seed)
    mirror.max_range_blocks = random.choice((1, 7, 50))
    mirror.confirmations = 12
    chain.mine(deployed())
    chain.mine(blocks=13)
    for _ in range(ROUNDS):
        random.choice(ACTS)(random, chain, mirror)
        if random.random() < 0.7:
            mirror.catch_up()
        if random.random() < 0.2:
            chain.faults.clear()
            mirror.catch_up()
            mirror.assert_equals_replay()
    chain.faults.clear()
    mirror.catch_up()
    mirror.assert_equals_replay()


def mine(random: Random, chain: FakeChain, _mirror: Mirror) -> None:
    for _ in range(random.choice((1, 1, 2, 5, 40))):
        chain.mine(*random_logs(random))


def reorg(random: Random, chain: FakeChain, mirror: Mirror) -> None:
    depth = min(random.randint(1, 11), depth_allowed(chain, mirror))
    if depth > 0:
        chain.reorg(depth, *(random_logs(random) for _ in range(random.randint(0, depth + 3))))


def depth_allowed(chain: FakeChain, mirror: Mirror) -> int:
    """A reorg below what the mirror calls final would rightly stop it."""
    return chain.head.number - mirror.as_of().finalized_number if mirror.indexer else 0


def lie(random: Random, chain: FakeChain, _mirror: Mirror) -> None:
    method, answer = random.choice(list(LIES.values()))
    chain.fault(method, answer, times=random.randint(1, 3))
    chain.mine(*random_logs(random))


def crash(_random: Random, _chain: FakeChain, mirror: Mirror) -> None:
    mirror.crash()
    mirror.catch_up()


def crash_half_way(random: Random, chain: FakeChain, mirror: Mirror) -> None:
    """The process dies within a transaction: what it wrote is gone with it."""
    mine(random, chain, mirror)
    mirror.catch_up_dying(after_statements=random.randint(1, 12))


ACTS: list[Callable[[Random, FakeChain, Mirror], None]] = [
    mine,
    mine,
    reorg,
    reorg,
    lie,
    crash,
    crash_half_way,
]
