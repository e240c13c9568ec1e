"""The gateway under wrk on this machine: every rule counted in, as a site's visitors meet it.

10 KiB and 1 MiB files, a site of 1,000 files asked for in turn, a long file of several blocks, and
a revalidation (304). wrk and the gateway share the cores.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from tests.api.gateway.world import World

SECONDS = 5
CONNECTIONS = 64
THREADS = 2
SITE_FILES = 1_000
HOST = "bench.localhost"
IN_TURN = """
local n = 0
request = function()
  n = (n + 1) % 1000
  return wrk.format("GET", "/pages/" .. n .. ".html")
end
"""


@dataclass(frozen=True)
class Figure:
    """What wrk saw."""

    requests_per_second: float
    megabytes_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int


def main() -> None:
    """Prints a table, and keeps the figures where it is told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to keep the figures")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    arguments = parser.parse_args()
    wrk = shutil.which("wrk")
    figures: dict[str, object] = {}
    if wrk is None:
        Console().print("wrk isn't installed: the gateway isn't measured.")
    else:
        figures = measure(wrk, arguments.workers, arguments.seconds)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def measure(wrk: str, workers: int, seconds: int) -> dict[str, object]:
    """All figures, by what was asked for."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "data", workers=workers, poll_milliseconds=200)
        world.create_tables()
        pages = {f"pages/{n}.html": os.urandom(10 * 2**10) for n in range(SITE_FILES)}
        world.put_site(
            "bench",
            {
                "small.bin": os.urandom(10 * 2**10),
                "large.bin": os.urandom(2**20),
                "long.bin": os.urandom(8 * 2**20),
            }
            | pages,
        )
        world.start_ready()
        try:
            world.becomes(200, "bench", "/small.bin", seconds=10)
            etag = world.site("bench", "/small.bin").header("etag")
            script = Path(folder) / "in_turn.lua"
            script.write_text(IN_TURN)
            asked = {
                "10 KiB": ["/small.bin"],
                "10 KiB, 304": ["/small.bin", "-H", f"If-None-Match: {etag}"],
                "10 KiB, 1,000 files": ["/", "-s", str(script)],
                "1 MiB": ["/large.bin"],
                "8 MiB, 8 blocks": ["/long.bin"],
            }
            figures = {what: run(wrk, world, options, seconds) for what, options in asked.items()}
            return show(figures, world, workers)
        finally:
            world.close()


def run(wrk: str, world: World, options: list[str], seconds: int) -> Figure:
    """One run, after a short one that warms up."""
    return run_at(wrk, world.port, options, seconds)


def run_at(wrk: str, port: int, options: list[str], seconds: int) -> Figure:
    """As `run`, of whatever listens at a port."""
    path, *more = options
    url = f"http://127.0.0.1:{port}{path}"
    said = ""
    for duration in (1, seconds):
        said = subprocess.run(
            [
                *(
                    wrk,
                    f"-t{THREADS}",
                    f"-c{CONNECTIONS}",
                    f"-d{duration}s",
                    "--latency",
                    "--timeout",
                    "10s",
                ),
                *("-H", f"Host: {HOST}"),
                *more,
                url,
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    refused = re.findall(r"Non-2xx or 3xx responses: (\d+)", said)
    broken = re.findall(r"(?:connect|read|write|timeout) (\d+)", said)
    return Figure(
        requests_per_second=float(_find(r"Requests/sec:\s+([\d.]+)", said)),
        megabytes_per_second=round(_bytes(_find(r"Transfer/sec:\s+(\S+)", said)) / 1e6, 1),
        p50_ms=_milliseconds(_find(r"(?m)^\s*50%\s+(\S+)", said)),
        p99_ms=_milliseconds(_find(r"(?m)^\s*99%\s+(\S+)", said)),
        errors=sum(map(int, refused + broken)),
    )


def show(figures: dict[str, Figure], world: World, workers: int) -> dict[str, object]:
    """Prints the table; the figures as JSON."""
    assert world.process is not None
    children = psutil.Process(world.process.pid).children()
    memory_mb = round(sum(child.memory_info().rss for child in children) / 1e6)
    table = Table(
        "asked for",
        "req/s",
        "MB/s",
        "p50 ms",
        "p99 ms",
        "errors",
        title=f"gateway, {workers} workers, {CONNECTIONS} connections, {memory_mb} MB",
    )
    for what, figure in figures.items():
        table.add_row(
            what,
            f"{figure.requests_per_second:,.0f}",
            f"{figure.megabytes_per_second:,.0f}",
            f"{figure.p50_ms:.1f}",
            f"{figure.p99_ms:.1f}",
            str(figure.errors),
        )
    Console(width=100).print(table)
    return {
        "workers": workers,
        "connections": CONNECTIONS,
        "memory_mb": memory_mb,
        "cores": os.cpu_count(),
        "figures": {what: vars(figure) for what, figure in figures.items()},
    }


def _find(pattern: str, said: str) -> str:
    found = re.search(pattern, said)
    if found is None:
        raise SystemExit(f"wrk said something unexpected:\n{said}")
    return found[1]


def _milliseconds(text: str) -> float:
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1_000.0), ("m", 60_000.0)):
        if text.endswith(unit):
            return round(float(text.removesuffix(unit)) * factor, 2)
    return float(text)


def _bytes(text: str) -> float:
    for unit, factor in (("KB", 2**10), ("MB", 2**20), ("GB", 2**30), ("B", 1)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    return float(text)


if __name__ == "__main__":
    main()
