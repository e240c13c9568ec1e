"""`dspace deploy` from nothing: 10,000 small files, and one of a gibibyte, over real processes.

The API and a worker run as they do for `dspace up`, over one data folder; memory is the largest
resident set of each process group, sampled. The store's and the disk's own rates stand beside.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import psutil
import requests

from api.app import create_app
from api.migrate import migrate
from api.settings import ApiSettings
from scripts.dev_accounts import dev_accounts
from tests.api.world import Mirror, make_settings
from tests.support.chain import free_port

FILES, FILE_BYTES = 10_000, 10 * 1024
LARGE_BYTES = 2**30
MIB = 2**20
START_SECONDS = 30
SAMPLE_SECONDS = 0.02

TARGET_FILES_SECONDS = 20
TARGET_MEMORY_MB = 200


def main() -> None:
    """Prints a table, and keeps the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dspace-bench-") as folder:
        figures = measure(Path(folder))
    for name, value in figures.items():
        print(f"{name:<44} {value:>10,.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def measure(folder: Path) -> dict[str, float]:
    """Seconds, MB/s (10^6 bytes) and MB, each in its name."""
    small, large = folder / "small", folder / "large"
    _make_small(small)
    _make_large(large)
    figures = {
        "sha256 MB/s": _sha256_rate(),
        "disk write + fsync MB/s": _disk_rate(folder),
    }
    with _platform(folder / "data") as (settings, api, worker):
        client = _Client(folder, settings)
        client.run("login", "--account", "1")
        client.run("sites", "create", "hello", "--service", "1")
        for name, made in (("10,000 files", small), ("1 GiB file", large)):
            with _peak(api) as of_api, _peak(worker) as of_worker:
                seconds, memory, told = client.deploy(made)
            assert told["deployment"]["state"] == "live", told
            figures[f"{name}: seconds, from nothing"] = seconds
            figures[f"{name}: MB/s, from nothing"] = told["sent"]["bytes"] / seconds / 1e6
            figures[f"{name}: memory of the client, MB"] = memory
            figures[f"{name}: memory of the API, MB"] = of_api.mb
            figures[f"{name}: memory of the worker, MB"] = of_worker.mb
            seconds, _, told = client.deploy(made)
            assert told["sent"]["blocks"] == 0, told
            figures[f"{name}: seconds, unchanged"] = seconds
        figures["1 GiB: MB/s into /v1/blocks alone"] = client.import_rate(folder)
    return figures


def _make_small(folder: Path) -> None:
    for number in range(FILES):
        path = folder / f"{number // 100:03}" / f"{number:05}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(FILE_BYTES))
    (folder / "index.html").write_text("<p>hello")


def _make_large(folder: Path) -> None:
    folder.mkdir()
    (folder / "index.html").write_text("<p>hello")
    with (folder / "large.bin").open("wb") as file:
        for _ in range(LARGE_BYTES // MIB):
            file.write(os.urandom(MIB))
    os.sync()


def _sha256_rate() -> float:
    data = os.urandom(MIB)
    began = time.perf_counter()
    for _ in range(512):
        sha256(data).digest()
    return 512 * MIB / (time.perf_counter() - began) / 1e6


def _disk_rate(folder: Path) -> float:
    data = os.urandom(MIB)
    path = folder / "written"
    began = time.perf_counter()
    with path.open("wb") as file:
        for _ in range(LARGE_BYTES // MIB):
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    took = time.perf_counter() - began
    path.unlink()
    return LARGE_BYTES / took / 1e6


class _Client:
    """The command as its user runs it, in a process of its own."""

    def __init__(self, folder: Path, settings: ApiSettings) -> None:
        self.url = settings.public_url
        outside = {k: v for k, v in os.environ.items() if not k.startswith("DSPACE_")}
        self.environment = outside | {
            "XDG_CONFIG_HOME": str(folder / "config"),
            "DSPACE_API": self.url,
        }

    def run(self, *arguments: str) -> str:
        """What it prints."""
        return subprocess.run(
            self._command(arguments), env=self.environment, check=True, stdout=subprocess.PIPE
        ).stdout.decode()

    def deploy(self, folder: Path) -> tuple[float, float, Any]:
        """Seconds, MB, and what it told."""
        began = time.perf_counter()
        process = subprocess.Popen(
            self._command(("deploy", str(folder), "--site", "hello", "--json")),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        with _peak(process) as peak:
            told = process.communicate()[0]
        return time.perf_counter() - began, peak.mb, json.loads(told)

    def import_rate(self, folder: Path) -> float:
        """Of one CAR of other blocks that is sent from memory as fast as it is taken, MB/s."""
        from api.storage.car import MEDIA_TYPE, write_car
        from api.storage.unixfs import Cid
        from api.storage.unixfs.cid import RAW

        kept = json.loads((folder / "config/decentraspace/credentials.json").read_text())
        token = kept["entries"][self.url]["token"]
        blocks = []
        seed = os.urandom(MIB)
        for number in range(LARGE_BYTES // MIB - 1):
            block = number.to_bytes(8) + seed[8:]
            blocks.append((Cid(RAW, sha256(block).digest()), number))

        def body() -> Iterator[bytes]:
            made = ((cid, number.to_bytes(8) + seed[8:]) for cid, number in blocks)
            return write_car([], made)

        began = time.perf_counter()
        answer = requests.post(
            f"{self.url}/v1/blocks",
            data=body(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": MEDIA_TYPE},
            timeout=300,
        )
        answer.raise_for_status()
        return float(answer.json()["bytes"]) / (time.perf_counter() - began) / 1e6

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "scripts.cli", *arguments]


class _Peak:
    mb = 0.0


@contextmanager
def _peak(process: subprocess.Popen[bytes]) -> Iterator[_Peak]:
    """The largest resident set of a process and its children, while this is open."""
    seen = _Peak()
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(SAMPLE_SECONDS):
            try:
                root = psutil.Process(process.pid)
                tree = [root, *root.children(recursive=True)]
                resident = max(each.memory_info().rss for each in tree)
            except psutil.Error:
                continue
            seen.mb = max(seen.mb, resident / 1e6)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


@contextmanager
def _platform(
    data: Path,
) -> Iterator[tuple[ApiSettings, subprocess.Popen[bytes], subprocess.Popen[bytes]]]:
    """The API and a worker; the owner of service 1 has room for all of it."""
    settings = make_settings(data, api_port=free_port(), max_upload_bytes=2 * LARGE_BYTES)
    settings = settings.model_copy(update={"public_url": f"http://127.0.0.1:{settings.api_port}"})
    migrate(settings)
    create_app(settings)
    mirror = Mirror(settings.database_url)
    owner = dev_accounts()[1].address
    mirror.tier(0, storage=2**40)
    mirror.account(owner, rate=2_000)
    mirror.service(1, owner)
    mirror.close()
    outside = {k: v for k, v in os.environ.items() if not k.startswith("DSPACE_")}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "scripts.cli", command],
            env=outside | settings.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in ("api", "worker")
    ]
    try:
        _wait_for(f"{settings.public_url}/healthz")
        yield settings, started[0], started[1]
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(10)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise SystemExit("the API did not start")


if __name__ == "__main__":
    main()
