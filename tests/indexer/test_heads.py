"""New heads by subscription: heard of at once, never believed, and never needed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from indexer.chain.heads import HeadAlarm
from indexer.reads import read_as_of
from indexer.run import Indexer
from tests.indexer.emitting import bought, person
from tests.indexer.fakechain import FakeChain
from tests.indexer.mirror import Mirror
from tests.indexer.realnode import RealNode, anvil_node

SECONDS = 20.0
NEVER_MILLISECONDS = 3_600_000  # polls would take an hour


class Teller:
    """A node's WebSocket, which tells of heads when it is told to."""

    def __init__(self) -> None:
        self.agrees = True
        self.connections: list[ServerConnection] = []

    def serve(self, connection: ServerConnection) -> None:
        question = json.loads(connection.recv())
        assert (question["method"], question["params"]) == ("eth_subscribe", ["newHeads"])
        if not self.agrees:
            refusal = {"code": -32601, "message": "no subscriptions"}
            connection.send(json.dumps({"jsonrpc": "2.0", "id": 1, "error": refusal}))
        else:
            connection.send(json.dumps({"jsonrpc": "2.0", "id": 1, "result": "0x1"}))
            self.connections.append(connection)
        try:
            connection.recv()
        except ConnectionClosed:
            return

    def tell(self, message: Any = None) -> None:
        told = message or {"method": "eth_subscription", "params": {"result": {"number": "0x99"}}}
        self.connections[-1].send(told if isinstance(told, str) else json.dumps(told))


@pytest.fixture
def teller() -> Teller:
    return Teller()


@pytest.fixture
def server(teller: Teller) -> Iterator[Server]:
    with serve(teller.serve, "127.0.0.1", 0) as made:
        thread = Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()


@pytest.fixture
def url(server: Server) -> str:
    return f"ws://127.0.0.1:{server.socket.getsockname()[1]}"


@pytest.fixture
def alarm(url: str) -> Iterator[HeadAlarm]:
    made = HeadAlarm(url)
    made.start()
    yield made
    made.close()


def wait_until(reached: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not reached():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.005)


@contextmanager
def following(mirror: Mirror, poll_milliseconds: int) -> Iterator[Indexer]:
    """The indexer, running as the command does."""
    settings = mirror.settings().model_copy(update={"poll_milliseconds": poll_milliseconds})
    indexer, stop = Indexer(settings, mirror.chain.deployment()), Event()
    thread = Thread(target=indexer.run, args=(stop,))
    thread.start()
    try:
        yield indexer
    finally:
        stop.set()
        thread.join(SECONDS)
        assert not thread.is_alive()


def is_at(mirror: Mirror, number: int) -> Callable[[], bool]:
    def ask() -> bool:
        as_of = mirror.read(read_as_of)
        return as_of is not None and as_of.block_number >= number

    return ask


def test_a_head_that_is_told_of_wakes_whoever_waits(alarm: HeadAlarm, teller: Teller) -> None:
    wait_until(lambda: alarm.subscribed)
    alarm.clear()
    woken = Event()

    def wait() -> None:
        alarm.wait(3_600, Event())
        woken.set()

    Thread(target=wait, daemon=True).start()
    teller.tell()
    assert woken.wait(SECONDS)


@pytest.mark.parametrize(
    "nonsense", ["no json", "[]", "17", json.dumps({"method": "eth_other"}), "null"]
)
def test_nonsense_wakes_nobody_and_what_comes_after_it_does(
    alarm: HeadAlarm, teller: Teller, nonsense: str
) -> None:
    wait_until(lambda: alarm.subscribed)
    alarm.clear()
    before = len(teller.connections)
    teller.tell(nonsense)
    if nonsense == "no json":  # taken for a broken node: subscribed to anew
        wait_until(lambda: len(teller.connections) > before)
    teller.tell()
    wait_until(alarm.heard)


def test_a_subscription_that_ends_is_taken_up_again(alarm: HeadAlarm, teller: Teller) -> None:
    wait_until(lambda: alarm.subscribed)
    teller.connections[-1].close()
    wait_until(lambda: len(teller.connections) == 2 and alarm.subscribed)


def test_a_node_that_refuses_is_polled(url: str, teller: Teller) -> None:
    teller.agrees = False
    alarm = HeadAlarm(url)
    alarm.start()
    started = time.monotonic()
    alarm.wait(0.05, Event())
    assert not alarm.subscribed
    assert time.monotonic() - started < SECONDS
    alarm.close()


def test_a_stop_ends_the_wait(alarm: HeadAlarm) -> None:
    stop = Event()
    stop.set()
    alarm.wait(3_600, stop)


def test_the_indexer_follows_by_what_it_is_told_where_polls_would_take_an_hour(
    chain: FakeChain, chain_url: str, tmp_path: Path, url: str, teller: Teller
) -> None:
    mirror = Mirror(chain, f"sqlite:///{tmp_path / 'm.sqlite3'}", f"{chain_url},{url}")
    chain.mine(bought(person(1), 1), blocks=5)
    with following(mirror, NEVER_MILLISECONDS) as indexer:
        wait_until(is_at(mirror, 5))
        wait_until(lambda: indexer.subscribed)
        for number in range(6, 10):
            chain.mine(bought(person(1), number))
            teller.tell()
            wait_until(is_at(mirror, number))
    mirror.assert_equals_replay()
    mirror.close()


def test_without_a_subscription_it_follows_by_polling(
    chain: FakeChain, chain_url: str, tmp_path: Path
) -> None:
    mirror = Mirror(chain, f"sqlite:///{tmp_path / 'm.sqlite3'}", chain_url)
    chain.mine(bought(person(1), 1))
    with following(mirror, 20) as indexer:
        wait_until(is_at(mirror, 1))
        chain.mine(bought(person(1), 2))
        wait_until(is_at(mirror, 2))
        assert not indexer.subscribed
    mirror.close()


@pytest.fixture(scope="module")
def anvil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealNode]:
    with anvil_node(tmp_path_factory.mktemp("anvil")) as made:
        yield made


@pytest.mark.anvil
def test_a_real_node_is_subscribed_to_at_the_address_that_it_is_asked_at(
    anvil: RealNode, tmp_path: Path
) -> None:
    mirror = anvil.mirror(f"sqlite:///{tmp_path / 'm.sqlite3'}")
    with following(mirror, NEVER_MILLISECONDS) as indexer:
        wait_until(lambda: indexer.subscribed)
        for _ in range(3):
            anvil.buy(1)
            wait_until(is_at(mirror, anvil.node.eth.block_number))
    mirror.close()
