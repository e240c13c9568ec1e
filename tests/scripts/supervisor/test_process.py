"""A supervised process: it is watched, started again with a growing delay, and leaves nothing."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from scripts.supervisor.process import (
    FIRST_BACKOFF_SECONDS,
    LONGEST_BACKOFF_SECONDS,
    Process,
    reap_leftovers,
    remember,
)
from scripts.wallet import wait_for

# Starts a child of its own, tells its pid, and waits: as a server with workers does.
SERVER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    made = Process("server", [sys.executable, "-c", SERVER], dict(os.environ), tmp_path / "log")
    yield made
    made.wait_or_kill(0)


def worker_of(process: Process) -> psutil.Process:
    """The child that the server started."""

    def told() -> int | None:
        text = process.log.read_text().split()
        return int(text[-1]) if text else None

    return psutil.Process(wait_for(told, 10, "the worker's pid"))


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_running_process_has_no_status(process: Process) -> None:
    process.start()
    worker_of(process)
    assert process.poll() is None


def test_one_that_was_killed_tells_its_signal_and_takes_its_workers_along(process: Process) -> None:
    process.start()
    worker = worker_of(process)
    assert process.running is not None
    process.running.kill()
    assert wait_for(process.poll, 10, "the status") == -signal.SIGKILL
    wait_for(lambda: is_gone(worker), 5, "the worker's end")


def test_the_delay_before_a_restart_doubles_up_to_a_bound(process: Process) -> None:
    process.started_at = float("inf")  # never long enough to count as stable
    delays = [process.schedule_restart() for _ in range(12)]
    assert delays[:3] == [FIRST_BACKOFF_SECONDS * 2**n for n in range(3)]
    assert delays[-1] == LONGEST_BACKOFF_SECONDS


def test_a_process_that_ran_long_starts_over_with_the_first_delay(process: Process) -> None:
    process.backoff = LONGEST_BACKOFF_SECONDS
    process.started_at = float("-inf")
    assert process.schedule_restart() == FIRST_BACKOFF_SECONDS


def test_what_an_earlier_supervisor_left_is_ended_at_the_next_start(
    process: Process, tmp_path: Path
) -> None:
    process.start()
    worker = worker_of(process)
    remember([process], tmp_path / "processes.json")
    assert reap_leftovers(tmp_path / "processes.json") == 2
    wait_for(lambda: is_gone(worker), 5, "the worker's end")
    assert reap_leftovers(tmp_path / "processes.json") == 0


def test_a_pid_that_belongs_to_somebody_else_by_now_is_left_alone(
    process: Process, tmp_path: Path
) -> None:
    process.start()
    worker = worker_of(process)
    assert process.running is not None
    path = tmp_path / "processes.json"
    path.write_text(f'[{{"pid": {process.running.pid}, "created_at": 1.0}}]')
    assert reap_leftovers(path) == 0
    assert not is_gone(worker)


def test_a_torn_list_of_leftovers_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "processes.json").write_text('[{"pid": 1')
    assert reap_leftovers(tmp_path / "processes.json") == 0
