"""Tools that pip can't bring. A test that needs one says so where it is left out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[2] / ".cache"
NPM_TOOLS = CACHE / "tools" / "node_modules" / ".bin"
PINNING_CHECKER = CACHE / "pinning-checker/node_modules/@ipfs-shipyard/pinning-service-compliance"


def anvil() -> str:
    """The path of anvil; skips the test, with how to get it, where there is none."""
    return _find("anvil", "make tools")


def chromium() -> str:
    """The path of Chromium; skips the test, with how to get it, where there is none."""
    return _find("chromium", "apt-get install chromium")


def pinning_checker() -> tuple[str, Path]:
    """The paths of node and of the checker's package; skips the test where there is none."""
    node = _find("node", "install Node.js 20 or newer")
    if not PINNING_CHECKER.is_dir():
        pytest.skip("the pinning API's checker is not installed: make pinning-checker")
    return node, PINNING_CHECKER


def _find(name: str, remedy: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=str(NPM_TOOLS))
    if found is None:
        pytest.skip(f"{name} is not installed: {remedy}")
    return found
