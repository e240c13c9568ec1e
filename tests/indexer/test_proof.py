"""What a hash proves: real nodes' blocks pass, py-evm's of every fork do, no changed one does."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth.db.trie import make_trie_root_and_nodes
from eth.rlp.headers import BlockHeader
from eth.rlp.logs import Log
from eth.rlp.receipts import Receipt
from eth.vm.forks.berlin.receipts import TypedReceipt
from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth.vm.forks.london.blocks import LondonBlockHeader
from eth.vm.forks.prague.blocks import PragueBlockHeader
from eth.vm.forks.shanghai.blocks import ShanghaiBlockHeader
from hypothesis import given
from hypothesis import strategies as st

from indexer.chain.parse import parse_block
from indexer.chain.proof import check_header, check_receipts
from indexer.chain.types import Block
from indexer.errors import BadAnswer, UnknownEncoding
from scripts.deployment import deploy
from scripts.dev_accounts import dev_accounts, key_of
from tests.indexer.every_kind import mine_every_kind
from tests.indexer.realnode import RealNode, anvil_node
from tests.support.chain import RunningChain

Json = dict[str, Any]

HASH = "0x" + "ab" * 32
HEADERS = (
    *(BlockHeader, LondonBlockHeader, ShanghaiBlockHeader, CancunBlockHeader),
    PragueBlockHeader,
)
JSON_NAMES = {
    "parent_hash": "parentHash",
    "uncles_hash": "sha3Uncles",
    "coinbase": "miner",
    "state_root": "stateRoot",
    "transaction_root": "transactionsRoot",
    "receipt_root": "receiptsRoot",
    "bloom": "logsBloom",
    "block_number": "number",
    "gas_limit": "gasLimit",
    "gas_used": "gasUsed",
    "extra_data": "extraData",
    "mix_hash": "mixHash",
    "base_fee_per_gas": "baseFeePerGas",
    "withdrawals_root": "withdrawalsRoot",
    "blob_gas_used": "blobGasUsed",
    "excess_blob_gas": "excessBlobGas",
    "parent_beacon_block_root": "parentBeaconBlockRoot",
    "requests_hash": "requestsHash",
}

hashes = st.binary(min_size=32, max_size=32)
numbers = st.integers(0, 2**64 - 1)
header_values = {
    name: numbers
    if name in ("difficulty", "timestamp", "block_number") or "gas" in name
    else hashes
    for name in (*JSON_NAMES, "difficulty", "timestamp")
} | {
    "bloom": st.integers(0, 2**2048 - 1),
    "coinbase": st.binary(min_size=20, max_size=20),
    "extra_data": st.binary(max_size=32),
    "nonce": st.binary(min_size=8, max_size=8),
}
logs = st.builds(
    Log,
    st.binary(min_size=20, max_size=20),
    st.lists(st.integers(0, 2**256 - 1), max_size=4).map(tuple),
    st.binary(max_size=100),
)
plain_receipts = st.builds(
    Receipt, st.sampled_from([b"", b"\x01"]) | hashes, numbers, st.lists(logs, max_size=3)
)
receipts_of_py_evm = st.lists(
    plain_receipts | plain_receipts.map(lambda plain: TypedReceipt(1, plain)), max_size=20
)


def data(value: bytes) -> str:
    return "0x" + value.hex()


def header_json(header: Any) -> Json:
    """As a node shows one of py-evm's."""
    shown = {
        JSON_NAMES.get(name, name): data(value) if isinstance(value, bytes) else hex(value)
        for name, value in header.as_dict().items()
    }
    return shown | {"logsBloom": f"0x{header.bloom:0512x}", "hash": data(header.hash)}


def block_of(receipts: list[Any], root: str) -> Block:
    transactions = tuple(f"0x{at:064x}" for at in range(len(receipts)))
    return Block(7, HASH, HASH, 0, transaction_hashes=transactions, receipts_root=root)


def receipts_json(receipts: list[Any], block: Block) -> list[Json]:
    """As a node shows py-evm's: a status of one byte, or the root of before Byzantium."""
    shown = [
        {
            **({"type": "0x1"} if isinstance(receipt, TypedReceipt) else {}),
            **(
                {"root": data(receipt.state_root)}
                if len(receipt.state_root) == 32
                else {"status": hex(int.from_bytes(receipt.state_root, "big"))}
            ),
            "cumulativeGasUsed": hex(receipt.gas_used),
            "logsBloom": f"0x{receipt.bloom:0512x}",
            "logs": [
                {
                    "address": data(log.address),
                    "topics": [f"0x{topic:064x}" for topic in log.topics],
                    "data": data(log.data),
                }
                for log in receipt.logs
            ],
        }
        for receipt in receipts
    ]
    return placed(shown, block)


def placed(receipts: list[Json], block: Block) -> list[Json]:
    """Gives receipts and logs the places that they'd have: what a careful liar does."""
    index = 0
    for position, receipt in enumerate(receipts):
        place = {
            "blockHash": block.hash,
            "blockNumber": hex(block.number),
            "transactionHash": block.transaction_hashes[position],
            "transactionIndex": hex(position),
        }
        receipt.update(place)
        for log in receipt["logs"]:
            log.update(place, logIndex=hex(index))
            index += 1
    return receipts


# -- against py-evm


@pytest.mark.parametrize("kind", HEADERS)
@given(st.data())
def test_a_header_hashes_to_what_py_evm_says(kind: Any, data: st.DataObject) -> None:
    names = kind._meta.field_names
    header = kind(**{name: data.draw(header_values[name], name) for name in names})
    shown = header_json(header)
    check_header(shown)
    changed = data.draw(st.sampled_from(sorted(set(shown) - {"hash"})))
    shown[changed] = flipped(shown[changed])
    with pytest.raises(BadAnswer, match="hashes to"):
        check_header(shown)


@given(receipts_of_py_evm)
def test_receipts_make_the_root_that_py_evm_says(receipts: list[Any]) -> None:
    block = block_of(receipts, data(make_trie_root_and_nodes(receipts)[0]))
    check_receipts(block, receipts_json(receipts, block))


def flipped(value: str) -> str:
    """Another value of the same shape; of no byte, one."""
    return value[:-1] + ("0" if value[-1] != "0" else "1") if len(value) > 2 else "0x01"


# -- against real nodes


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealNode]:
    with anvil_node(tmp_path_factory.mktemp("anvil")) as made:
        yield made


@pytest.fixture(scope="module")
def header(world: RealNode) -> Json:
    """Of a block with transactions of every kind, and three equal purchases."""
    return world.rpc("eth_getBlockByHash", mine_every_kind(world, buys=3), False)


@pytest.fixture
def block(header: Json) -> Block:
    return proven_block(header)


@pytest.fixture
def receipts(world: RealNode, block: Block) -> list[Json]:
    return copy.deepcopy(world.rpc("eth_getBlockReceipts", block.hash))


def proven_block(raw: Json) -> Block:
    check_header(raw)
    return replace(parse_block(raw), receipts_root=raw["receiptsRoot"])


def assert_every_block_is_proven(rpc: Callable[..., Any]) -> None:
    for number in range(int(rpc("eth_blockNumber"), 16) + 1):
        block = proven_block(rpc("eth_getBlockByNumber", hex(number), False))
        check_receipts(block, rpc("eth_getBlockReceipts", block.hash))


@pytest.mark.anvil
def test_every_block_of_anvil_is_proven(world: RealNode, receipts: list[Json]) -> None:
    assert {receipt["type"] for receipt in receipts} == {"0x0", "0x1", "0x2", "0x3", "0x4"}
    assert {receipt["status"] for receipt in receipts} == {"0x0", "0x1"}
    assert_every_block_is_proven(world.rpc)


def test_every_block_of_the_embedded_chain_is_proven(tmp_path: Path) -> None:
    chain = RunningChain(tmp_path / "data").start()
    try:
        deployer = key_of(dev_accounts()[0])
        deploy(chain.url, deployer, tmp_path / "deployment.json", say=lambda _line: None)
        chain.mine(2)
        assert_every_block_is_proven(chain.rpc)
    finally:
        chain.kill()


# -- against liars: each keeps everything else as it'd be if the lie were true


def buys_in(receipts: list[Json]) -> list[Json]:
    """The receipts of the equal purchases."""
    bought = [receipt for receipt in receipts if receipt["logs"]]
    assert len(bought) == 3
    return bought


def leave_out_one_of_the_equal_logs(receipts: list[Json]) -> None:
    del buys_in(receipts)[1]["logs"][-1]


def leave_out_all_logs_of_one(receipts: list[Json]) -> None:
    buys_in(receipts)[1]["logs"].clear()


def make_one_up(receipts: list[Json]) -> None:
    logs = buys_in(receipts)[0]["logs"]
    logs.append(copy.deepcopy(logs[-1]))


def change_data(receipts: list[Json]) -> None:
    log = buys_in(receipts)[0]["logs"][-1]
    log["data"] = flipped(log["data"])


def change_a_topic(receipts: list[Json]) -> None:
    topics = buys_in(receipts)[0]["logs"][-1]["topics"]
    topics[-1] = flipped(topics[-1])


def change_the_address(receipts: list[Json]) -> None:
    log = buys_in(receipts)[0]["logs"][-1]
    log["address"] = "0x" + "99" * 20


def swap_two_logs(receipts: list[Json]) -> None:
    buys_in(receipts)[0]["logs"].reverse()


def swap_two_receipts(receipts: list[Json]) -> None:
    receipts[0], receipts[-1] = receipts[-1], receipts[0]


def say_that_it_failed(receipts: list[Json]) -> None:
    buys_in(receipts)[0]["status"] = "0x0"


def change_the_gas(receipts: list[Json]) -> None:
    receipts[-1]["cumulativeGasUsed"] = "0x5208"


def change_the_type(receipts: list[Json]) -> None:
    receipts[0]["type"] = "0x2"


def change_the_bloom(receipts: list[Json]) -> None:
    receipts[0]["logsBloom"] = flipped(receipts[0]["logsBloom"])


@pytest.mark.anvil
@pytest.mark.parametrize(
    "lie",
    [
        *(leave_out_one_of_the_equal_logs, leave_out_all_logs_of_one, make_one_up),
        *(change_data, change_a_topic, change_the_address, swap_two_logs, swap_two_receipts),
        *(say_that_it_failed, change_the_gas, change_the_type, change_the_bloom),
    ],
)
def test_changed_receipts_make_another_root(
    block: Block, receipts: list[Json], lie: Callable[[list[Json]], None]
) -> None:
    lie(receipts)
    with pytest.raises(BadAnswer, match=f"receipts of block {block.number} make 0x") as refused:
        check_receipts(block, placed(receipts, block))
    assert not isinstance(refused.value, UnknownEncoding)


@pytest.mark.anvil
def test_a_receipt_less_is_refused(block: Block, receipts: list[Json]) -> None:
    with pytest.raises(BadAnswer, match="not one receipt for each"):
        check_receipts(block, receipts[:-1])
    shorter = replace(block, transaction_hashes=block.transaction_hashes[:-1])
    with pytest.raises(BadAnswer, match="make 0x"):
        check_receipts(shorter, receipts[:-1])


def test_a_block_without_transactions_must_have_the_root_of_no_receipts() -> None:
    empty = data(make_trie_root_and_nodes([])[0])
    check_receipts(block_of([], empty), [])
    with pytest.raises(BadAnswer, match="make 0x"):
        check_receipts(block_of([], HASH), [])


@pytest.mark.anvil
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("blockHash", HASH), ("blockNumber", "0x1"), ("transactionHash", HASH)),
        *(("transactionIndex", "0x63"), ("logIndex", "0x63"), ("logIndex", None)),
    ],
)
def test_a_log_in_another_place_is_refused(
    block: Block, receipts: list[Json], name: str, value: str | None
) -> None:
    """No root holds a log's place: it is counted."""
    buys_in(receipts)[1]["logs"][0][name] = value
    with pytest.raises(BadAnswer, match=rf"(log|says) .*{value}"):
        check_receipts(block, receipts)


@pytest.mark.anvil
@pytest.mark.parametrize("name", ["blockHash", "transactionHash", "transactionIndex"])
def test_a_receipt_in_another_place_is_refused(
    block: Block, receipts: list[Json], name: str
) -> None:
    receipts[0][name] = receipts[1][name] if name != "blockHash" else HASH
    with pytest.raises(BadAnswer, match=f"says {name}"):
        check_receipts(block, receipts)


@pytest.mark.anvil
@pytest.mark.parametrize(
    "shape",
    [
        *({"logs": None}, {"status": None}, {"status": "yes"}, {"cumulativeGasUsed": "-0x1"}),
        *({"type": "0x80"}, {"logsBloom": "0x00 0"}, {"logsBloom": 5}),
    ],
)
def test_a_receipt_of_another_shape_is_refused(
    block: Block, receipts: list[Json], shape: Json
) -> None:
    receipts[0].update(shape)
    for some in (receipts, [None, *receipts[1:]], [{}, *receipts[1:]]):
        with pytest.raises(BadAnswer):
            check_receipts(block, some)


@pytest.mark.anvil
def test_the_header_of_another_block_is_refused(header: Json) -> None:
    check_header(header)
    with pytest.raises(BadAnswer, match=f"not to its hash {HASH}"):
        check_header(header | {"hash": HASH})
    with pytest.raises(BadAnswer, match="another shape"):
        check_header(header | {"gasUsed": "much"})
    for name in ("gasUsed", "requestsHash", "receiptsRoot", "logsBloom", "parentHash"):
        with pytest.raises(BadAnswer, match="hashes to"):
            check_header(header | {name: flipped(header[name])})


# -- against chains that aren't encoded as Ethereum


@pytest.mark.anvil
def test_a_header_with_fields_of_its_own_is_proven_where_they_are_not_encoded(header: Json) -> None:
    check_header(header | {"l1BlockNumber": "0x5", "author": None})


@pytest.mark.anvil
def test_a_header_that_can_not_be_made_names_the_field(header: Json) -> None:
    with pytest.raises(UnknownEncoding, match=r"unknown fields: laneRoot$"):
        check_header(header | {"laneRoot": HASH, "stateRoot": HASH})
    for name in ("mixHash", "baseFeePerGas", "withdrawalsRoot"):
        with pytest.raises(UnknownEncoding, match=f"has no {name}"):
            check_header({key: value for key, value in header.items() if key != name})


@pytest.mark.anvil
def test_receipts_of_a_type_that_ethereum_does_not_have_name_it(
    block: Block, receipts: list[Json]
) -> None:
    receipts[0]["type"] = "0x7e"
    with pytest.raises(UnknownEncoding, match=r"unknown receipt types: 0x7e$"):
        check_receipts(block, receipts)


def test_a_receipt_of_a_new_type_is_proven_where_it_is_encoded_as_ever() -> None:
    receipt = TypedReceipt(1, Receipt(b"\x01", 21_000, []))
    receipt.type_id = 0x6A
    block = block_of([receipt], data(make_trie_root_and_nodes([receipt])[0]))
    check_receipts(block, [receipts_json([receipt], block)[0] | {"type": "0x6a"}])
