"""What stops `dspace up` at the start is said in one line that names what to change."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.chain import free_port


def up(tmp_path: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DSPACE_")}
    environment |= {
        "DSPACE_DATA_DIR": str(tmp_path),
        "DSPACE_CHAIN_PORT": str(free_port()),
        "DSPACE_API_PORT": str(free_port()),
        "DSPACE_GATEWAY_PORT": str(free_port()),
    }
    return subprocess.run(
        [sys.executable, "-m", "scripts.cli", "up"],
        env=environment | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_is_named_with_its_setting(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = up(tmp_path, DSPACE_GATEWAY_PORT=port)
    assert ended.returncode == 1
    assert f"port {port} is taken; set DSPACE_GATEWAY_PORT" in ended.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("DSPACE_API_PORT", "http"), ("DSPACE_BLOCK_SECONDS", "-1")]
)
def test_a_bad_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    ended = up(tmp_path, **{name: value})
    assert ended.returncode == 2
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1
    assert name in lines[0]
