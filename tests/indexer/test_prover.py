"""An indexer that verifies receipts, over real nodes and such as lie with all their care."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import BadAnswer, NotVerifiable
from indexer.reads import read_as_of
from indexer.settings import Verification
from tests.indexer.every_kind import mine_every_kind
from tests.indexer.fakechain import served
from tests.indexer.mirror import Mirror, contents
from tests.indexer.realnode import RealNode, anvil_node
from tests.indexer.relay import Json, Relay

pytestmark = pytest.mark.anvil

# What verification asks of a node doesn't depend on the database.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealNode]:
    with anvil_node(tmp_path_factory.mktemp("anvil")) as made:
        yield made


@pytest.fixture(scope="module")
def second(world: RealNode) -> str:
    """The second of three equal purchases in one block, which 20 others follow."""
    receipts = world.rpc("eth_getBlockReceipts", mine_every_kind(world, buys=3))
    world.rpc("anvil_mine", "0x14")
    bought = [receipt["transactionHash"] for receipt in receipts if receipt["logs"]]
    assert len(bought) == 3
    return str(bought[1])


@pytest.fixture
def relay(world: RealNode) -> Relay:
    """A node that may lie, in front of it."""
    return Relay(world.url)


@pytest.fixture
def relay_url(relay: Relay) -> Iterator[str]:
    with served(relay) as url:  # type: ignore[arg-type]  # it answers calls, as a chain does
        yield url


@pytest.fixture
def watching(
    world: RealNode, relay_url: str, database_url: str, tmp_path: Path
) -> Iterator[Callable[..., Mirror]]:
    """Makes mirrors; through the relay and verifying receipts, unless it is told otherwise."""
    with ExitStack() as stack:

        def make(
            verify: Verification = Verification.RECEIPTS, urls: str = relay_url, name: str = ""
        ) -> Mirror:
            database = f"sqlite:///{tmp_path / name}.sqlite3" if name else database_url
            made = Mirror(world, database, urls, verify=verify)  # type: ignore[arg-type]  # a chain like the other
            stack.callback(made.close)
            return made

        yield make


def truth(watching: Callable[..., Mirror], world: RealNode) -> dict[str, Any]:
    """What an honest node's mirror holds."""
    honest = watching(Verification.BLOOM, world.url, "honest")
    honest.catch_up()
    found: dict[str, Any] = honest.read(contents)
    return found


def without_its_logs(receipts: list[Json], transaction: str) -> list[Json]:
    """Leaves a transaction's logs out and counts on as if they had never been."""
    gone = 0
    for receipt in receipts:
        for log in receipt["logs"]:
            log["logIndex"] = hex(int(log["logIndex"], 16) - gone)
        if receipt["transactionHash"] == transaction:
            gone = len(receipt["logs"])
            receipt["logs"] = []
    return receipts


def leave_out(relay: Relay, transaction: str) -> None:
    """A node that keeps a transaction's logs back wherever it is asked for them."""
    relay.lies["eth_getLogs"] = lambda logs: [
        log for log in logs if log["transactionHash"] != transaction
    ]
    relay.lies["eth_getBlockReceipts"] = lambda found: without_its_logs(found, transaction)
    relay.missing.add("eth_getTransactionReceipt")


@pytest.mark.usefixtures("second")
def test_proven_rows_are_those_of_a_mirror_that_looked_at_blooms(
    world: RealNode, relay: Relay, watching: Callable[..., Mirror]
) -> None:
    mirror = watching()
    mirror.catch_up()
    assert mirror.read(contents) == truth(watching, world)
    assert "eth_getLogs" not in relay.calls
    assert "eth_getTransactionReceipt" not in relay.calls


@on_sqlite
def test_a_node_without_block_receipts_is_asked_for_each(
    world: RealNode, relay: Relay, watching: Callable[..., Mirror]
) -> None:
    relay.missing.add("eth_getBlockReceipts")
    mirror = watching()
    mirror.catch_up()
    assert mirror.read(contents) == truth(watching, world)
    asked = relay.calls.count("eth_getTransactionReceipt")
    assert asked >= relay.calls.count("eth_getBlockReceipts")  # in vain, in one post


@on_sqlite
def test_a_reorg_is_followed_and_each_new_block_proven(
    world: RealNode, watching: Callable[..., Mirror]
) -> None:
    mirror = watching()
    world.buy(3)
    mirror.catch_up()
    world.reorg(2)
    world.buy(1)
    mirror.catch_up()
    assert mirror.read(contents) == truth(watching, world)


@on_sqlite
def test_one_of_equal_logs_left_out_is_not_seen_by_the_bloom(
    world: RealNode, second: str, relay: Relay, watching: Callable[..., Mirror]
) -> None:
    """Why there is the other mode."""
    leave_out(relay, second)
    mirror = watching(Verification.BLOOM)
    mirror.catch_up()
    assert mirror.read(contents)["events"] != truth(watching, world)["events"]


@on_sqlite
def test_one_of_equal_logs_left_out_is_never_committed_with_receipts(
    world: RealNode, second: str, relay: Relay, watching: Callable[..., Mirror]
) -> None:
    leave_out(relay, second)
    mirror = watching()
    mirror.step()
    before = mirror.as_of()
    for _ in range(3):
        with pytest.raises(BadAnswer, match=r"receipts of block \d+ make 0x"):
            mirror.step()
    assert mirror.as_of() == before
    relay.lies.clear()
    mirror.catch_up()
    assert mirror.read(contents) == truth(watching, world)


@on_sqlite
@pytest.mark.parametrize(
    ("method", "lie"),
    [
        ("eth_getBlockReceipts", lambda receipts: receipts[:-1]),
        ("eth_getBlockByNumber", lambda block: block | {"receiptsRoot": "0x" + "ee" * 32}),
        ("eth_getBlockByNumber", lambda block: block | {"logsBloom": "0x" + "00" * 256}),
        ("eth_getBlockByNumber", lambda block: block | {"transactions": []}),
        ("eth_getBlockByNumber", lambda block: block | {"number": "0x1", "laneRoot": "0x"}),
    ],
)
def test_a_liar_is_gone_around(
    world: RealNode,
    relay: Relay,
    relay_url: str,
    watching: Callable[..., Mirror],
    method: str,
    lie: Callable[[Json], Json],
) -> None:
    relay.lies[method] = lie
    mirror = watching(urls=f"{relay_url},{world.url}")
    mirror.catch_up()
    assert mirror.read(contents) == truth(watching, world)


@on_sqlite
def test_the_block_that_the_mirror_begins_with_is_proven_too(
    world: RealNode, relay: Relay, watching: Callable[..., Mirror]
) -> None:
    mirror = watching()
    mirror.start()
    relay.lies["eth_getBlockByNumber"] = lambda block: block | {"timestamp": "0x1"}
    with pytest.raises(BadAnswer, match="hashes to"):
        mirror.step()
    assert mirror.read(read_as_of) is None


def other_type(receipts: list[Json]) -> list[Json]:
    return [receipt | {"type": "0x7e"} for receipt in receipts]


@on_sqlite
@pytest.mark.parametrize(
    ("method", "lie", "named"),
    [
        ("eth_getBlockReceipts", other_type, "unknown receipt types: 0x7e"),
        (
            "eth_getBlockByNumber",
            lambda block: {name: block[name] for name in block if name != "mixHash"},
            "has no mixHash",
        ),
        (
            "eth_getBlockByNumber",
            lambda block: block | {"laneRoot": "0x01", "stateRoot": "0x" + "ee" * 32},
            "unknown fields: laneRoot",
        ),
    ],
)
def test_a_chain_that_is_encoded_otherwise_ends_it_with_what_it_is(
    relay: Relay,
    watching: Callable[..., Mirror],
    method: str,
    lie: Callable[[Json], Json],
    named: str,
) -> None:
    relay.lies[method] = lie
    with pytest.raises(NotVerifiable, match=f"only with DSPACE_VERIFY=bloom: .*{named}"):
        watching().run()
