"""A block of all kinds of transactions that Ethereum has, for whoever recomputes its hashes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import rlp
from eth_account.signers.local import LocalAccount

from indexer.abi import load_abi
from scripts.dev_accounts import dev_accounts
from tests.indexer.realnode import RealNode

CHAIN_ID = 31_337
GWEI = 10**9
BLOB_TYPE = 3
BLOB_BYTES = 131_072
INFINITY = b"\xc0" + bytes(47)  # commitment and proof of a blob of zeros
EMPTY_BLOB_HASH = "0x01" + sha256(INFINITY).hexdigest()[2:]


def mine_every_kind(world: RealNode, buys: int) -> str:
    """Mines a block of transactions of all types, purchases, and one that fails; its hash."""
    buyer, sender, other = dev_accounts()[:3]
    credits_ = world.manifest.contracts["Credits"]
    buy = world.node.eth.contract(credits_.address, abi=load_abi("Credits")).functions.buy
    nonce = world.node.eth.get_transaction_count(sender.address)
    with _one_block(world):
        for at, kind in enumerate(_every_kind(other)):
            raw = bytes(sender.sign_transaction(kind | {"nonce": nonce + at}).raw_transaction)
            world.node.eth.send_raw_transaction(
                _with_an_empty_blob(raw) if raw[0] == BLOB_TYPE else raw
            )
        for _ in range(buys):
            sent = {"from": buyer.address, "gas": 300_000}
            buy(10**6, buyer.address).transact(sent)
        buy(0, buyer.address).transact({"from": sender.address, "gas": 300_000})  # it fails
    block = world.node.eth.get_block("latest")
    assert len(block["transactions"]) == 5 + buys + 1
    return block["hash"].to_0x_hex()


@contextmanager
def _one_block(world: RealNode) -> Iterator[None]:
    """What is sent meanwhile is mined together."""
    world.rpc("evm_setAutomine", False)
    yield
    world.rpc("evm_mine")
    world.rpc("evm_setAutomine", True)


def _every_kind(to: LocalAccount) -> list[dict[str, Any]]:
    """Transfers to an account, legacy and then of the types 1 to 4."""
    plain = {"to": to.address, "value": 1, "gas": 100_000, "chainId": CHAIN_ID}
    priced = plain | {"gasPrice": 50 * GWEI}
    modern = plain | {"maxFeePerGas": 50 * GWEI, "maxPriorityFeePerGas": GWEI}
    listed = [{"address": to.address, "storageKeys": ["0x" + "00" * 32]}]
    blob = {"maxFeePerBlobGas": 50 * GWEI, "blobVersionedHashes": [EMPTY_BLOB_HASH]}
    granted = {"chainId": CHAIN_ID, "address": "0x" + "11" * 20, "nonce": 0}
    return [
        priced,
        priced | {"type": 1, "accessList": listed},
        modern,
        modern | {"type": BLOB_TYPE} | blob,
        modern | {"authorizationList": [to.sign_authorization(granted)]},
    ]


def _with_an_empty_blob(signed: bytes) -> bytes:
    """As it travels: with blob, commitment and proof. eth-account takes 9 s to make those."""
    body = rlp.decode(signed[1:])
    return signed[:1] + rlp.encode([body, [bytes(BLOB_BYTES)], [INFINITY], [INFINITY]])
