"""Back to any block, below the final ones too, with no reindexing: and on from there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import event
from typer.testing import CliRunner, Result

from indexer.acts import NotFinal, list_acts_without_ground, record_act
from indexer.cli import index_app
from indexer.database import open_engine
from indexer.errors import DeepReorg
from indexer.reads import read_as_of
from tests.indexer.emitting import random_logs
from tests.indexer.fakechain import FakeChain, served
from tests.indexer.mirror import Mirror, PowerCut, contents, write_manifest

Rewind = Callable[..., Result]


@pytest.fixture
def rewind(
    chain: FakeChain, mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Rewind:
    """`dspace index rewind …` on the mirror's database."""
    monkeypatch.setenv("DSPACE_DATABASE_URL", mirror.database_url)
    monkeypatch.setenv("DSPACE_RPC_URLS", mirror.urls)
    monkeypatch.setenv("DSPACE_DEPLOYMENT", str(write_manifest(chain, tmp_path)))

    def run(*options: str, answer: str | None = None) -> Result:
        return CliRunner().invoke(index_app, ["rewind", *options], input=answer)

    return run


def grow(chain: FakeChain, blocks: int, seed: int = 1) -> None:
    random = Random(seed)
    for _ in range(blocks):
        chain.mine(*random_logs(random))


def fork(chain: FakeChain, depth: int, blocks: int) -> None:
    random = Random(depth)
    chain.reorg(depth, *(random_logs(random) for _ in range(blocks)))


def contents_at(chain: FakeChain, number: int, folder: Path) -> dict[str, Any]:
    """What a fresh mirror of the chain up to a block holds."""
    cut = FakeChain(salt=chain.salt, blocks=list(chain.blocks[: number + 1]))
    with served(cut) as url:
        replay = Mirror(chain, f"sqlite:///{folder / f'cut{number}.sqlite3'}", url)
        replay.run()
        found: dict[str, Any] = replay.read(contents)
        replay.close()
    return found


def record(mirror: Mirror, kind: str, subject: str) -> None:
    """An act on the state as it is now."""
    engine = open_engine(mirror.database_url, writes=True)
    with engine.begin() as conn:
        as_of = read_as_of(conn)
        assert as_of is not None
        record_act(conn, as_of, kind, subject, cid="bafy")
    engine.dispose()


@pytest.mark.parametrize("number", [0, 1, 7, 39, 40])
def test_the_rows_are_the_ones_of_that_block(
    chain: FakeChain, mirror: Mirror, rewind: Rewind, tmp_path: Path, number: int
) -> None:
    grow(chain, 40)
    mirror.run()
    assert rewind("--to", str(number), "--yes").exit_code == 0
    assert mirror.read(contents) == contents_at(chain, number, tmp_path)
    mirror.catch_up()
    mirror.assert_equals_replay()


@pytest.mark.parametrize("seed", range(4))
def test_any_history_can_be_taken_back_to_any_block_and_goes_on_on_any_branch(
    chain: FakeChain, mirror: Mirror, rewind: Rewind, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    for round_ in range(3):
        grow(chain, random.randint(1, 30), seed=seed * 10 + round_)
        mirror.run()
        number = random.randint(0, len(chain.blocks) - 1)
        assert rewind("--to", str(number), "--yes").exit_code == 0
        assert mirror.read(contents) == contents_at(chain, number, tmp_path)
        depth = random.randint(0, len(chain.blocks) - 1 - number)
        if depth:
            fork(chain, depth, random.randint(depth, depth + 5))
    mirror.catch_up()
    mirror.assert_equals_replay()


def test_seventy_blocks_below_a_finality_of_thirty(
    chain: FakeChain, mirror: Mirror, rewind: Rewind
) -> None:
    """The case in which every other indexer that was tried ended with wrong rows or stood still."""
    mirror.confirmations = 30
    grow(chain, 100)
    mirror.run()
    before = mirror.read(contents)
    fork(chain, 70, 75)
    with pytest.raises(DeepReorg, match="rewind --to 30"):
        mirror.catch_up()
    assert mirror.read(contents) == before, "the data are kept"
    assert "rewind --to 30" in mirror.as_of().halted
    mirror.crash()
    done = rewind("--to", "30", "--yes")
    assert done.exit_code == 0, done.output
    assert "drops      70 blocks" in done.output
    assert "40 of them were final" in done.output
    assert (mirror.as_of().finalized_number, mirror.as_of().halted) == (30, "")
    mirror.catch_up()
    assert mirror.as_of().block_hash == chain.head.hash
    mirror.assert_equals_replay()


def test_a_rewind_that_is_not_far_enough_halts_again_and_names_the_block(
    chain: FakeChain, mirror: Mirror, rewind: Rewind
) -> None:
    grow(chain, 60)
    mirror.run()
    fork(chain, 40, 41)
    assert rewind("--to", "45", "--yes").exit_code == 0
    with pytest.raises(DeepReorg, match="the newest common block is 20"):
        mirror.catch_up()
    mirror.crash()
    assert rewind("--to", "20", "--yes").exit_code == 0
    mirror.catch_up()
    mirror.assert_equals_replay()


def test_a_chain_that_comes_back_to_our_branch_needs_no_rewind(
    chain: FakeChain, mirror: Mirror
) -> None:
    grow(chain, 40)
    mirror.run()
    ours = list(chain.blocks)
    fork(chain, 20, 21)
    with pytest.raises(DeepReorg):
        mirror.catch_up()
    mirror.crash()
    chain.blocks[:] = ours
    mirror.catch_up()
    assert mirror.as_of().halted == ""
    mirror.assert_equals_replay()


def test_where_nothing_is_common_it_says_rebuild(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 40)
    mirror.run()
    blocks = [FakeChain(salt=chain.salt).blocks[0]]
    engine = open_engine(mirror.database_url, writes=True)
    with engine.begin() as conn:
        conn.exec_driver_sql("UPDATE mirror_blocks SET hash = '0x" + "ab" * 32 + "'")
        conn.exec_driver_sql("UPDATE mirror_cursor SET block_hash = '0x" + "ab" * 32 + "'")
    engine.dispose()
    assert blocks[0].hash == chain.blocks[0].hash
    with pytest.raises(DeepReorg, match="no block is common: `dspace index rebuild`"):
        mirror.catch_up()


def test_a_dry_run_shows_it_and_changes_nothing(
    chain: FakeChain, mirror: Mirror, rewind: Rewind
) -> None:
    grow(chain, 20)
    mirror.run()
    before = (mirror.as_of(), mirror.read(contents))
    shown = json.loads(rewind("--to", "5", "--dry-run", "--json").stdout)
    assert (shown["from_block"], shown["to_block"], shown["blocks"]) == (20, 5, 15)
    assert shown["events"] == sum(1 for row in before[1]["events"] if row[0] > 5)
    assert shown["rows"]["mirror_accounts"] > 0
    assert (mirror.as_of(), mirror.read(contents)) == before


def test_it_asks_first_whoever_is_there_to_answer(
    chain: FakeChain, mirror: Mirror, rewind: Rewind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.cli._is_interactive", lambda: True)
    grow(chain, 20)
    mirror.run()
    refused = rewind("--to", "5", answer="n\n")
    assert refused.exit_code == 1
    assert "drops      15 blocks" in refused.output
    assert mirror.as_of().block_number == 20
    assert rewind("--to", "5", answer="y\n").exit_code == 0
    assert mirror.as_of().block_number == 5


def test_a_script_is_not_asked(chain: FakeChain, mirror: Mirror, rewind: Rewind) -> None:
    grow(chain, 20)
    mirror.run()
    assert rewind("--to", "5").exit_code == 0
    assert mirror.as_of().block_number == 5


@pytest.mark.parametrize("number", ["21", "-1"])
def test_a_block_that_is_not_in_the_mirror_is_refused_by_the_name_of_the_option(
    chain: FakeChain, mirror: Mirror, rewind: Rewind, number: str
) -> None:
    grow(chain, 20)
    mirror.run()
    refused = rewind("--to", number, "--yes")
    assert refused.exit_code == 1
    assert f"--to: block {number} isn't in the mirror, which goes from 0 to 20" in refused.output


def test_it_is_refused_while_an_indexer_runs(
    chain: FakeChain, mirror: Mirror, rewind: Rewind
) -> None:
    grow(chain, 20)
    mirror.catch_up()  # and holds the lead
    refused = rewind("--to", "5", "--yes")
    assert refused.exit_code == 1
    assert "stop it first" in refused.output
    assert mirror.as_of().block_number == 20


def test_a_crash_in_the_middle_leaves_all_as_it_was(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 30)
    mirror.catch_up()
    before = mirror.read(contents)
    for after_statements in range(1, 12):
        mirror.start()
        assert mirror.indexer is not None
        left = iter(range(after_statements, -1, -1))

        def cut(*_: Any, left: Any = left) -> None:
            if next(left, 0) == 0:
                raise PowerCut

        event.listen(mirror.indexer.engine, "before_cursor_execute", cut)
        with pytest.raises(PowerCut):
            mirror.indexer.store.rewind(3)
        event.remove(mirror.indexer.engine, "before_cursor_execute", cut)
        mirror.crash()
        assert mirror.read(contents) == before


def test_what_was_irreversibly_done_is_listed_and_outlives_rewind_and_rebuild(
    chain: FakeChain, mirror: Mirror, rewind: Rewind
) -> None:
    grow(chain, 20)
    mirror.confirmations = 0
    mirror.run()
    record(mirror, "content_deleted", "site 7")
    grow(chain, 10, seed=2)
    mirror.run()
    record(mirror, "content_deleted", "site 8")
    shown = rewind("--to", "25", "--yes")
    assert "content_deleted site 8 at block 30" in shown.output
    assert "site 7" not in shown.output
    found = json.loads(rewind("--to", "10", "--yes", "--json").stdout)
    assert [act["subject"] for act in found["acts"]] == ["site 7", "site 8"]
    assert found["acts"][0]["details"] == {"cid": "bafy"}
    mirror.start()
    assert mirror.indexer is not None
    mirror.indexer.store.reset()
    mirror.crash()
    mirror.catch_up()
    assert len(mirror.read(lambda conn: list_acts_without_ground(conn, 15))) == 2


def test_an_act_on_a_block_that_was_replaced_is_listed_whatever_its_number(
    chain: FakeChain, mirror: Mirror, rewind: Rewind
) -> None:
    grow(chain, 20)
    mirror.confirmations = 0
    mirror.run()
    record(mirror, "content_deleted", "site 7")
    assert rewind("--to", "10", "--yes").exit_code == 0
    fork(chain, 10, 15)
    mirror.run()
    assert "site 7" in rewind("--to", "24", "--yes").output


def test_nothing_irreversible_is_done_on_a_block_that_is_not_final(
    chain: FakeChain, mirror: Mirror
) -> None:
    grow(chain, 20)
    mirror.run()
    with pytest.raises(NotFinal, match="block 20 is above the final 12"):
        record(mirror, "content_deleted", "site 7")
