"""The gateway as a process: starts before anything is there, goes on without, stops at once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pydantic import ValidationError

from api.gateway.settings import GatewaySettings
from tests.api.gateway.world import RUN, World, wait_for


@pytest.fixture
def cold(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "data")
    yield made
    made.close()


def test_before_there_is_a_database__it_says_wait__and_serves_once_there_is(cold: World) -> None:
    cold.start()
    assert cold.get("localhost", "/healthz").status == 200
    assert cold.get("localhost", "/readyz").status == 503
    answer = cold.site("demo")
    assert (answer.status, answer.header("retry-after")) == (503, "1")
    cold.create_tables()
    cold.put_site("demo", {"index.html": b"1"})
    assert cold.becomes(200, "demo", seconds=5).body == b"1"
    assert cold.get("localhost", "/readyz").status == 200


def test_a_database_that_goes_away__changes_nothing_that_is_known(cold: World) -> None:
    cold.create_tables()
    cold.put_site("demo", {"index.html": b"1", "later.html": b"2"})
    cold.start_ready()
    assert cold.becomes(200, "demo").body == b"1"
    with cold.engine.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE sites RENAME TO sites_away")
    wait_for(lambda: "database_unavailable" in cold.log())
    assert cold.site("demo").body == b"1"
    assert cold.site("demo", "/later.html").body == b"2"
    assert cold.get("localhost", "/readyz").status == 200
    with cold.engine.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE sites_away RENAME TO sites")
    wait_for(lambda: "database_available" in cold.log())
    cold.put_site("new", {"index.html": b"3"})
    assert cold.becomes(200, "new").body == b"3"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop__is_clean_and_quick__whatever_clients_do(cold: World, number: int) -> None:
    cold.workers = 2
    cold.create_tables()
    cold.put_site("demo", {"index.html": b"1", "long.bin": bytes(40 * 2**20)})
    cold.start_ready()
    cold.becomes(200, "demo")
    assert cold.process is not None
    workers = psutil.Process(cold.process.pid).children(recursive=True)
    assert len(workers) >= 2
    idle = socket.create_connection(("127.0.0.1", cold.port))
    slow = socket.create_connection(("127.0.0.1", cold.port))
    slow.sendall(b"GET /long.bin HTTP/1.1\r\nHost: demo.localhost\r\n\r\n")
    assert slow.recv(100)
    started_at = time.monotonic()
    assert cold.stop(number) == 0
    assert time.monotonic() - started_at < 5
    assert not any(worker.is_running() and worker.status() != "zombie" for worker in workers)
    idle.close()
    slow.close()


def test_a_killed_parent__leaves_no_worker_on_the_port(cold: World) -> None:
    cold.create_tables()
    cold.start_ready()
    assert cold.process is not None
    cold.stop(signal.SIGKILL)

    def is_free() -> bool:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", cold.port))
            except OSError:
                return False
        return True

    wait_for(is_free, 5)


def test_a_killed_worker__is_started_again(cold: World) -> None:
    cold.create_tables()
    cold.put_site("demo", {"index.html": b"1"})
    cold.start_ready()
    assert cold.process is not None
    (worker,) = psutil.Process(cold.process.pid).children()
    worker.kill()
    worker.wait(5)

    def serves() -> bool:
        try:
            return cold.site("demo").status == 200
        except OSError:
            return False

    wait_for(serves, 10)


def test_a_port_that_is_taken__is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-c", RUN],
            env={**os.environ, "DSPACE_DATA_DIR": str(tmp_path), "DSPACE_GATEWAY_PORT": str(port)},
            capture_output=True,
            timeout=20,
            check=False,
        )
    assert ended.returncode == 1
    (line,) = ended.stderr.decode().splitlines()
    assert "DSPACE_GATEWAY_PORT" in line


def test_a_long_file_to_slow_clients__takes_little_memory(cold: World) -> None:
    cold.create_tables()
    size = 192 * 2**20
    cold.put_site("demo", {"index.html": b"1", "long.bin": bytes(size)})
    cold.start_ready()
    cold.becomes(200, "demo")
    assert cold.process is not None
    (worker,) = psutil.Process(cold.process.pid).children()
    before = worker.memory_info().rss
    clients = [socket.create_connection(("127.0.0.1", cold.port)) for _ in range(4)]
    for client in clients:
        client.sendall(b"GET /long.bin HTTP/1.1\r\nHost: demo.localhost\r\n\r\n")
        assert client.recv(10)
    peak = before
    for _ in range(30):
        peak = max(peak, worker.memory_info().rss)
        time.sleep(0.02)
    for client in clients:
        client.close()
    assert peak - before < 96 * 2**20
    assert len(cold.site("demo", "/long.bin").body) == size


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DSPACE_GATEWAY_PORT", "0"),
        ("DSPACE_BASE_DOMAIN", "http://x"),
        ("DSPACE_BASE_DOMAIN", ""),
        ("DSPACE_DATABASE_URL", "mysql://x"),
        ("DSPACE_GATEWAY_WORKERS", "many"),
    ],
)
def test_a_bad_setting__is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refused:
        GatewaySettings()
    assert refused.value.errors()[0]["loc"] == (name.removeprefix("DSPACE_").lower(),)
