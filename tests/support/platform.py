"""A whole platform in processes of its own, as `make run` starts it, on free ports."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from scripts.wallet import Platform, wait_for
from tests.support.chain import free_port

START_SECONDS = 120
STOP_SECONDS = 30


@dataclass
class RunningPlatform:
    """`dspace up` over a data folder; it can be stopped, killed and started again."""

    data_dir: Path
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.ports = {name: free_port() for name in ("CHAIN", "API", "GATEWAY")}

    @property
    def output(self) -> Path:
        """What the supervisor printed."""
        return self.data_dir.parent / f"{self.data_dir.name}.out"

    def faces(self) -> Platform:
        """The public faces."""
        return Platform(
            api_url=f"http://127.0.0.1:{self.ports['API']}",
            chain_url=f"http://127.0.0.1:{self.ports['CHAIN']}",
            gateway_url=f"http://127.0.0.1:{self.ports['GATEWAY']}",
        )

    def start(self) -> None:
        """Returns once the API and the gateway are ready."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DSPACE_")}
        environment["DSPACE_DATA_DIR"] = str(self.data_dir)
        for name, port in self.ports.items():
            environment[f"DSPACE_{name}_PORT"] = str(port)
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scripts.cli", "up"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(lambda: self.is_ready() or self.has_ended(), START_SECONDS, "the platform")
        assert not self.has_ended(), self.output.read_text()

    def is_ready(self) -> bool:
        """Whether the chain answers, and the API and the gateway say so."""
        faces = self.faces()
        with suppress(requests.RequestException):
            return (
                faces.node.is_connected()
                and requests.get(f"{faces.api_url}/readyz", timeout=5).ok
                and faces.visit("localhost", "/readyz").ok
            )
        return False

    def has_ended(self) -> bool:
        """Whether the supervisor is gone."""
        return self.process is None or self.process.poll() is not None

    def stop(self) -> int:
        """Ctrl-C; the supervisor's exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)

    def everyone(self) -> list[psutil.Process]:
        """The supervisor and every process below it."""
        assert self.process is not None
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def member(self, *words: str) -> psutil.Process:
        """The process that was started with these words on its command line."""
        for process in self.everyone():
            with suppress(psutil.NoSuchProcess):
                line = process.cmdline()
                if all(word in line for word in words):
                    return process
        raise LookupError(f"no process with {words}")

    def kill_everything(self) -> None:
        """kill -9, all at once."""
        assert self.process is not None
        processes = self.everyone()
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(STOP_SECONDS)
        psutil.wait_procs(processes, timeout=STOP_SECONDS)
