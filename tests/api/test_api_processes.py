"""API, worker and scheduler as processes: start, stop, be killed, lose nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from flask import Flask
from sqlalchemy import update

from api.db import db, utc_now, writing
from api.jobs.models import Job
from api.settings import ApiSettings
from tests.api.deploying import PATH, deploy, show, tarred, upload
from tests.api.world import Wallet
from tests.support.chain import free_port

DEADLINE_SECONDS = 20.0


def wait_for(look: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {DEADLINE_SECONDS:g} s")


class Processes:
    """Starts commands over one data folder, and ends what is left of them."""

    def __init__(self, settings: ApiSettings, logs: Path) -> None:
        self.settings = settings
        self.logs = logs
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, command: str) -> subprocess.Popen[bytes]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DSPACE_")}
        with self.log(command).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "scripts.cli", command],
                env=environment | self.settings.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.started.append(process)
        return process

    def log(self, command: str) -> Path:
        return self.logs / f"{command}.log"

    def told(self, command: str, event: str) -> bool:
        return f'"event": "{event}"' in self.log(command).read_text()

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
                process.kill()
            process.wait()


@pytest.fixture
def processes(settings: ApiSettings, tmp_path: Path) -> Iterator[Processes]:
    made = Processes(settings.model_copy(update={"api_port": free_port()}), tmp_path)
    yield made
    made.end()


@pytest.fixture
def site(owner: Wallet) -> Wallet:
    answer = owner.post("/v1/sites", json={"name": "hello", "service_id": 1})
    assert answer.status_code == 201
    return owner


def answers(processes: Processes) -> bool:
    try:
        return requests.get(url(processes, "/readyz"), timeout=5).ok
    except requests.RequestException:
        return False


def url(processes: Processes, path: str) -> str:
    return f"http://127.0.0.1:{processes.settings.api_port}{path}"


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


class TestServer:
    @pytest.fixture
    def server(self, processes: Processes, app: Flask) -> subprocess.Popen[bytes]:
        process = processes.start("api")
        wait_for(lambda: answers(processes), "the API answers")
        return process

    def test_an_upload_is_streamed_to_the_spool(
        self, server: subprocess.Popen[bytes], processes: Processes, site: Wallet
    ) -> None:
        archive = tarred({"index.html": b"x" * 3_000_000}, "w")
        head = b'--x\r\nContent-Disposition: form-data; name="archive"; filename="a"\r\n\r\n'

        def body() -> Iterator[bytes]:
            yield head
            yield archive[:100_000]
            spool = wait_for(
                lambda: list(processes.settings.uploads_dir.glob("*.upload")), "the spool"
            )
            wait_for(lambda: spool[0].stat().st_size > 0, "bytes in the spool")
            yield archive[100_000:]
            yield b"\r\n--x--\r\n"

        answer = requests.post(
            url(processes, PATH),
            data=body(),
            headers={
                "Authorization": f"Bearer {site.token}",
                "Content-Type": "multipart/form-data; boundary=x",
            },
            timeout=20,
        )
        assert answer.status_code == 202, answer.text
        (kept,) = processes.settings.uploads_dir.iterdir()
        assert kept.read_bytes() == archive

    def test_a_slow_body_holds_up_nobody(
        self, server: subprocess.Popen[bytes], processes: Processes, site: Wallet
    ) -> None:
        with socket.create_connection(("127.0.0.1", processes.settings.api_port)) as slow:
            slow.sendall(
                b"POST /v1/auth/nonce HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: 1000\r\n\r\n{"
            )
            began = time.monotonic()
            answer = requests.patch(
                url(processes, "/v1/sites/hello"),
                json={"name": "howdy"},
                headers={"Authorization": f"Bearer {site.token}"},
                timeout=20,
            )
            assert answer.status_code == 200
            assert time.monotonic() - began < 5

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_stop_is_clean(
        self, server: subprocess.Popen[bytes], processes: Processes, number: int
    ) -> None:
        server.send_signal(number)
        assert server.wait(6) in (0, -number)
        assert is_free(processes.settings.api_port)

    def test_a_killed_parent_leaves_nobody_on_the_port(
        self, server: subprocess.Popen[bytes], processes: Processes
    ) -> None:
        children = psutil.Process(server.pid).children(recursive=True)
        server.kill()
        server.wait()
        _, alive = psutil.wait_procs(children, timeout=5)
        assert alive == []
        assert is_free(processes.settings.api_port)

    def test_a_killed_child_is_told_by_the_end_of_the_parent(
        self, server: subprocess.Popen[bytes], processes: Processes
    ) -> None:
        (child,) = psutil.Process(server.pid).children()
        child.kill()
        server.wait(6)  # whoever supervises it starts it again
        assert is_free(processes.settings.api_port)

    def test_a_busy_port_is_told_in_one_line(
        self, server: subprocess.Popen[bytes], processes: Processes
    ) -> None:
        second = processes.start("api")
        assert second.wait(20) == 1
        last = processes.log("api").read_text().strip().splitlines()[-1]
        assert last.startswith("dspace api: can't listen on 127.0.0.1:")
        assert last.endswith("set DSPACE_API_PORT to a free port")
        assert answers(processes)


def test_a_missing_manifest_is_told_in_one_line(
    processes: Processes, settings: ApiSettings
) -> None:
    settings.manifest.unlink()
    for command in ("api", "worker", "scheduler"):
        assert processes.start(command).wait(20) == 1
        told = processes.log(command).read_text().strip()
        assert told == f"dspace {command}: there is no deployment manifest at {settings.manifest}"


class TestJobs:
    def test_a_wake_is_heard_in_well_under_a_second(
        self, processes: Processes, site: Wallet
    ) -> None:
        worker = processes.start("worker")
        wait_for(lambda: processes.told("worker", "worker_started"), "the worker")
        began = time.monotonic()
        made = deploy(site)
        wait_for(lambda: show(site, made)["state"] == "live", "the deployment")
        assert time.monotonic() - began < 1.5
        worker.terminate()
        assert worker.wait(6) == 0

    def test_what_a_killed_worker_held_is_done_by_the_next(
        self, app: Flask, processes: Processes, site: Wallet
    ) -> None:
        files = {f"{number}.bin": os.urandom(50_000) for number in range(1_500)}
        made = upload(site, tarred(files, "w")).json
        worker = processes.start("worker")
        wait_for(lambda: show(site, made)["state"] == "storing", "the work has begun")
        worker.kill()
        worker.wait()
        assert show(site, made)["state"] == "storing"
        with app.app_context(), writing():  # the time of the lease goes by
            db.session.execute(update(Job).values(due_at=utc_now()))
        scheduler = processes.start("scheduler")
        processes.start("worker")
        wait_for(lambda: show(site, made)["state"] == "live", "the deployment")
        assert show(site, made)["file_count"] == 1_500
        uploads = processes.settings.uploads_dir
        wait_for(lambda: not list(uploads.iterdir()), "its upload is removed")
        scheduler.terminate()
        assert scheduler.wait(6) == 0

    def test_a_lost_wake_is_made_good_by_the_sweep(
        self, app: Flask, processes: Processes, site: Wallet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        processes.start("worker")
        wait_for(lambda: processes.told("worker", "worker_started"), "the worker")

        def lost() -> None:
            raise ConnectionError("the queue is away")

        monkeypatch.setattr(app.extensions["dspace_queue"], "wake", lost)
        made = deploy(site)  # accepted all the same
        processes.start("scheduler")
        wait_for(lambda: show(site, made)["state"] == "live", "the deployment")


def test_log_lines_are_json(processes: Processes, app: Flask) -> None:
    process = processes.start("scheduler")
    wait_for(lambda: processes.told("scheduler", "scheduler_started"), "the scheduler")
    process.terminate()
    assert process.wait(6) == 0
    for line in processes.log("scheduler").read_text().splitlines():
        assert json.loads(line)["level"] == "info"
