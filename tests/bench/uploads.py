"""Uploads on a whole running platform: a site of 10,000 files, and one file of a gibibyte.

By the public faces: `dspace deploy`'s own code from the first hash to `live`, and `PUT /v1/files`.
The rate of sha256 on this machine stands beside them, since everything is hashed once.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import psutil
from rich.console import Console

from scripts.client.deploying import deploy_folder
from scripts.client.remote import Remote
from scripts.dev_accounts import dev_accounts, key_of
from scripts.wallet import Wallet
from tests.support.journey import buy, seen_service, start_service
from tests.support.platform import RunningPlatform

FILES, FILE_BYTES = 10_000, 10 * 2**10
LARGE_BYTES = 2**30 - 2**20  # beside the site it must fit the free tier's gibibyte of upload
COIN = 10**6
STORAGE_PLAN = 3
PRO_TIER = 1


def main() -> None:
    """Prints the figures, and keeps them where it is told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to keep the figures")
    arguments = parser.parse_args()
    figures = measure()
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def measure() -> dict[str, float]:
    """Seconds, megabytes and megabytes a second."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        running = RunningPlatform(Path(folder) / "data")
        running.start()
        try:
            owner = _owner(running)
            remote = Remote(owner.platform.api_url, owner.token)
            quiet = Console(quiet=True)
            site = _site(Path(folder) / "site")
            with _peak("api") as api:
                started = time.perf_counter()
                made = deploy_folder(remote, site, "bench", quiet)
                publish = time.perf_counter() - started
            started = time.perf_counter()
            again = deploy_folder(remote, site, "bench", quiet)
            repeat = time.perf_counter() - started
            hashed = _sha256_rate()
            with _peak("api") as large:
                started = time.perf_counter()
                answer = owner.request("PUT", "/v1/files/large", data=_random(LARGE_BYTES))
                upload = time.perf_counter() - started
            if answer.status_code != 201 or again.sent_blocks:
                raise RuntimeError(answer.text)
        finally:
            running.stop()
    rate = LARGE_BYTES / upload / 1e6
    figures = {
        "publish_seconds": publish,
        "publish_files": made.file_count,
        "publish_api_megabytes": api[0],
        "repeat_seconds": repeat,
        "upload_seconds": upload,
        "upload_megabytes_per_second": rate,
        "upload_api_megabytes": large[0],
        "sha256_megabytes_per_second": hashed,
    }
    console.print(
        f"{made.file_count:,} files published in {publish:.1f} s (API {api[0]:.0f} MB); "
        f"again, unchanged: {repeat:.1f} s"
    )
    console.print(
        f"1 GiB uploaded in {upload:.1f} s: {rate:.0f} MB/s (API {large[0]:.0f} MB); "
        f"sha256 alone: {hashed:.0f} MB/s"
    )
    return figures


def _owner(running: RunningPlatform) -> Wallet:
    made = Wallet(running.faces())
    Wallet(running.faces(), key_of(dev_accounts()[9])).fund(made.address, 10**18)
    buy(made, made.address, 1_000 * COIN)
    made.sign_in()
    made.send("Hosting", "subscribe", PRO_TIER)
    site, storage = start_service(made), start_service(made, STORAGE_PLAN)
    for service in (site, storage):
        seen_service(made, service, "active")
    answer = made.request("POST", "/v1/sites", json={"name": "bench", "service_id": str(site)})
    answer.raise_for_status()
    return made


def _site(folder: Path) -> Path:
    dice = random.Random(1)
    for number in range(FILES):
        path = folder / f"{number % 100}" / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dice.randbytes(FILE_BYTES))
    return folder


def _random(length: int) -> Iterator[bytes]:
    """Bytes of which no two mebibytes are the same, made faster than they are hashed."""
    base = os.urandom(2**20 - 8)
    for number in range(length // 2**20):
        yield number.to_bytes(8) + base


def _sha256_rate() -> float:
    data = bytes(2**20)
    started = time.perf_counter()
    for _ in range(512):
        sha256(data)
    return 512 * len(data) / (time.perf_counter() - started) / 1e6


@contextmanager
def _peak(command: str) -> Iterator[list[float]]:
    """The most memory (MB) that a command of the platform had while the block ran."""
    peak = [0.0]
    ended = threading.Event()
    found = [
        process
        for process in psutil.process_iter(["cmdline"])
        if command in (process.info["cmdline"] or [])[-1:]
    ]

    def look() -> None:
        while not ended.wait(0.02):
            for process in found:
                tree = [process, *process.children(recursive=True)]
                peak[0] = max([peak[0], *(one.memory_info().rss / 1e6 for one in tree)])

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


if __name__ == "__main__":
    main()
