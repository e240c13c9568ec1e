"""The manifest: what is written is read back, and what is no manifest is told in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.manifest import DeploymentError, load_deployment, save_deployment
from tests.indexer.fakechain import FakeChain

GOOD = """{
    "chain_id": 31337,
    "genesis_hash": "0x%s",
    "contracts": {"Credits": {"address": "%s", "block": 1}}
}"""
HASH = "aB" * 32


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path, chain: FakeChain) -> None:
    path = tmp_path / "a" / "deployment.json"
    save_deployment(chain.deployment(), path)
    assert load_deployment(path) == chain.deployment()
    assert [entry.name for entry in path.parent.iterdir()] == ["deployment.json"]


def test_addresses_become_eip_55_and_hashes_lower_case(tmp_path: Path) -> None:
    path = tmp_path / "deployment.json"
    path.write_text(GOOD % (HASH, "0x5fbdb2315678afecb367f032d93f642f64180aa3"))
    found = load_deployment(path)
    assert found.contracts["Credits"].address == "0x5FbDB2315678afecb367f032d93F642f64180aa3"
    assert found.genesis_hash == "0x" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "Invalid JSON"),
        ("{}", "chain_id"),
        (GOOD % ("ab", "0x5fbdb2315678afecb367f032d93f642f64180aa3"), "genesis_hash"),
        (GOOD % (HASH, "0x5fbdb2315678afecb367f032d93f642f64180a"), "is no address"),
        (GOOD % (HASH, "0x5fBdb2315678afecb367f032d93F642f64180aa3"), "wrong checksum"),
    ],
)
def test_what_is_no_manifest_is_told_in_one_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "deployment.json"
    path.write_text(text)
    with pytest.raises(DeploymentError, match=why) as raised:
        load_deployment(path)
    assert "\n" not in str(raised.value)


def test_a_missing_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match="no deployment manifest"):
        load_deployment(tmp_path / "deployment.json")
