"""Every process takes the settings of its log from the environment, and a bad one stops it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = {
    "api": ["scripts.cli", "api"],
    "gateway": ["scripts.cli", "gateway"],
    "migrate": ["scripts.cli", "migrate"],
    "the embedded chain": ["scripts.devnet"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_bad_level_is_one_line_that_names_the_setting(command: str, tmp_path: Path) -> None:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DSPACE_")}
    settings = {
        "DSPACE_LOG_LEVEL": "loud",
        "DSPACE_SECRET_KEY": "s" * 32,
        "DSPACE_DATA_DIR": str(tmp_path),
    }
    ended = subprocess.run(
        [sys.executable, "-m", *COMMANDS[command]],
        env=kept | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "DSPACE_LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'" in ended.stderr
    assert list(tmp_path.iterdir()) == []
