"""Tools that pip can't bring. A test that needs one says so where it is left out."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

NPM_TOOLS = Path(__file__).parents[2] / ".cache" / "tools" / "node_modules" / ".bin"


def anvil() -> str:
    """The path of anvil; skips the test, with how to get it, where there is none."""
    return _find("anvil", "make tools")


def chromium() -> str:
    """The path of Chromium; skips the test, with how to get it, where there is none."""
    return _find("chromium", "apt-get install chromium")


def _find(name: str, remedy: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=str(NPM_TOOLS))
    if found is None:
        pytest.skip(f"{name} is not installed: {remedy}")
    return found
