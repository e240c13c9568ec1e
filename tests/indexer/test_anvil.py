"""A foreign node: the same contracts on anvil, and the reorgs that it makes itself."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from web3 import Web3

from indexer.abi import load_abi
from indexer.manifest import Deployment
from scripts.deployment import deploy
from scripts.dev_accounts import dev_accounts, key_of
from tests.indexer.mirror import Mirror, contents
from tests.support.chain import free_port
from tests.support.tools import anvil

START_SECONDS = 20


@dataclass
class Anvil:
    """The node, and the deployment on it."""

    url: str
    node: Web3
    manifest: Deployment

    def deployment(self) -> Deployment:
        return self.manifest

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

    def reorg(self, depth: int) -> None:
        """Replaces so many blocks by empty ones."""
        before = self.node.eth.get_block("latest")
        answer = self.node.provider.make_request("anvil_reorg", [depth, []])  # type: ignore[arg-type]  # anvil's own
        assert "error" not in answer, answer
        assert self.node.eth.get_block(before["number"])["hash"] != before["hash"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    port, folder = free_port(), tmp_path_factory.mktemp("anvil")
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
        deployer = dev_accounts()[0]
        url = f"http://127.0.0.1:{port}"
        manifest = folder / "deployment.json"
        deployed = deploy(url, key_of(deployer), manifest, say=lambda _line: None)
        made = Anvil(url, node, deployed)
        made.send("TestUSD", "mint", deployer.address, 10**12)
        made.send("TestUSD", "approve", made.manifest.contracts["Credits"].address, 2**256 - 1)
        yield made
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def mirror(world: Anvil, database_url: str) -> Iterator[Mirror]:
    made = Mirror(world, database_url, world.url)  # type: ignore[arg-type]  # a chain like the other
    yield made
    made.close()


def assert_equals_replay(world: Anvil, mirror: Mirror, folder: Path) -> None:
    """The oracle: a mirror that has only ever seen the chain as it is now."""
    replay = Mirror(world, f"sqlite:///{folder / 'replay.sqlite3'}", world.url)  # type: ignore[arg-type]  # a chain like the other
    replay.catch_up()
    assert mirror.read(contents) == replay.read(contents)
    replay.close()


@pytest.mark.anvil
@pytest.mark.parametrize("depth", [1, 5])
def test_a_live_reorg_leaves_what_a_fresh_replay_has(
    world: Anvil, mirror: Mirror, tmp_path: Path, depth: int
) -> None:
    world.buy(6)
    mirror.catch_up()
    bought = mirror.read(contents)["digest"]
    world.reorg(depth)
    world.buy(1)
    mirror.catch_up()
    assert mirror.read(contents)["digest"] != bought
    assert mirror.as_of().block_hash == world.node.eth.get_block("latest")["hash"].to_0x_hex()
    assert_equals_replay(world, mirror, tmp_path)


@pytest.mark.anvil
def test_a_reorg_while_the_indexer_was_down_is_found_at_its_start(
    world: Anvil, mirror: Mirror, tmp_path: Path
) -> None:
    world.buy(6)
    mirror.catch_up()
    mirror.crash()
    world.reorg(4)
    mirror.catch_up()
    assert_equals_replay(world, mirror, tmp_path)
