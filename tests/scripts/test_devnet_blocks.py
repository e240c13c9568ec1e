"""Blocks, transactions and receipts: complete, provable, and null where there are none."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import rlp
from eth_account.signers.local import LocalAccount
from eth_bloom import BloomFilter
from eth_utils.crypto import keccak
from trie import HexaryTrie

from tests.support.chain import RpcFailed, RunningChain

HEADER = (
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot"),
    *("logsBloom", "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData"),
    *("mixHash", "nonce", "baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas"),
    *("parentBeaconBlockRoot", "requestsHash"),
)
QUANTITIES = {
    *("difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas"),
    *("blobGasUsed", "excessBlobGas"),
}
UNKNOWN = "0x" + "ab" * 32


def to_bytes(value: str) -> bytes:
    return bytes.fromhex(value[2:])


def to_item(field: str, value: str) -> Any:
    return int(value, 16) if field in QUANTITIES else to_bytes(value)


@pytest.fixture(scope="module")
def minted(devnet: RunningChain, developers: list[LocalAccount], coin: Any) -> dict[str, Any]:
    """A receipt with a log."""
    hash_ = coin.functions.mint(developers[1].address, 5).transact({"from": developers[1].address})
    receipt: dict[str, Any] = devnet.rpc("eth_getTransactionReceipt", hash_.to_0x_hex())
    return receipt


def test_a_block_hash__is_that_of_the_header_served(
    devnet: RunningChain, minted: dict[str, Any]
) -> None:
    for number in ("0x0", "0x1", minted["blockNumber"]):
        block = devnet.rpc("eth_getBlockByNumber", number, False)
        header = rlp.encode([to_item(field, block[field]) for field in HEADER])
        assert block["hash"] == "0x" + keccak(header).hex()


def test_the_receipts_root__is_that_of_the_receipts_served(
    devnet: RunningChain, minted: dict[str, Any]
) -> None:
    block = devnet.rpc("eth_getBlockByHash", minted["blockHash"], False)
    (receipt,) = devnet.rpc("eth_getBlockReceipts", minted["blockHash"])
    payload = rlp.encode(
        [
            int(receipt["status"], 16),
            int(receipt["cumulativeGasUsed"], 16),
            to_bytes(receipt["logsBloom"]),
            [
                [
                    to_bytes(log["address"]),
                    [to_bytes(topic) for topic in log["topics"]],
                    to_bytes(log["data"]),
                ]
                for log in receipt["logs"]
            ],
        ]
    )
    trie = HexaryTrie({})
    trie[rlp.encode(0)] = to_bytes("0x02") + payload
    assert block["receiptsRoot"] == "0x" + trie.root_hash.hex()


def test_the_blocks_bloom__holds_its_logs(devnet: RunningChain, minted: dict[str, Any]) -> None:
    block = devnet.rpc("eth_getBlockByHash", minted["blockHash"], False)
    assert len(block["logsBloom"]) == 2 + 512
    bloom = BloomFilter(int(block["logsBloom"], 16))
    (log,) = minted["logs"]
    assert to_bytes(log["address"]) in bloom
    assert all(to_bytes(topic) in bloom for topic in log["topics"])
    assert b"something else" not in bloom
    assert block["logsBloom"] == minted["logsBloom"]


def test_blocks_are_linked_by_parent_hashes_and_strictly_later(devnet: RunningChain) -> None:
    devnet.mine(3)
    head = int(devnet.head()["number"], 16)
    blocks = [
        devnet.rpc("eth_getBlockByNumber", hex(number), False)
        for number in range(head - 3, head + 1)
    ]
    for parent, block in itertools.pairwise(blocks):
        assert block["parentHash"] == parent["hash"]
        assert int(block["timestamp"], 16) > int(parent["timestamp"], 16)


def test_tags__name_blocks_below_the_head(devnet: RunningChain) -> None:
    devnet.mine(13)
    head = int(devnet.head()["number"], 16)

    def number(tag: str) -> int:
        return int(devnet.rpc("eth_getBlockByNumber", tag, False)["number"], 16)

    assert number("earliest") == 0
    assert number("finalized") == head - 12
    assert number("safe") == head - 6
    assert number("latest") == int(devnet.rpc("eth_blockNumber"), 16) == head
    pending = devnet.rpc("eth_getBlockByNumber", "pending", True)
    assert (int(pending["number"], 16), pending["hash"], pending["transactions"]) == (
        head + 1,
        None,
        [],
    )
    assert pending["parentHash"] == devnet.head()["hash"]


def test_what_is_unknown__is_null(devnet: RunningChain) -> None:
    beyond = hex(int(devnet.head()["number"], 16) + 1)
    assert devnet.rpc("eth_getBlockByNumber", beyond, False) is None
    assert devnet.rpc("eth_getBlockByNumber", "0x" + "f" * 60, False) is None
    assert devnet.rpc("eth_getBlockByHash", UNKNOWN, False) is None
    assert devnet.rpc("eth_getTransactionByHash", UNKNOWN) is None
    assert devnet.rpc("eth_getTransactionReceipt", UNKNOWN) is None
    assert devnet.rpc("eth_getBlockReceipts", beyond) is None
    assert devnet.rpc("eth_getBlockTransactionCountByHash", UNKNOWN) is None
    assert devnet.rpc("eth_getTransactionByBlockHashAndIndex", UNKNOWN, "0x0") is None
    assert devnet.rpc("eth_getTransactionByBlockNumberAndIndex", "0x0", "0x0") is None


def test_a_transaction__is_the_same_by_every_way(
    devnet: RunningChain, minted: dict[str, Any]
) -> None:
    hash_, block_hash, number = (
        minted[field] for field in ("transactionHash", "blockHash", "blockNumber")
    )
    transaction = devnet.rpc("eth_getTransactionByHash", hash_)
    assert transaction["hash"] == hash_
    by_hash = devnet.rpc("eth_getTransactionByBlockHashAndIndex", block_hash, "0x0")
    by_number = devnet.rpc("eth_getTransactionByBlockNumberAndIndex", number, "0x0")
    whole = devnet.rpc("eth_getBlockByNumber", number, True)["transactions"]
    assert [by_hash, by_number, *whole] == [transaction] * 3
    assert devnet.rpc("eth_getBlockByNumber", number, False)["transactions"] == [hash_]
    assert devnet.rpc("eth_getBlockTransactionCountByNumber", number) == "0x1"
    assert devnet.rpc("eth_getBlockReceipts", number) == [minted]


def test_state_can_be_read_at_an_old_block(
    devnet: RunningChain, minted: dict[str, Any], developers: list[LocalAccount], coin: Any
) -> None:
    at = int(minted["blockNumber"], 16)
    before, after = (
        coin.functions.balanceOf(developers[1].address).call(block_identifier=number)
        for number in (at - 1, at)
    )
    assert after == before + 5
    by_hash = {"blockHash": minted["blockHash"]}
    nonce = devnet.rpc("eth_getTransactionCount", developers[1].address, by_hash)
    assert int(nonce, 16) == 1 + int(
        devnet.rpc("eth_getTransactionCount", developers[1].address, hex(at - 1)), 16
    )
    with pytest.raises(RpcFailed, match="header not found"):
        devnet.rpc("eth_getBalance", developers[1].address, "0xffffff")


def test_fee_history__has_one_base_fee_more_than_blocks(devnet: RunningChain) -> None:
    devnet.mine(4)
    history = devnet.rpc("eth_feeHistory", "0x3", "latest", [10, 90])
    head = devnet.head()
    assert int(history["oldestBlock"], 16) == int(head["number"], 16) - 2
    assert len(history["baseFeePerGas"]) == 4
    assert history["baseFeePerGas"][2] == head["baseFeePerGas"]
    pending = devnet.rpc("eth_getBlockByNumber", "pending", False)
    assert history["baseFeePerGas"][3] == pending["baseFeePerGas"]
    assert len(history["gasUsedRatio"]) == 3
    assert history["reward"] == [["0x0", "0x0"]] * 3


def test_fee_history__of_more_blocks_than_there_are_begins_at_the_first(
    devnet: RunningChain,
) -> None:
    history = devnet.rpc("eth_feeHistory", "0x400", "0x1")
    assert (history["oldestBlock"], len(history["baseFeePerGas"])) == ("0x0", 3)
    assert "reward" not in history
