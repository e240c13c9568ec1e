"""Every adapter of the port, empty, and what other implementations computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.storage.embedded import EmbeddedBlockStore
from api.storage.ports import BlockStore

ADAPTERS = {"embedded": lambda folder: EmbeddedBlockStore(folder / "blocks")}


@pytest.fixture(params=sorted(ADAPTERS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlockStore:
    """An empty store of each kind."""
    made: BlockStore = ADAPTERS[request.param](tmp_path)
    return made


@pytest.fixture(scope="session")
def expected_cids() -> Any:
    """What other implementations computed; see the note in the file."""
    return json.loads((Path(__file__).parent / "expected_cids.json").read_text())
