"""Starts the platform in order, watches it, and stops it.

    chain -> contracts -> tables -> indexer -> API, gateway, worker, scheduler

One process that ends by itself is started again, and said so; Ctrl-C or SIGTERM stops all of
them. A second `up` over the same data folder is refused while the first one runs.
"""

from __future__ import annotations

import fcntl
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import requests
from rich.console import Console

from scripts.supervisor.banner import print_banner
from scripts.supervisor.process import Process, reap_leftovers, remember
from scripts.supervisor.settings import UpSettings

START_SECONDS = 90.0  # replaying a long journal takes a while
STOP_SECONDS = 8.0
WATCH_SECONDS = 0.2


class StartFailed(Exception):
    """The platform can't start; the message is one line for the operator."""


def up(settings: UpSettings, console: Console) -> None:
    """Runs until it is told to stop; raises StartFailed."""
    for folder in ("logs", "run"):
        (settings.data_dir / folder).mkdir(parents=True, exist_ok=True)
    with _only_one(settings.data_dir / "run" / "up.lock"):
        Supervisor(settings, console).run()


class Supervisor:
    """The processes of one machine."""

    def __init__(self, settings: UpSettings, console: Console) -> None:
        self.settings = settings
        self.console = console
        self.processes: list[Process] = []
        self.environment = settings.environment(_secret_key(settings))
        self.stopping = False

    def run(self) -> None:
        """Starts everything, then watches until SIGINT or SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        killed = reap_leftovers(self._remembered)
        if killed:
            self.console.print(f"Ended {killed} processes that an earlier run had left.")
        self._check_ports()
        try:
            self._start_in_order()
            if not self.stopping:
                print_banner(self.settings, self.console)
            while not self.stopping:
                self._restart_ended()
                time.sleep(WATCH_SECONDS)
        finally:
            self._stop_all()

    @property
    def _remembered(self) -> Path:
        return self.settings.data_dir / "run" / "processes.json"

    def _start_in_order(self) -> None:
        settings = self.settings
        if settings.embedded_chain:
            self._start("chain", *self._chain_command())
        self._wait_for("chain", lambda: _rpc_answers(settings.chain_url))
        if settings.embedded_chain:
            self._run_once("deploy", "-m", "scripts.deployment")
        self._run_once("migrate", "-m", "scripts.cli", "migrate")
        self._start("indexer", "-m", "scripts.cli", "index", "run")
        for name in ("api", "gateway", "worker", "scheduler"):
            self._start(name, "-m", "scripts.cli", name)
        self._wait_for("api", lambda: _is_ready(f"http://127.0.0.1:{settings.api_port}/readyz"))
        self._wait_for(
            "gateway",
            lambda: _is_ready(
                f"http://127.0.0.1:{settings.gateway_port}/readyz", settings.base_domain
            ),
        )

    def _chain_command(self) -> list[str]:
        return [
            *("-m", "scripts.devnet"),
            *("--port", str(self.settings.chain_port)),
            *("--data-dir", str(self.settings.data_dir / "chain")),
            *("--block-seconds", str(self.settings.block_seconds)),
        ]

    def _start(self, name: str, *command: str) -> None:
        if self.stopping:
            return
        process = Process(
            name=name,
            command=[sys.executable, *command],
            environment=self.environment,
            log=self.settings.data_dir / "logs" / f"{name}.log",
        )
        self.processes.append(process)
        process.start()
        remember(self.processes, self._remembered)

    def _run_once(self, name: str, *command: str) -> None:
        """A step that must succeed before the next."""
        if self.stopping:
            return
        self.console.print(f"[dim]{name} …[/dim]")
        log = self.settings.data_dir / "logs" / f"{name}.log"
        with log.open("wb") as output:
            status = subprocess.run(
                [sys.executable, *command],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        if status and not self.stopping:
            said = log.read_text(errors="replace").strip().splitlines()[-1:] or ["no word"]
            raise StartFailed(f"{name} failed: {said[0]} (whole log: {log})")

    def _wait_for(self, name: str, is_ready: Callable[[], bool]) -> None:
        """Waits until a process answers; one that ends meanwhile is restarted a few times."""
        deadline = time.monotonic() + START_SECONDS
        while not self.stopping and not is_ready():
            self._restart_ended()
            if time.monotonic() > deadline:
                raise StartFailed(f"{name} did not answer within {START_SECONDS:.0f} s")
            time.sleep(WATCH_SECONDS / 2)

    def _restart_ended(self) -> None:
        changed = False
        for process in self.processes:
            status = process.poll()
            if status is not None and not self.stopping:
                delay = process.schedule_restart()
                self.console.print(
                    f"[yellow]{process.name} ended ({_describe(status)}); "
                    f"starting it again in {delay:g} s[/yellow]"
                )
                for line in process.last_lines(3) if status > 0 else []:
                    self.console.print(f"  [dim]{process.name}: {line}[/dim]", markup=True)
            if process.is_due() and not self.stopping:
                process.start()
                changed = True
        if changed:
            remember(self.processes, self._remembered)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _stop_all(self) -> None:
        """The last started is asked first; the chain goes last."""
        self.console.print("Stopping …")
        servers = [process for process in self.processes if process.name != "chain"]
        for group in (servers, self.processes):
            for process in reversed(group):
                process.terminate()
            deadline = time.monotonic() + STOP_SECONDS
            for process in reversed(group):
                process.wait_or_kill(max(0.1, deadline - time.monotonic()))
        self._remembered.unlink(missing_ok=True)
        self.console.print("Stopped.")

    def _check_ports(self) -> None:
        ports = {"DSPACE_API_PORT": self.settings.api_port}
        ports["DSPACE_GATEWAY_PORT"] = self.settings.gateway_port
        if self.settings.embedded_chain:
            ports["DSPACE_CHAIN_PORT"] = self.settings.chain_port
        for setting, port in ports.items():
            if not _is_free(port):
                raise StartFailed(f"port {port} is taken; set {setting} to a free one")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _rpc_answers(url: str) -> bool:
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
    try:
        return "result" in requests.post(url, json=question, timeout=2).json()
    except (requests.RequestException, ValueError):
        return False


def _is_ready(url: str, host: str | None = None) -> bool:
    try:
        return requests.get(url, headers={"Host": host} if host else None, timeout=2).ok
    except requests.RequestException:
        return False


def _describe(status: int) -> str:
    if status < 0:
        return f"signal {-status}"
    return f"status {status}"


def _secret_key(settings: UpSettings) -> str:
    """The operator's own key, or one that is made at the first start and kept."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.data_dir / "secret_key"
    if not path.exists():
        part = path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(secrets.token_hex(32))
        part.replace(path)
    return path.read_text()


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartFailed(f"{path.parent.parent} is in use by another `dspace up`") from None
        yield
