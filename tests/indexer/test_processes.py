"""The indexer as a process: killed, stopped, doubled, and told what is wrong with its settings."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import event, func, select

from indexer.reads import AsOf, read_as_of
from indexer.run import Indexer
from tests.indexer.emitting import bought, person, random_logs
from tests.indexer.fakechain import FakeChain
from tests.indexer.mirror import Mirror, Start, contents, wait_until

SECONDS = 20.0

# Only what depends on the database runs on both: a process takes most of a second to start.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def reached(mirror: Mirror, number: int) -> Callable[[], AsOf | None]:
    def ask() -> AsOf | None:
        as_of = mirror.read(read_as_of)
        return as_of if as_of and as_of.block_number >= number else None

    return ask


def grow(chain: FakeChain, blocks: int) -> None:
    random = Random(blocks)
    for _ in range(blocks):
        chain.mine(*random_logs(random))


def test_killed_in_the_middle_of_a_backfill_it_goes_on_and_nothing_is_lost(
    chain: FakeChain, mirror: Mirror, start: Start
) -> None:
    grow(chain, 400)
    chain.fault("eth_getLogs", slowly, times=10**9)
    for number in (30, 120):
        process = start("run")
        wait_until(reached(mirror, number))
        process.kill()
        process.wait()
        assert mirror.as_of().block_number < 400
    chain.faults.clear()
    assert start("run", "--once").wait(SECONDS) == 0
    mirror.assert_equals_replay()


def slowly(result: Any) -> Any:
    time.sleep(0.005)
    return result


@on_sqlite
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(
    chain: FakeChain, mirror: Mirror, start: Start, number: signal.Signals
) -> None:
    grow(chain, 5)
    process = start("run")
    wait_until(reached(mirror, 5))
    process.send_signal(number)
    assert process.wait(5) == 0


@on_sqlite
def test_a_signal_ends_it_even_while_a_node_does_not_answer(
    chain: FakeChain, mirror: Mirror, start: Start
) -> None:
    grow(chain, 5)
    process = start("run")
    wait_until(reached(mirror, 5))
    with chain.lock:
        process.terminate()
        assert process.wait(5) == 0


@on_sqlite
def test_a_block_is_in_sql_within_a_moment(chain: FakeChain, mirror: Mirror, start: Start) -> None:
    grow(chain, 5)
    start("run")
    wait_until(reached(mirror, 5))
    mined_at = time.monotonic()
    chain.mine(bought(person(1), 5))
    wait_until(reached(mirror, 6))
    assert time.monotonic() - mined_at < 0.5


def test_a_second_one_takes_over_when_the_first_dies(
    chain: FakeChain, mirror: Mirror, start: Start, tmp_path: Path
) -> None:
    grow(chain, 5)
    first = start("run")
    wait_until(reached(mirror, 5))
    start("run")
    wait_until(lambda: b"waiting_for_leader" in (tmp_path / "log1").read_bytes())
    first.kill()
    first.wait()
    chain.mine(bought(person(1), 5))
    wait_until(reached(mirror, 6))
    mirror.assert_equals_replay()


@pytest.mark.parametrize(
    "database_url",
    [pytest.param("postgresql", marks=pytest.mark.postgresql)],
    indirect=True,
)
def test_a_lost_database_session_is_taken_up_anew(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 5)
    indexer = Indexer(mirror.settings(), chain.deployment())
    sessions: list[int] = []

    def remember(connection: Any, _record: Any) -> None:
        sessions.append(connection.info.backend_pid)

    event.listen(indexer.engine, "connect", remember)
    stop = Event()
    thread = Thread(target=indexer.run, args=(stop,))
    thread.start()
    try:
        wait_until(reached(mirror, 5))
        mirror.read(lambda conn: conn.execute(select(func.pg_terminate_backend(sessions[-1]))))
        chain.mine(bought(person(1), 5))
        wait_until(reached(mirror, 6))
    finally:
        stop.set()
        thread.join()
    assert len(sessions) > 1
    mirror.assert_equals_replay()


@on_sqlite
def test_status_tells_where_the_mirror_stands_and_rebuild_makes_the_same_from_nothing(
    chain: FakeChain, mirror: Mirror, start: Start
) -> None:
    empty = json.loads(start("status", "--json").communicate()[0])
    assert empty == {"started": False, "leader": False}
    grow(chain, 20)
    running = start("run")
    wait_until(reached(mirror, 20))
    found = json.loads(start("status", "--json").communicate()[0])
    assert found["block_number"] == found["head_number"] == 20
    assert found["block_hash"] == chain.head.hash
    assert found["finalized_number"] == 12
    assert found["rows"]["mirror_blocks"] == 21
    assert start("rebuild").wait(SECONDS) == 1  # while an indexer runs
    running.terminate()
    running.wait()
    output, _ = start("rebuild").communicate()
    assert f"state digest {found['state_digest']}".encode() in output
    mirror.assert_equals_replay()


@on_sqlite
def test_a_rebuild_that_finds_no_node_loses_nothing(
    chain: FakeChain, mirror: Mirror, environment: dict[str, str], start: Start
) -> None:
    grow(chain, 20)
    assert start("run", "--once").wait(SECONDS) == 0
    before = mirror.read(contents)
    environment["DSPACE_RPC_URLS"] = "http://127.0.0.1:9"
    assert start("rebuild").wait(SECONDS) == 1
    assert mirror.read(contents) == before


@on_sqlite
def test_what_it_can_not_work_with_ends_it_with_one_line(
    chain: FakeChain, environment: dict[str, str], start: Start, tmp_path: Path
) -> None:
    chain.chain_id = 5
    assert start("run").wait(SECONDS) == 1
    assert "chain 5" in (tmp_path / "log0").read_text().splitlines()[-1]
    environment["DSPACE_DEPLOYMENT"] = str(tmp_path / "none.json")
    assert start("run").wait(SECONDS) == 1
    lines = (tmp_path / "log1").read_text().splitlines()
    assert len(lines) == 1
    assert "no deployment manifest" in lines[0]


@on_sqlite
def test_receipts_are_verified_where_it_is_told_to(
    environment: dict[str, str], start: Start, tmp_path: Path
) -> None:
    """The fake chain's headers aren't Ethereum's, and it says so."""
    said = "can't be verified by receipts, only with DSPACE_VERIFY=bloom: the header of block 0 has"
    for at, command in enumerate(("run", "rebuild")):
        assert start(command, "--verify", "receipts").wait(SECONDS) == 1
        assert said in (tmp_path / f"log{at}").read_text().splitlines()[-1]
    environment["DSPACE_VERIFY"] = "receipts"
    assert start("run", "--once").wait(SECONDS) == 1
    assert start("run", "--once", "--verify", "bloom").wait(SECONDS) == 0
