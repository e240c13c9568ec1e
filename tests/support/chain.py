"""An embedded chain in a process of its own, over a data folder, on a free port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import requests
from web3 import Web3

START_SECONDS = 30.0
STOP_SECONDS = 10.0


class RpcFailed(Exception):
    """The error that a call was answered."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error)
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: str | None = error.get("data")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RunningChain:
    """`python -m scripts.devnet`; it can be stopped, killed and started again."""

    data_dir: Path
    block_seconds: float = 0  # 0: a block comes with a transaction or on demand only
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.data_dir.parent / f"{self.data_dir.name}.log"

    @cached_property
    def http(self) -> requests.Session:
        """A kept-alive connection."""
        return requests.Session()

    @cached_property
    def web3(self) -> Web3:
        """The chain as web3.py sees it."""
        return Web3(Web3.HTTPProvider(self.url))

    def start(self) -> RunningChain:
        """Returns once it answers."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "scripts.devnet", "--port", str(self.port)),
                    *("--data-dir", str(self.data_dir)),
                    *("--block-seconds", str(self.block_seconds)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.rpc("eth_chainId")
            except requests.RequestException:
                time.sleep(0.05)
            else:
                return self
        self.kill()
        raise RuntimeError(f"the chain did not start: {self.log.read_text()[-2_000:]}")

    def rpc(self, method: str, *params: Any) -> Any:
        """The result of a call; RpcFailed where it is answered an error."""
        answer = self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        if "error" in answer:
            raise RpcFailed(answer["error"])
        return answer["result"]

    def post(self, body: Any) -> Any:
        """What any JSON body is answered."""
        return self.http.post(self.url, json=body, timeout=60).json()

    def mine(self, blocks: int = 1) -> None:
        """Mines empty blocks."""
        self.rpc("anvil_mine", hex(blocks))

    def head(self) -> dict[str, Any]:
        """The newest block."""
        block: dict[str, Any] = self.rpc("eth_getBlockByNumber", "latest", False)
        return block

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_SECONDS)
