"""The real contracts on the embedded chain, people who live on them, and a mirror of it all.

One deployment serves all tests of a module; each history starts from a snapshot of it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import ContractLogicError
from web3.middleware import SignAndSendRawMiddlewareBuilder

from indexer.abi import load_abi
from indexer.manifest import Deployment
from scripts.deployment import deploy
from scripts.dev_accounts import dev_accounts
from tests.indexer.mirror import Mirror
from tests.indexer.real_names import NAME_ACTS
from tests.support.chain import free_port

PEOPLE = 4
START_SECONDS = 60
TOKEN = 10**6  # base units of a TestUSD


@dataclass
class World:
    """The chain, its contracts, and people with ether; the first is the admin."""

    url: str
    node: Web3
    manifest: Deployment
    people: list[LocalAccount]

    def deployment(self) -> Deployment:
        return self.manifest

    def contract(self, name: str) -> Contract:
        return self.node.eth.contract(self.manifest.contracts[name].address, abi=load_abi(name))

    def send(self, who: LocalAccount, contract: str, function: str, *arguments: Any) -> Any:
        call = self.contract(contract).functions[function](*arguments)
        return self.node.eth.wait_for_transaction_receipt(
            call.transact({"from": who.address}), poll_latency=0.01
        )

    def ask(self, contract: str, function: str, *arguments: Any) -> Any:
        return self.contract(contract).functions[function](*arguments).call()

    def control(self, method: str, *params: Any) -> Any:
        return self.node.provider.make_request(method, list(params))["result"]  # type: ignore[arg-type]  # evm_… methods

    def now(self) -> int:
        return self.node.eth.get_block("latest")["timestamp"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, port = tmp_path_factory.mktemp("devnet"), free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "scripts.devnet", "--port", str(port)),
            *("--data-dir", str(folder), "--block-seconds", "0"),
        ],
        cwd=Path(__file__).parents[2],
        stderr=(folder / "log").open("wb"),
    )
    try:
        node = Web3(Web3.HTTPProvider(f"http://127.0.0.1:{port}"))
        deadline = time.monotonic() + START_SECONDS
        while not node.is_connected():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        people = list(dev_accounts()[:PEOPLE])
        for person in people:
            node.middleware_onion.inject(SignAndSendRawMiddlewareBuilder.build(person), layer=0)
        url = f"http://127.0.0.1:{port}"
        manifest = deploy(
            url, people[0].key.hex(), folder / "deployment.json", say=lambda _line: None
        )
        made = World(url, node, manifest, people)
        for person in people:
            made.send(person, "TestUSD", "mint", person.address, 10**6 * TOKEN)
            credits_ = manifest.contracts["Credits"].address
            made.send(person, "TestUSD", "approve", credits_, 2**256 - 1)
        yield made
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def real(world: World, database_url: str) -> Iterator[Mirror]:
    """A mirror of the real contracts; what a test does to the chain is undone after it."""
    snapshot = world.control("evm_snapshot")
    mirror = Mirror(world, database_url, world.url, confirmations=30)  # type: ignore[arg-type]  # a chain like the other
    yield mirror
    mirror.close()
    world.control("evm_revert", snapshot)


def buy(world: World, random: Random, who: LocalAccount) -> None:
    world.send(
        who, "Credits", "buy", random.randint(1, 5 * TOKEN), random.choice(world.people).address
    )


def refund(world: World, random: Random, who: LocalAccount) -> None:
    most = world.ask("Credits", "refundable_of", who.address)
    scale = world.ask("Credits", "SCALE")
    world.send(who, "Credits", "refund", random.randint(0, most // scale) * scale, who.address)


def set_limit(_world: World, random: Random, who: LocalAccount) -> None:
    _world.send(who, "Credits", "set_limit", random.choice((0, 5, 10**6, 10**7)))


def start(world: World, random: Random, who: LocalAccount) -> None:
    world.send(who, "Hosting", "start", random.randint(1, 4), random.randbytes(32), 2**36)


def numbers(world: World) -> list[int]:
    """The numbers of all services."""
    return [
        plan * 10**7 + count
        for plan in range(1, 5)
        for count in range(1, world.ask("Hosting", "started_of", plan) + 1)
    ] or [1]


def change(world: World, random: Random, who: LocalAccount) -> None:
    function = random.choice(("pause", "resume", "stop", "renew_free"))
    world.send(who, "Hosting", function, random.choice(numbers(world)))


def subscribe(world: World, random: Random, who: LocalAccount) -> None:
    if random.random() < 0.3:
        world.send(who, "Hosting", "unsubscribe")
    else:
        world.send(who, "Hosting", "subscribe", random.choice((1, 2)), 2**36)


def hand_over(world: World, random: Random, who: LocalAccount) -> None:
    number = random.choice(numbers(world))
    to = random.choice(world.people).address
    world.send(who, "Hosting", "transfer", number, to)


def grant(world: World, random: Random, who: LocalAccount) -> None:
    reference = random.randrange(1, 6).to_bytes(32, "big")
    function = random.choice(("grant", "grant", "freeze", "unfreeze", "forfeit"))
    more = (who.address, random.randint(1, 10**9)) if function == "grant" else ()
    world.send(world.people[0], "Credits", function, *more, reference)


def settle(world: World, random: Random, _who: LocalAccount) -> None:
    charges = [
        int(random.choice(world.people).address, 16) << 96 | random.randint(0, 10**6)
        for _ in range(random.randint(0, 5))
    ]
    sequence = world.ask("Credits", "next_sequence")
    world.send(world.people[0], "Credits", "settle", sequence, random.randbytes(32), charges)


def buy_with_ether(world: World, random: Random, who: LocalAccount) -> None:
    call = world.contract("Credits").functions.buy_with_ether(who.address, 0)
    sent = call.transact({"from": who.address, "value": random.randint(1, 10**15)})
    world.node.eth.wait_for_transaction_receipt(sent, poll_latency=0.01)


def moderate(world: World, random: Random, _who: LocalAccount) -> None:
    number = random.choice(numbers(world))
    if random.random() < 0.5:
        world.send(world.people[0], "Hosting", "suspend", number, "Malware")
    else:
        world.send(world.people[0], "Hosting", "unsuspend", number)


def administer(world: World, random: Random, who: LocalAccount) -> None:
    admin, contract = world.people[0], random.choice(("Credits", "Hosting", "Domains"))
    roles = 31 if who == admin else random.randrange(32)
    world.send(admin, contract, "set_roles", who.address, roles)
    world.send(admin, contract, "propose_admin", who.address)


def wait(world: World, random: Random, _who: LocalAccount) -> None:
    world.control("evm_increaseTime", random.choice((7, 3_600, 86_400, 20 * 86_400)))
    world.control("evm_mine")


ACTS: list[Callable[[World, Random, LocalAccount], None]] = [
    buy,
    buy,
    refund,
    set_limit,
    start,
    start,
    change,
    change,
    subscribe,
    hand_over,
    grant,
    settle,
    buy_with_ether,
    moderate,
    administer,
    wait,
]
ACTS += NAME_ACTS


def live(world: World, random: Random, rounds: int) -> int:
    """A random history; how much of it the contracts allowed."""
    done = 0
    for _ in range(rounds):
        with suppress(ContractLogicError):
            random.choice(ACTS)(world, random, random.choice(world.people))
            done += 1
    return done
