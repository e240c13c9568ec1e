"""What an indexer serves over HTTP: figures that are the tables', liveness and readiness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from random import Random
from threading import Event, Thread
from typing import Any

import pytest
import requests
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection, func, select

from indexer import schema
from indexer.errors import WrongChain
from indexer.health import HUNG_SECONDS, Health
from indexer.metrics import REGISTRY
from indexer.reads import AsOf, read_as_of
from indexer.run import Indexer
from indexer.serving import serving
from tests.indexer.emitting import bought, person, random_logs
from tests.indexer.fakechain import FakeChain, HttpFault
from tests.indexer.mirror import Mirror, Start, wait_until
from tests.support.chain import free_port

Figures = dict[tuple[str, ...], float]  # by name and the values of its labels, sorted


class Watched:
    """An indexer that runs, and its pages."""

    def __init__(self, mirror: Mirror, stack: ExitStack) -> None:
        settings = mirror.settings().model_copy(update={"metrics_port": free_port()})
        self.indexer = Indexer(settings, mirror.chain.deployment())
        self._url = f"http://127.0.0.1:{settings.metrics_port}"
        self._stop = Event()
        stack.enter_context(serving(settings, self.indexer.health))
        thread = Thread(target=self.indexer.run, args=(self._stop,))
        thread.start()
        stack.callback(thread.join)
        stack.callback(self._stop.set)

    def get(self, path: str) -> requests.Response:
        return requests.get(self._url + path, timeout=5)

    def is_ready(self) -> bool:
        return self.get("/readyz").status_code == 200

    def scrape(self) -> Figures:
        return figures(self.get("/metrics").text)


def figures(page: str) -> Figures:
    return {
        (sample.name.removeprefix("dspace_indexer_"), *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


@pytest.fixture
def watch(mirror: Mirror) -> Iterator[Callable[[], Watched]]:
    with ExitStack() as stack:
        yield lambda: Watched(mirror, stack)


def grow(chain: FakeChain, blocks: int) -> None:
    random = Random(blocks)
    for _ in range(blocks):
        chain.mine(*random_logs(random))


def events_by_contract(conn: Connection) -> dict[str, int]:
    contract = schema.events.c.contract
    return dict(conn.execute(select(contract, func.count()).group_by(contract)).all())


def before() -> Figures:
    """The counters as other tests of this process have left them."""
    return figures(generate_latest(REGISTRY).decode())


def grew(now: Figures, then: Figures, *key: str) -> float:
    return now.get(key, 0) - then.get(key, 0)


# ---------------------------------------------------------------- figures


def test_the_figures_are_those_of_the_tables(
    chain: FakeChain, mirror: Mirror, watch: Callable[[], Watched]
) -> None:
    grow(chain, 40)
    then = before()
    watched = watch()
    wait_until(watched.is_ready)
    now = watched.scrape()
    assert now["leader",] == 1
    assert now["halted",] == 0
    assert now["head_block",] == now["cursor_block",] == 40
    assert now["finalized_block",] == 32
    assert now["lag_blocks",] == 0
    assert now["lag_seconds",] > 10**6  # the chain's clock stands in the past
    assert grew(now, then, "blocks_total") == 40
    by_contract = mirror.read(events_by_contract)
    assert len(by_contract) >= 2
    for contract, count in by_contract.items():
        assert grew(now, then, "events_total", contract) == count
    assert grew(now, then, "rows_written_total", "mirror_blocks") == 41  # and the one before
    assert grew(now, then, "rows_written_total", "mirror_events") == sum(by_contract.values())
    assert grew(now, then, "rows_written_total", "mirror_accounts") > 0
    assert grew(now, then, "batch_seconds_count") > 0
    assert grew(now, then, "reorgs_total") == 0


def test_a_reorg_counts_with_its_depth(
    chain: FakeChain, mirror: Mirror, watch: Callable[[], Watched]
) -> None:
    grow(chain, 10)
    watched = watch()
    wait_until(watched.is_ready)
    then = watched.scrape()
    chain.reorg(3, [bought(person(1), 1)], [], [], [])
    wait_until(lambda: mirror.as_of().block_hash == chain.head.hash)
    now = wait_until(lambda: grew(found := watched.scrape(), then, "reorgs_total") and found)
    assert grew(now, then, "reorgs_total") == 1
    assert grew(now, then, "reorg_depth_blocks_sum") == 3
    assert grew(now, then, "reorg_depth_blocks_count") == 1
    assert grew(now, then, "blocks_total") == 4


def test_a_cut_counts_as_a_reorg(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 6)
    mirror.catch_up()
    then = before()
    chain.cut(2)
    mirror.catch_up()
    assert grew(before(), then, "reorgs_total") == 1
    assert grew(before(), then, "reorg_depth_blocks_sum") == 2


def test_a_reorg_of_everything_counts_with_all_its_blocks(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 6)
    since_block_3 = chain.deployment().model_copy(
        update={
            "contracts": {
                name: contract.model_copy(update={"block": 3})
                for name, contract in chain.deployment().contracts.items()
            }
        }
    )
    Indexer(mirror.settings(), since_block_3).run(Event(), once=True)
    then = before()
    chain.reorg(5, [], [], [], [], [], [])
    Indexer(mirror.settings(), since_block_3).run(Event(), once=True)
    assert mirror.as_of().block_hash == chain.head.hash
    assert grew(before(), then, "reorgs_total") == 1
    assert grew(before(), then, "reorg_depth_blocks_sum") == 5  # 2 to 6


def test_a_provider_that_fails_counts_by_its_name_and_kind_and_keeps_its_key_to_itself(
    chain: FakeChain, chain_url: str, mirror: Mirror, watch: Callable[[], Watched]
) -> None:
    mirror.urls = f"{chain_url}/v2/a-secret-key"
    name = chain_url.removeprefix("http://")
    grow(chain, 5)
    watched = watch()
    wait_until(watched.is_ready)
    then = watched.scrape()
    faults = [
        chain.fault("eth_getBlockByNumber", lambda _: raised(HttpFault(503)), times=2),
        chain.fault("eth_getBlockByNumber", lambda _: raised(HttpFault(reset=True)), times=1),
        chain.fault("eth_getBlockByNumber", lambda _: raised(HttpFault(200, b"{")), times=1),
    ]
    wait_until(lambda: all(fault.used == fault.times for fault in faults))
    wait_until(lambda: grew(watched.scrape(), then, "failed_steps_total", "http_status") == 2)
    now = watched.scrape()
    assert now["provider_errors_total", name, "http_status"] == 2
    assert now["provider_errors_total", name, "connection_lost"] == 1
    assert now["provider_errors_total", name, "cut_answer"] == 1
    assert now["provider_requests_total", name] >= 4
    assert grew(now, then, "provider_request_seconds_count", "blocks") >= 1
    assert "secret" not in watched.get("/metrics").text


def raised(error: Exception) -> Any:
    raise error


def test_what_is_rolled_back_does_not_count(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 30)
    then = before()
    for statements in range(1, 60, 7):
        mirror.catch_up_dying(statements)
        now = before()
        as_of = mirror.read(read_as_of)
        done = as_of.block_number if as_of else 0
        assert grew(now, then, "blocks_total") == done
        found = mirror.read(
            lambda conn: (
                conn.execute(select(func.count()).select_from(schema.events)).scalar_one()
                if read_as_of(conn)
                else 0
            )
        )
        assert grew(now, then, "rows_written_total", "mirror_events") == found


# ---------------------------------------------------------------- health


def test_the_one_that_leads_is_ready_and_the_one_that_waits_is_not(
    chain: FakeChain, mirror: Mirror, watch: Callable[[], Watched]
) -> None:
    grow(chain, 5)
    first = watch()
    wait_until(first.is_ready)
    second = watch()
    assert second.get("/healthz").json() == {"status": "ok"}
    answer = second.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "waiting", "reason": "it doesn't lead"}
    assert second.scrape()["leader",] == 0
    assert ("cursor_block",) not in second.scrape()
    assert first.get("/elsewhere").status_code == 404


def test_what_halts_it_is_told(chain: FakeChain, mirror: Mirror) -> None:
    chain.chain_id = 5
    indexer = Indexer(mirror.settings(), chain.deployment())
    with pytest.raises(WrongChain):
        indexer.run(Event())
    assert indexer.health.why_not_ready(0).startswith("halted: ")
    assert "chain 5" in indexer.health.why_not_ready(0)


def test_readiness_follows_lead_cursor_and_time() -> None:
    now = [0.0]
    health = Health(lambda: now[0])
    assert health.why_not_ready(30) == "it doesn't lead"
    health.leads = True
    assert health.why_not_ready(30) == "nothing is indexed yet"
    behind = AsOf(1, "0x", 90, "0x", 0, 0, 100, 0)
    health.stepped(behind, at_head=False)
    assert health.why_not_ready(30) == "10 blocks behind"
    health.stepped(AsOf(1, "0x", 100, "0x", 0, 0, 100, 0), at_head=True)
    assert health.why_not_ready(30) == ""
    now[0] = 31
    assert health.why_not_ready(30) == "not at the head for 31 s, 0 blocks behind"
    assert health.why_not_ready(0) == ""
    now[0] = HUNG_SECONDS + 1
    assert health.why_not_alive() == "no step has ended for 301 s"
    health.turned()
    assert health.why_not_alive() == ""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_port_that_is_taken_ends_it_with_one_line_that_names_the_setting(
    start: Start, environment: dict[str, str], chain_url: str, tmp_path: Any
) -> None:
    environment["DSPACE_METRICS_PORT"] = chain_url.rpartition(":")[2]  # the node listens there
    assert start("run").wait(20) == 1
    lines = (tmp_path / "log0").read_text().splitlines()
    assert len(lines) == 1
    assert "set DSPACE_METRICS_PORT" in lines[0]
