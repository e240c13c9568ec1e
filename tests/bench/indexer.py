"""The indexer against anvil on this machine: whole processes, and every row checked.

Backfill of a dense and of a sparse chain, from the start of the process to its end; start at the
head; the time from a mined block to its rows, by subscription and by polling.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from indexer import schema
from indexer.database import open_engine
from indexer.manifest import save_deployment
from indexer.reads import read_as_of, state_digest
from indexer.rules import unpack
from tests.bench.volume import Node, expected_words, running_node
from tests.support.postgres import fresh_schema

RUNS = 3
ROOT = Path(__file__).parents[2]
DATABASES = ("sqlite", "postgresql")
# Blocks, events in each. The long one shows that cost is linear and memory has its bound.
CHAINS = {"dense": (2_000, 100), "sparse": (5_000, 1), "long": (6_000, 100)}
REWOUND = "dense"  # the chain that a mirror is rewound over, to its second block
LIVE_BLOCKS = 200
WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Backfill:
    """One process, from its start to its end at the head."""

    seconds: float
    events_per_second: float
    blocks_per_second: float
    megabytes: float  # resident, at the most


@dataclass(frozen=True)
class Latency:
    """From the answer that a block was mined to its rows in the database, in milliseconds."""

    median: float
    p90: float
    p99: float


def main() -> None:
    """Prints tables, and keeps the figures where it is told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to keep the figures")
    parser.add_argument(
        "--runs", type=int, default=RUNS, help="of each backfill; the median counts"
    )
    arguments = parser.parse_args()
    figures = measure(arguments.runs)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def measure(runs: int) -> dict[str, object]:
    """All figures."""
    console = Console()
    figures: dict[str, object] = {}
    for name, (blocks, events) in CHAINS.items():
        with running_node() as node, tempfile.TemporaryDirectory() as folder:
            node.emit(1, blocks, events)
            manifest = Path(folder) / "deployment.json"
            save_deployment(node.deployment, manifest)
            table = Table(
                title=f"{blocks * events:,} events in {blocks:,} blocks", title_justify="left"
            )
            for column in ("", "s", "events/s", "blocks/s", "MB"):
                table.add_column(column, justify="right")
            digests = set()
            rewinds = {}
            for database in DATABASES:
                found = []
                for _ in range(runs):
                    with _fresh(database) as url:
                        found.append(_backfill(node, manifest, url, blocks, events))
                        digests.add(_checked(url, blocks, events))
                        if name == REWOUND:
                            rewinds[database] = _rewind(node, manifest, url)
                middle = sorted(found, key=lambda one: one.seconds)[len(found) // 2]
                figures[f"{name} {database}"] = asdict(middle)
                table.add_row(
                    database,
                    f"{middle.seconds:.2f}",
                    f"{middle.events_per_second:,.0f}",
                    f"{middle.blocks_per_second:,.0f}",
                    f"{middle.megabytes:.0f}",
                )
            if len(digests) != 1:
                raise RuntimeError(f"the databases differ: {digests}")
            console.print(table)
            for database, (seconds, megabytes) in rewinds.items():
                figures[f"rewind {database}"] = {"seconds": seconds, "megabytes": megabytes}
                console.print(
                    f"rewound over {blocks * events:,} events, {database}: "
                    f"{seconds:.2f} s, {megabytes:.0f} MB"
                )
    with running_node() as node, tempfile.TemporaryDirectory() as folder:
        node.emit(1, 200, 10)
        manifest = Path(folder) / "deployment.json"
        save_deployment(node.deployment, manifest)
        table = Table(title="Block mined to row visible, ms", title_justify="left")
        for column in ("", "median", "p90", "p99"):
            table.add_column(column, justify="right")
        for database in DATABASES:
            for how in ("subscription", "polling"):
                with _fresh(database) as url:
                    latency = _latency(node, manifest, url, subscribes=how == "subscription")
                figures[f"{how} {database}"] = asdict(latency)
                table.add_row(
                    f"{database}, {how}",
                    f"{latency.median:.1f}",
                    f"{latency.p90:.1f}",
                    f"{latency.p99:.1f}",
                )
        console.print(table)
        for database in DATABASES:
            with _fresh(database) as url:
                _run_once(node, manifest, url)
                seconds = statistics.median(_start(node, manifest, url) for _ in range(runs))
            figures[f"start {database}"] = seconds
            console.print(f"start at the head to ready, {database}: {seconds:.2f} s")
    return figures


@contextmanager
def _fresh(database: str) -> Iterator[str]:
    """The URL of an empty database."""
    if database == "postgresql":
        with fresh_schema() as url:
            yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/mirror.sqlite3"


def _process(node: Node, manifest: Path, url: str, *words: str, **settings: str) -> int:
    """Starts a command of `dspace index`; its process id."""
    environment = os.environ | {
        "DSPACE_DATABASE_URL": url,
        "DSPACE_RPC_URLS": node.url,
        "DSPACE_DEPLOYMENT": str(manifest),
        "DSPACE_LOG_LEVEL": "error",
        **settings,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "indexer.cli", *words],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return process.pid


def _run_once(node: Node, manifest: Path, url: str) -> float:
    """Runs it to the head; megabytes of memory at the most."""
    return _ended(_process(node, manifest, url, "run", "--once"))


def _rewind(node: Node, manifest: Path, url: str) -> tuple[float, float]:
    """Seconds and megabytes of a rewind to the chain's second block, its rows checked."""
    started = time.perf_counter()
    megabytes = _ended(_process(node, manifest, url, "rewind", "--to", "2", "--yes"))
    seconds = time.perf_counter() - started
    engine = open_engine(url, writes=False)
    with engine.connect() as conn:
        highest = conn.execute(select(func.max(schema.events.c.block_number))).scalar_one()
    engine.dispose()
    if highest is not None and highest > 2:
        raise RuntimeError(f"an event of block {highest} is still there")
    return seconds, megabytes


def _ended(pid: int) -> float:
    """Waits for a process; megabytes of memory at the most."""
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"the indexer ended with {status}")
    return usage.ru_maxrss / 1024


def _backfill(node: Node, manifest: Path, url: str, blocks: int, events: int) -> Backfill:
    started = time.perf_counter()
    megabytes = _run_once(node, manifest, url)
    seconds = time.perf_counter() - started
    return Backfill(seconds, blocks * events / seconds, blocks / seconds, megabytes)


def _checked(url: str, blocks: int, events: int) -> str:
    """The state digest, once every event is there and every account is what it must be."""
    engine = open_engine(url, writes=False)
    with engine.connect() as conn:
        count = conn.execute(select(func.count()).select_from(schema.events)).scalar_one()
        if count != blocks * events:
            raise RuntimeError(f"{count} events in place of {blocks * events}")
        columns = schema.accounts.c
        rows = conn.execute(
            select(columns.address, columns.paid, columns.granted, columns.rate)
        ).all()
        expected = {}
        for address, (word, _) in expected_words(range(1, blocks + 1), events).items():
            account = unpack(word)
            expected[address] = (account.paid, account.granted, account.rate)
        if {row.address: (row.paid, row.granted, row.rate) for row in rows} != expected:
            raise RuntimeError("an account isn't what its last event says")
        digest = state_digest(conn)
    engine.dispose()
    return digest


def _latency(node: Node, manifest: Path, url: str, *, subscribes: bool) -> Latency:
    """Blocks of 20 events at random moments; a reader looks once a millisecond."""
    # Where nobody answers a subscription, it polls.
    settings = {} if subscribes else {"DSPACE_RPC_URLS": f"{node.url},ws://127.0.0.1:1"}
    pid = _process(node, manifest, url, "run", **settings)
    engine = open_engine(url, writes=False)
    dice = random.Random(1)

    def cursor() -> int:
        with engine.connect() as conn:
            as_of = read_as_of(conn)
            return as_of.block_number if as_of else -1

    try:
        head = int(node.call("eth_blockNumber"), 16)
        _wait_until(lambda: cursor() >= head)
        time.sleep(1.0)  # the subscription is made beside the backfill
        taken = []
        for seed in range(LIVE_BLOCKS):
            time.sleep(dice.uniform(0.02, 0.2))
            node.emit(1_000_000 + seed, 1, 20)
            head += 1
            mined = time.perf_counter()
            while cursor() < head:
                time.sleep(0.001)
            taken.append((time.perf_counter() - mined) * 1_000)
    finally:
        os.kill(pid, 15)
        os.waitpid(pid, 0)
        engine.dispose()
    hundredths = statistics.quantiles(taken, n=100)
    return Latency(statistics.median(taken), hundredths[89], hundredths[98])


def _start(node: Node, manifest: Path, url: str) -> float:
    """Seconds from the start of a process to its first answer that it is at the head."""
    started = time.perf_counter()
    _run_once(node, manifest, url)
    return time.perf_counter() - started


def _wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not reached():
        if time.monotonic() > deadline:
            raise RuntimeError("took too long")
        time.sleep(0.01)


if __name__ == "__main__":
    main()
