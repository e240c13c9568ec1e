"""Following a chain: every case of `indexer.sync`, held against a replay of the canonical chain."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from sqlalchemy import select

from indexer import schema
from indexer.errors import BadAnswer, DeepReorg, NotDeployed, ProviderError, WrongChain
from indexer.reads import list_account_events, read_account, read_as_of
from indexer.sync import Outcome
from tests.indexer.emitting import bought, deployed, person, random_logs
from tests.indexer.fakechain import FakeChain
from tests.indexer.mirror import Mirror


def grow(chain: FakeChain, blocks: int, seed: int = 1) -> None:
    random = Random(seed)
    for _ in range(blocks):
        chain.mine(*random_logs(random))


def balance(mirror: Mirror, number: int) -> int:
    return mirror.read(lambda conn: read_account(conn, person(number))).account.paid


# ---------------------------------------------------------------- forward


def test_a_chain_is_mirrored_from_the_first_contract_to_its_head(
    chain: FakeChain, mirror: Mirror
) -> None:
    grow(chain, 60)
    mirror.catch_up()
    as_of = mirror.as_of()
    assert (as_of.block_number, as_of.block_hash) == (60, chain.head.hash)
    assert (as_of.chain_id, as_of.genesis_hash) == (31337, chain.blocks[0].hash)
    assert (as_of.head_number, as_of.finalized_number, as_of.finalized) == (60, 52, False)
    mirror.assert_equals_replay()


def test_a_block_is_taken_as_soon_as_it_is_there(chain: FakeChain, mirror: Mirror) -> None:
    chain.mine(deployed())
    mirror.catch_up()
    for paid in (5, 6, 7):
        chain.mine(bought(person(1), paid))
        assert mirror.step() is Outcome.AT_HEAD
        assert balance(mirror, 1) == paid


def test_one_poll_of_a_quiet_chain_is_one_question(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 3)
    mirror.catch_up()
    mirror.step()
    chain.calls.clear()
    assert [mirror.step() for _ in range(3)] == [Outcome.AT_HEAD] * 3
    assert chain.calls == ["eth_getBlockByNumber"] * 3


def test_a_mirror_goes_on_where_it_was_after_a_restart(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 30)
    mirror.catch_up()
    mirror.crash()
    grow(chain, 30, seed=2)
    chain.calls.clear()
    mirror.catch_up()
    assert mirror.as_of().block_number == 60
    assert chain.calls.count("eth_getBlockByNumber") < 60  # not from the start
    mirror.assert_equals_replay()


def test_a_node_that_limits_its_answers_is_asked_for_less(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 60)
    chain.max_results = 10
    mirror.catch_up()
    mirror.assert_equals_replay()


def test_a_block_with_more_logs_than_a_node_gives_is_asked_for_by_hash(
    chain: FakeChain, mirror: Mirror
) -> None:
    for _ in range(30):
        chain.mine(*(bought(person(n), n) for n in range(5)))
    chain.max_results = 5
    mirror.max_range_blocks = 1
    mirror.catch_up()
    mirror.assert_equals_replay()


def test_finality_is_the_smaller_of_the_tag_and_the_confirmations(
    chain: FakeChain, mirror: Mirror
) -> None:
    grow(chain, 30)
    chain.finality = 0  # as development chains say: the newest block is final
    mirror.catch_up()
    assert mirror.as_of().finalized_number == 22
    chain.finality = 20
    chain.mine()
    mirror.catch_up()
    assert mirror.as_of().finalized_number == 22  # what was final stays final
    chain.mine(blocks=20)
    mirror.catch_up()
    assert mirror.as_of().finalized_number == 31
    assert mirror.as_of().head_number == 51


# ---------------------------------------------------------------- reorgs


@pytest.mark.parametrize("length", [1, 3, 4, 7])
def test_a_reorg_leaves_what_the_new_branch_says(
    chain: FakeChain, mirror: Mirror, length: int
) -> None:
    grow(chain, 40)
    mirror.catch_up()
    random = Random(length)
    chain.reorg(4, *(random_logs(random) for _ in range(length)))
    mirror.catch_up()
    assert mirror.as_of().block_hash == chain.head.hash
    mirror.assert_equals_replay()


def test_a_key_that_only_orphaned_events_had_loses_its_row(
    chain: FakeChain, mirror: Mirror
) -> None:
    chain.mine(bought(person(1), 5))
    chain.mine(bought(person(1), 9), bought(person(2), 9))
    mirror.catch_up()
    chain.reorg(1, [])
    mirror.catch_up()
    assert (balance(mirror, 1), balance(mirror, 2)) == (5, 0)
    assert mirror.read(lambda conn: conn.execute(select(schema.accounts)).all())[0].address == (
        person(1)
    )
    assert mirror.read(lambda conn: list_account_events(conn, person(2))) == []


def test_readers_never_see_the_gap_between_two_branches(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 20)
    mirror.catch_up()
    old = chain.head
    chain.reorg(3, [bought(person(1), 1)], [bought(person(1), 2)])
    while mirror.step() is not Outcome.AT_HEAD:
        assert mirror.as_of().block_hash in (old.hash, chain.head.hash)
    assert mirror.as_of().block_hash == chain.head.hash


def test_a_reorg_while_the_indexer_was_down_is_seen(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 30)
    mirror.catch_up()
    mirror.crash()
    random = Random(9)
    chain.reorg(5, *(random_logs(random) for _ in range(40)))
    mirror.catch_up()
    mirror.assert_equals_replay()


def test_a_reorg_in_the_middle_of_a_backfill_is_seen(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 120)
    mirror.max_range_blocks = 10
    mirror.confirmations = 200
    for _ in range(2):
        mirror.step()
    reached = mirror.as_of().block_number
    assert 0 < reached < 100, "what was read ahead isn't yet written"
    random = Random(3)
    chain.reorg(120 - reached + 5, *(random_logs(random) for _ in range(130)))
    mirror.catch_up()
    mirror.assert_equals_replay()


def test_a_chain_of_the_same_height_and_another_hash_is_seen(
    chain: FakeChain, mirror: Mirror
) -> None:
    grow(chain, 10)
    mirror.catch_up()
    chain.reorg(1, [bought(person(1), 77)])
    mirror.catch_up()
    assert balance(mirror, 1) == 77


def test_a_reorg_back_to_before_the_first_event_starts_anew(
    chain: FakeChain, mirror: Mirror
) -> None:
    grow(chain, 4)
    mirror.catch_up()
    chain.reorg(4, [bought(person(1), 5)])
    mirror.catch_up()
    mirror.assert_equals_replay()


def test_a_reorg_below_finality_stops_and_keeps_the_data(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 40)
    mirror.catch_up()
    before = mirror.as_of()
    random = Random(2)
    chain.reorg(9, *(random_logs(random) for _ in range(12)))
    for _ in range(2):  # and again after a restart
        with pytest.raises(DeepReorg, match="block 32, which was final"):
            mirror.catch_up()
        after = mirror.as_of()
        assert "rewind --to 31" in after.halted
        assert replace(after, halted="") == before
        mirror.crash()


def test_one_node_alone_on_another_branch_does_not_stop_it(
    chain: FakeChain, chain_url: str, mirror: Mirror, serve: object
) -> None:
    grow(chain, 40)
    mirror.catch_up()
    strayed = FakeChain(salt=chain.salt, blocks=list(chain.blocks[:20]))
    strayed.mine(blocks=40)
    mirror.crash()
    mirror.urls = f"{serve(strayed)},{chain_url}"  # type: ignore[operator]  # the fixture's
    mirror.catch_up()
    assert mirror.as_of().block_hash == chain.head.hash


def test_a_chain_that_moves_while_a_range_is_read_is_read_again(
    chain: FakeChain, mirror: Mirror
) -> None:
    """Two nodes behind one address, or a reorg between two posts: blocks that are no branch."""
    grow(chain, 40)
    strays = {"0x5", "0x14"}

    def stray(block: dict[str, str] | None) -> dict[str, str] | None:
        if block is None or block["number"] not in strays:
            return block
        strays.remove(block["number"])
        return {**block, "parentHash": "0x" + "ee" * 32}

    chain.fault("eth_getBlockByNumber", stray, times=10**9)
    mirror.catch_up()
    assert strays == set()
    mirror.assert_equals_replay()


# ---------------------------------------------------------------- shorter chains, lagging nodes


def test_a_lagging_node_is_waited_for(chain: FakeChain, mirror: Mirror) -> None:
    mirror.shorter_chain_seconds = 60
    grow(chain, 20)
    mirror.catch_up()
    before = mirror.as_of()
    chain.lag = 3
    assert [mirror.step() for _ in range(3)] == [Outcome.WAITING] * 3
    assert mirror.as_of() == before
    chain.lag = 0
    chain.mine()
    mirror.catch_up()
    assert mirror.as_of().block_number == 21


def test_a_chain_that_stays_shorter_is_believed(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 20)
    mirror.catch_up()
    mirror.crash()
    chain.cut(3)
    mirror.catch_up()
    assert mirror.as_of().block_hash == chain.head.hash
    mirror.assert_equals_replay()


def test_a_syncing_node_is_never_taken_for_a_shorter_chain(
    chain: FakeChain, mirror: Mirror
) -> None:
    grow(chain, 20)
    mirror.catch_up()
    chain.lag, chain.syncing = 3, True
    assert [mirror.step() for _ in range(3)] == [Outcome.WAITING] * 3
    assert mirror.as_of().block_number == 20


def test_a_node_whose_head_is_below_finality_can_only_be_behind(
    chain: FakeChain, mirror: Mirror
) -> None:
    grow(chain, 20)
    mirror.catch_up()
    for lag in (9, 20):
        chain.lag = lag
        assert [mirror.step() for _ in range(3)] == [Outcome.WAITING] * 3
    assert mirror.as_of().block_number == 20


def test_a_node_that_has_not_reached_the_contracts_is_waited_for(
    chain: FakeChain, mirror: Mirror
) -> None:
    deployment = chain.deployment()
    late = {n: c.model_copy(update={"block": 5}) for n, c in deployment.contracts.items()}
    chain.deployment = lambda: deployment.model_copy(update={"contracts": late})  # type: ignore[method-assign]  # this chain's only
    assert mirror.step() is Outcome.WAITING
    assert mirror.read(read_as_of) is None
    grow(chain, 6)
    mirror.catch_up()
    assert mirror.read(lambda c: c.execute(select(schema.blocks.c.number)).scalars().all()) == [
        4,
        5,
        6,
    ]


# ---------------------------------------------------------------- refusals at the start


def test_another_chain_id_is_refused(chain: FakeChain, mirror: Mirror) -> None:
    chain.chain_id = 1
    with pytest.raises(WrongChain, match="chain 1"):
        mirror.start()


def test_another_genesis_is_refused_and_the_data_kept(
    chain: FakeChain, mirror: Mirror, serve: object
) -> None:
    grow(chain, 5)
    mirror.catch_up()
    before = mirror.as_of()
    other = FakeChain(salt="another")
    grow(other, 9)
    mirror.urls = serve(other)  # type: ignore[operator]  # the fixture's
    with pytest.raises(WrongChain, match="genesis"):
        mirror.start()
    mirror.chain = other  # and with a manifest of that chain it is the tables that refuse
    with pytest.raises(WrongChain, match="the tables mirror"):
        mirror.start()
    assert mirror.as_of() == before


def test_another_genesis_under_a_running_indexer_is_refused(
    chain: FakeChain, mirror: Mirror
) -> None:
    grow(chain, 5)
    mirror.catch_up()
    other = FakeChain(salt="another")
    grow(other, 9)
    chain.blocks = other.blocks
    with pytest.raises(WrongChain, match="genesis"):
        mirror.catch_up()


def test_an_address_without_code_is_refused(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 5)
    chain.fault("eth_getCode", lambda _: "0x", times=9)
    with pytest.raises(NotDeployed, match="no code of Credits"):
        mirror.start()


def test_nothing_is_written_when_a_step_fails(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 5)
    mirror.catch_up()
    before = mirror.as_of()
    chain.mine(bought(person(1), 5))
    chain.fault("eth_getLogs", lambda _: None)
    with pytest.raises((BadAnswer, ProviderError)):
        mirror.step()
    assert mirror.as_of() == before
    mirror.catch_up()
    mirror.assert_equals_replay()
