"""The gateway beside the servers that a site would else be behind: the same files, the same run.

nginx (set as Debian ships it) and Caddy serve a folder, Flask's `send_file` on granian the way a
Python application would. Each is asked in turn, several times over, and the median of each
counts, so that a slow moment of the machine meets all alike. What isn't installed is left out,
and told.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import requests
from rich.console import Console
from rich.table import Table

from tests.api.gateway.world import World, wait_for
from tests.bench.gateway import CONNECTIONS, IN_TURN, SITE_FILES, Figure, run_at
from tests.support.chain import free_port

SECONDS, ROUNDS, WORKERS = 4, 3, 2
OURS = "gateway"

NGINX = """
worker_processes {workers}; pid {folder}/nginx.pid; error_log {folder}/error.log; daemon off;
events {{ worker_connections 1024; }}
http {{ access_log {folder}/access.log; sendfile on; tcp_nopush on; gzip on;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {root}; }} }}
"""
CADDY = """
{{
  admin off
  auto_https off
}}
http://:{port} {{
  root * {root}
  file_server
}}
"""
FLASK = """
from flask import Flask, send_from_directory
app = Flask("static", static_folder=None)
app.add_url_rule("/<path:path>", "file", lambda path: send_from_directory({root!r}, path))
"""


def main() -> None:
    """Prints a table, and keeps the figures where it is told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to keep the figures")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    wrk = shutil.which("wrk")
    figures: dict[str, object] = {}
    if wrk is None:
        Console().print("wrk isn't installed: the servers aren't compared.")
    else:
        figures = measure(wrk, arguments.seconds, arguments.rounds)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def measure(wrk: str, seconds: int, rounds: int) -> dict[str, object]:
    """Each server's median figures, by what was asked for."""
    console = Console(width=100)
    files = {f"pages/{n}.html": os.urandom(10 * 2**10) for n in range(SITE_FILES)}
    files |= {"small.bin": os.urandom(10 * 2**10), "large.bin": os.urandom(2**20)}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        root = folder / "site"
        for name, data in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        script = folder / "in_turn.lua"
        script.write_text(IN_TURN)
        ports = {OURS: stack.enter_context(_gateway(folder / "data", files))}
        for name, start in (("nginx", _nginx), ("caddy", _caddy), ("flask", _flask)):
            if name != "flask" and shutil.which(name) is None:
                console.print(f"{name} isn't installed: it is left out.")
                continue
            ports[name] = stack.enter_context(start(folder, root))
        asked = {
            "10 KiB": ["/small.bin"],
            "1 MiB": ["/large.bin"],
            "10 KiB, 1,000 files": ["/", "-s", str(script)],
        }
        found: dict[str, dict[str, list[Figure]]] = {}
        for what, options in asked.items():
            for _ in range(rounds):
                for name, port in ports.items():
                    taken = run_at(wrk, port, options, seconds)
                    found.setdefault(what, {}).setdefault(name, []).append(taken)
    return _show(console, found)


def _show(console: Console, found: dict[str, dict[str, list[Figure]]]) -> dict[str, object]:
    table = Table(
        "asked for", "server", "req/s", "gateway ×", "p99 ms", "errors",
        title=f"{WORKERS} workers, {CONNECTIONS} connections", title_justify="left",
    )  # fmt: skip
    figures: dict[str, object] = {}
    for what, servers in found.items():
        rates = {
            name: median(one.requests_per_second for one in taken)
            for name, taken in servers.items()
        }
        for name, taken in servers.items():
            p99 = median(one.p99_ms for one in taken)
            errors = sum(one.errors for one in taken)
            times = rates[OURS] / rates[name]
            table.add_row(
                what, name, f"{rates[name]:,.0f}", f"{times:.2f}", f"{p99:.1f}", str(errors)
            )
            figures[f"{what}: {name}"] = {
                "requests_per_second": rates[name],
                "p99_ms": p99,
                "gateway_times": times,
                "errors": errors,
            }
    console.print(table)
    return figures


@contextmanager
def _gateway(data_dir: Path, files: dict[str, bytes]) -> Iterator[int]:
    world = World(data_dir, workers=WORKERS, poll_milliseconds=200)
    try:
        world.create_tables()
        world.put_site("bench", files)
        world.start_ready()
        world.becomes(200, "bench", "/small.bin", seconds=10)
        yield world.port
    finally:
        world.close()


@contextmanager
def _nginx(folder: Path, root: Path) -> Iterator[int]:
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(workers=WORKERS, folder=folder, port=port, root=root))
    with _running(["nginx", "-c", str(config), "-e", str(folder / "error.log")], port):
        yield port


@contextmanager
def _caddy(folder: Path, root: Path) -> Iterator[int]:
    port = free_port()
    config = folder / "Caddyfile"
    config.write_text(CADDY.format(port=port, root=root))
    words = ["caddy", "run", "--adapter", "caddyfile", "--config", str(config)]
    with _running(words, port, GOMAXPROCS=str(WORKERS)):
        yield port


@contextmanager
def _flask(folder: Path, root: Path) -> Iterator[int]:
    port = free_port()
    (folder / "served.py").write_text(FLASK.format(root=str(root)))
    words = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]
    words += ["--workers", str(WORKERS), "--blocking-threads", "4", "--no-ws", "served:app"]
    with _running(words, port, PYTHONPATH=str(folder)):
        yield port


@contextmanager
def _running(words: list[str], port: int, **more: str) -> Iterator[None]:
    process = subprocess.Popen(
        words,
        env=os.environ | more,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: _answers(port), 20)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        time.sleep(0.1)


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/small.bin", timeout=1).status_code == 200
    except requests.RequestException:
        return False


if __name__ == "__main__":
    main()
