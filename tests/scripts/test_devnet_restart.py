"""Kills and restarts: what was acknowledged is there again, and a start that can't be says why."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from eth_account.signers.local import LocalAccount

from scripts.devnet.chain import Chain
from scripts.devnet.errors import DevnetError
from scripts.devnet.store import Store
from tests.support.chain import RunningChain


@pytest.fixture
def own_chain(tmp_path: Path) -> Iterator[RunningChain]:
    chain = RunningChain(tmp_path / "data").start()
    yield chain
    chain.kill()


def everything(chain: RunningChain) -> list[dict[str, Any]]:
    """All blocks with their transactions and receipts."""
    head = int(chain.head()["number"], 16)
    return [
        chain.rpc("eth_getBlockByNumber", hex(number), True)
        | {"receipts": chain.rpc("eth_getBlockReceipts", hex(number))}
        for number in range(head + 1)
    ]


def test_after_a_kill__the_same_blocks_hashes_and_state_are_there(
    own_chain: RunningChain, developers: list[LocalAccount]
) -> None:
    receiver = "0x" + "44" * 20
    for value in range(1, 6):
        own_chain.rpc(
            "eth_sendTransaction",
            {"from": developers[0].address, "to": receiver, "value": hex(value)},
        )
    own_chain.mine(3)
    own_chain.rpc("anvil_reorg", 2)
    before = everything(own_chain)
    own_chain.kill()
    own_chain.start()
    assert everything(own_chain) == before
    assert own_chain.rpc("eth_getBalance", receiver) == hex(15)
    own_chain.rpc(
        "eth_sendTransaction", {"from": developers[0].address, "to": receiver, "value": "0x1"}
    )
    assert own_chain.head()["parentHash"] == before[-1]["hash"]


def test_killed_amid_sending__nothing_acknowledged_is_lost(
    own_chain: RunningChain, developers: list[LocalAccount]
) -> None:
    acknowledged: list[str] = []

    def send() -> None:
        session = requests.Session()
        call = {"from": developers[1].address, "to": "0x" + "11" * 20}
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendTransaction", "params": [call]}
        try:
            while True:
                acknowledged.append(
                    session.post(own_chain.url, json=body, timeout=10).json()["result"]
                )
        except requests.RequestException:
            return

    sender = threading.Thread(target=send)
    sender.start()
    deadline = time.monotonic() + 20
    while len(acknowledged) < 20 and time.monotonic() < deadline:
        time.sleep(0.01)
    own_chain.kill()
    sender.join(15)
    own_chain.start()
    assert len(acknowledged) >= 20
    receipts = own_chain.post(
        [
            {"jsonrpc": "2.0", "id": at, "method": "eth_getTransactionReceipt", "params": [hash_]}
            for at, hash_ in enumerate(acknowledged)
        ]
    )
    assert [answer["result"]["transactionHash"] for answer in receipts] == acknowledged
    nonce = int(own_chain.rpc("eth_getTransactionCount", developers[1].address), 16)
    assert nonce in (len(acknowledged), len(acknowledged) + 1)  # one may have been on its way


def test_sigterm__ends_it_cleanly_and_soon(tmp_path: Path) -> None:
    chain = RunningChain(tmp_path / "data").start()
    assert chain.stop() == 0
    lines = [json.loads(line) for line in chain.log.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["devnet_started", "devnet_stopped"]
    assert (tmp_path / "data" / "chain.sqlite3").exists()


def test_the_heartbeat__mines_by_itself(tmp_path: Path) -> None:
    chain = RunningChain(tmp_path / "data", block_seconds=0.2).start()
    try:
        deadline = time.monotonic() + 15
        while int(chain.head()["number"], 16) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        head = chain.head()
        assert int(head["number"], 16) >= 2
        assert abs(int(head["timestamp"], 16) - time.time()) < 3
    finally:
        chain.kill()


def start_and_fail(data_dir: Path, port: int) -> str:
    """What a chain that can't start prints."""
    command = [
        sys.executable,
        "-m",
        "scripts.devnet",
        "--port",
        str(port),
        "--data-dir",
        str(data_dir),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    (line,) = ended.stderr.strip().splitlines()
    return line


def test_a_busy_port__is_told_in_one_line(own_chain: RunningChain, tmp_path: Path) -> None:
    line = start_and_fail(tmp_path / "other", own_chain.port)
    assert line.startswith(f"devnet: 127.0.0.1:{own_chain.port} can't be listened on")


def test_a_folder_in_use__is_told_in_one_line(own_chain: RunningChain) -> None:
    assert "in use by another chain" in start_and_fail(own_chain.data_dir, 0)


def test_a_file_of_something_else__is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "chain.sqlite3"
    path.write_bytes(json.dumps({"not": "a chain"}).encode() * 100)
    before = path.read_bytes()
    with pytest.raises(DevnetError, match="is no chain of this devnet"):
        Store(path)
    assert path.read_bytes() == before


def test_a_file_of_another_version__is_refused(tmp_path: Path) -> None:
    path = tmp_path / "chain.sqlite3"
    store = Store(path)
    with store.transaction():
        store.set_meta(format="0")
    store.close()
    with pytest.raises(DevnetError, match="another version"):
        Store(path)


def test_a_chain_of_another_genesis__is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "chain.sqlite3")
    Chain(store)
    with store.transaction():
        store.set_meta(genesis_timestamp=1)
    with pytest.raises(DevnetError, match="another genesis"):
        Chain(store)
    store.close()


def test_a_block_that_fails_halfway__leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "chain.sqlite3")
    chain = Chain(store)
    head = chain.mine()

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(store, "append", full)
        with pytest.raises(sqlite3.OperationalError):
            chain.mine()
    assert chain.head == head
    assert store.head_hash() == head.hash
    assert chain.mine().parent_hash == head.hash
    store.close()
