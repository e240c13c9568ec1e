"""Real nodes with the contracts on them, for tests that need real blocks and real reorgs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from web3 import Web3

from indexer.abi import load_abi
from indexer.manifest import Deployment
from scripts.deployment import deploy
from scripts.dev_accounts import dev_accounts, key_of
from tests.indexer.mirror import Mirror, contents
from tests.support.chain import RunningChain, free_port
from tests.support.tools import anvil

START_SECONDS = 20


@dataclass
class RealNode:
    """The node, and the deployment on it."""

    url: str
    node: Web3
    manifest: Deployment

    def deployment(self) -> Deployment:
        return self.manifest

    @property
    def head_hash(self) -> str:
        return self.node.eth.get_block("latest")["hash"].to_0x_hex()

    def buy(self, times: int) -> None:
        """Mints and buys, a block each."""
        buyer = dev_accounts()[0].address
        for number in range(times):
            self.send("Credits", "buy", 10**6 + number, buyer)

    def send(self, contract: str, function: str, *arguments: object) -> None:
        made = self.node.eth.contract(
            self.manifest.contracts[contract].address, abi=load_abi(contract)
        )
        sent = made.functions[function](*arguments).transact({"from": dev_accounts()[0].address})
        receipt = self.node.eth.wait_for_transaction_receipt(sent, poll_latency=0.01)
        assert receipt["status"] == 1

    def rpc(self, method: str, *params: Any) -> Any:
        """The result of any call, as JSON."""
        answer = self.node.provider.make_request(method, list(params))  # type: ignore[arg-type]  # anvil's own too
        assert "error" not in answer, answer
        return answer["result"]

    def reorg(self, depth: int) -> None:
        """Replaces so many blocks by empty ones."""
        before = self.node.eth.get_block("latest")
        self.rpc("anvil_reorg", depth, [])
        assert self.node.eth.get_block(before["number"])["hash"] != before["hash"]

    def mirror(self, database_url: str, urls: str | None = None) -> Mirror:
        """A mirror of it, asked directly unless other URLs are given."""
        return Mirror(self, database_url, urls or self.url)  # type: ignore[arg-type]  # a chain like the other


def assert_equals_replay(world: RealNode, mirror: Mirror, folder: Path) -> None:
    """The oracle: a mirror that has only ever seen the chain as it is now."""
    path = folder / "replay.sqlite3"
    replay = world.mirror(f"sqlite:///{path}")
    replay.catch_up()
    assert mirror.read(contents) == replay.read(contents)
    replay.close()
    path.unlink()


@contextmanager
def anvil_node(folder: Path) -> Iterator[RealNode]:
    """A new anvil."""
    port = free_port()
    process = subprocess.Popen(
        [anvil(), "--port", str(port), "--chain-id", "31337", "--silent"],
        stdout=subprocess.DEVNULL,
    )
    try:
        node = Web3(Web3.HTTPProvider(f"http://127.0.0.1:{port}"))
        deadline = time.monotonic() + START_SECONDS
        while not node.is_connected():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield _deployed(f"http://127.0.0.1:{port}", node, folder)
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def embedded_node(folder: Path) -> Iterator[RealNode]:
    """A new embedded chain."""
    chain = RunningChain(folder / "chain").start()
    try:
        yield _deployed(chain.url, chain.web3, folder)
    finally:
        chain.kill()


def _deployed(url: str, node: Web3, folder: Path) -> RealNode:
    deployer = dev_accounts()[0]
    manifest = deploy(url, key_of(deployer), folder / "deployment.json", say=lambda _line: None)
    made = RealNode(url, node, manifest)
    made.send("TestUSD", "mint", deployer.address, 10**12)
    made.send("TestUSD", "approve", made.manifest.contracts["Credits"].address, 2**256 - 1)
    return made
