"""Sending: mined at once, refused in a node's own words, reverts mined as reverts; and calls."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_account.signers.local import LocalAccount
from web3.exceptions import ContractLogicError

from tests.support.chain import RpcFailed, RunningChain

GWEI = 10**9


def revert_with(payload: bytes) -> str:
    """Creation code that reverts with some data: it copies its own tail."""
    head = bytes.fromhex(f"61{len(payload):04x}80600c6000396000fd")
    return "0x" + (head + payload).hex()


def test_a_raw_transaction__is_mined_before_its_hash_is_answered(
    devnet: RunningChain, wallet: LocalAccount, signed: Any
) -> None:
    before = int(devnet.head()["number"], 16)
    hash_ = devnet.rpc("eth_sendRawTransaction", signed(wallet, value=7, to="0x" + "77" * 20))
    receipt = devnet.rpc("eth_getTransactionReceipt", hash_)
    assert receipt["status"] == "0x1"
    assert int(receipt["blockNumber"], 16) == before + 1
    assert receipt["gasUsed"] == receipt["cumulativeGasUsed"] == hex(21_000)
    assert receipt["from"] == wallet.address.lower()
    assert devnet.rpc("eth_getBalance", "0x" + "77" * 20) == "0x7"
    assert devnet.rpc("eth_getTransactionCount", wallet.address, "pending") == "0x1"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"maxFeePerGas": None, "maxPriorityFeePerGas": None, "gasPrice": 10 * GWEI}, "0x0"),
        (
            {
                "maxFeePerGas": None,
                "maxPriorityFeePerGas": None,
                "gasPrice": 10 * GWEI,
                "gas": 30_000,
                "accessList": [{"address": "0x" + "11" * 20, "storageKeys": ["0x" + "00" * 32]}],
            },
            "0x1",
        ),
        ({}, "0x2"),
    ],
)
def test_every_common_type_of_transaction_is_taken(
    devnet: RunningChain, wallet: LocalAccount, signed: Any, changes: dict[str, Any], kind: str
) -> None:
    hash_ = devnet.rpc("eth_sendRawTransaction", signed(wallet, **changes))
    transaction = devnet.rpc("eth_getTransactionByHash", hash_)
    assert (transaction["type"], transaction["chainId"]) == (kind, "0x7a69")
    assert devnet.web3.eth.get_transaction(hash_)["hash"].to_0x_hex() == hash_


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chainId": 1}, "invalid chain id"),
        ({"nonce": 5}, "nonce too high"),
        ({"value": 10**18}, "insufficient funds for gas"),
        ({"gas": 20_999}, "intrinsic gas too low"),
        ({"gas": 30_000_001}, "exceeds block gas limit"),
        # 1 wei is below any base fee: an idle chain's stops falling at 7
        ({"maxFeePerGas": 1, "maxPriorityFeePerGas": 1}, "max fee per gas less than block"),
        ({"maxPriorityFeePerGas": 11 * GWEI}, "max priority fee per gas higher"),
        ({"to": None, "data": "0x" + "00" * 49_153, "gas": 900_000}, "max initcode size"),
    ],
)
def test_a_transaction_that_cannot_be_mined__is_refused(
    devnet: RunningChain, wallet: LocalAccount, signed: Any, changes: dict[str, Any], words: str
) -> None:
    head = devnet.head()["number"]
    with pytest.raises(RpcFailed, match=words) as failed:
        devnet.rpc("eth_sendRawTransaction", signed(wallet, **changes))
    assert failed.value.code == -32000
    assert devnet.head()["number"] == head


def test_a_legacy_transaction_of_another_chain__is_refused(
    devnet: RunningChain, wallet: LocalAccount, signed: Any
) -> None:
    legacy = {"maxFeePerGas": None, "maxPriorityFeePerGas": None, "gasPrice": 10 * GWEI}
    with pytest.raises(RpcFailed, match="have 5 want 31337"):
        devnet.rpc("eth_sendRawTransaction", signed(wallet, chainId=5, **legacy))


def test_a_transaction_sent_again__is_refused(
    devnet: RunningChain, wallet: LocalAccount, signed: Any
) -> None:
    raw = signed(wallet)
    devnet.rpc("eth_sendRawTransaction", raw)
    with pytest.raises(RpcFailed, match="nonce too low"):
        devnet.rpc("eth_sendRawTransaction", raw)


@pytest.mark.parametrize("raw", ["0x", "0x02", "0x02c0", "0xdeadbeef", "0x03" + "c0", "0x7f"])
def test_junk_in_place_of_a_transaction__is_refused(devnet: RunningChain, raw: str) -> None:
    with pytest.raises(RpcFailed) as failed:
        devnet.rpc("eth_sendRawTransaction", raw)
    assert failed.value.code == -32000


def test_a_transaction_that_reverts__is_mined_with_status_0(
    devnet: RunningChain, wallet: LocalAccount, signed: Any, coin: Any
) -> None:
    call = coin.encode_abi("transfer", ["0x" + "11" * 20, 1])
    raw = signed(wallet, to=coin.address, data=call, gas=100_000)
    hash_ = devnet.rpc("eth_sendRawTransaction", raw)
    receipt = devnet.rpc("eth_getTransactionReceipt", hash_)
    assert (receipt["status"], receipt["logs"]) == ("0x0", [])
    assert devnet.rpc("eth_getTransactionCount", wallet.address) == "0x1"


def test_a_contract_creation__tells_the_address(
    devnet: RunningChain, wallet: LocalAccount, signed: Any
) -> None:
    raw = signed(wallet, to=None, data="0x6001600c60003960016000f300", gas=100_000)
    receipt = devnet.rpc("eth_getTransactionReceipt", devnet.rpc("eth_sendRawTransaction", raw))
    assert receipt["to"] is None
    assert devnet.rpc("eth_getCode", receipt["contractAddress"]) == "0x00"


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
def test_a_call_that_reverts__tells_the_reason_and_the_data(
    devnet: RunningChain, coin: Any, method: str
) -> None:
    call = {"to": coin.address, "data": coin.encode_abi("transfer", ["0x" + "11" * 20, 1])}
    with pytest.raises(RpcFailed) as failed:
        devnet.rpc(method, call)
    error = failed.value
    assert (error.code, error.message) == (3, "execution reverted: TestUSD: balance too low")
    assert error.data == "0x08c379a0" + encode(["string"], ["TestUSD: balance too low"]).hex()


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "execution reverted"),
        (b"\x01\x02\x03\x04", "execution reverted"),
        (bytes.fromhex("08c379a0") + b"\xff" * 32, "execution reverted"),
        (
            bytes.fromhex("4e487b71") + (0x11).to_bytes(32, "big"),
            "execution reverted: arithmetic underflow or overflow",
        ),
    ],
)
def test_any_revert__is_told_with_its_data(
    devnet: RunningChain, payload: bytes, message: str
) -> None:
    with pytest.raises(RpcFailed) as failed:
        devnet.rpc("eth_call", {"data": revert_with(payload)})
    error = failed.value
    assert (error.code, error.message, error.data) == (3, message, "0x" + payload.hex())


def test_web3_raises_the_reason(devnet: RunningChain, coin: Any) -> None:
    with pytest.raises(ContractLogicError, match="TestUSD: balance too low"):
        coin.functions.transfer("0x" + "11" * 20, 1).call()


def test_other_failures__are_named(devnet: RunningChain, coin: Any) -> None:
    with pytest.raises(RpcFailed, match="execution failed"):
        devnet.rpc("eth_call", {"data": "0xfe"})
    with pytest.raises(RpcFailed, match="out of gas"):
        devnet.rpc("eth_call", {"to": coin.address, "data": "0x18160ddd", "gas": hex(21_100)})
    with pytest.raises(RpcFailed, match="insufficient funds"):
        devnet.rpc("eth_call", {"to": coin.address, "value": "0x1", "from": "0x" + "12" * 20})


def test_an_estimate__suffices_and_is_close(
    devnet: RunningChain, wallet: LocalAccount, signed: Any, coin: Any
) -> None:
    data = coin.encode_abi("mint", [wallet.address, 9])
    estimate = int(
        devnet.rpc("eth_estimateGas", {"from": wallet.address, "to": coin.address, "input": data}),
        16,
    )
    raw = signed(wallet, to=coin.address, data=data, gas=estimate)
    receipt = devnet.rpc("eth_getTransactionReceipt", devnet.rpc("eth_sendRawTransaction", raw))
    used = int(receipt["gasUsed"], 16)
    assert receipt["status"] == "0x1"
    assert used <= estimate <= used * 1.1
    assert devnet.rpc("eth_estimateGas", {"to": "0x" + "11" * 20, "value": "0x0"}) == hex(21_000)


def test_a_developers_account__is_unlocked(
    devnet: RunningChain, developers: list[LocalAccount]
) -> None:
    sender = developers[3]
    hash_ = devnet.rpc(
        "eth_sendTransaction", {"from": sender.address, "to": "0x" + "33" * 20, "value": "0x5"}
    )
    transaction = devnet.rpc("eth_getTransactionByHash", hash_)
    assert (transaction["from"], transaction["gas"]) == (sender.address.lower(), hex(21_000))
    with pytest.raises(RpcFailed, match="unknown account"):
        devnet.rpc("eth_sendTransaction", {"from": "0x" + "33" * 20})


def test_a_developers_account__signs_messages(
    devnet: RunningChain, developers: list[LocalAccount]
) -> None:
    signer = developers[2].address
    text = "0x" + b"hello".hex()
    signable = encode_defunct(b"hello")
    for parameters in (
        ("personal_sign", text, signer),
        ("personal_sign", signer, text),
        ("eth_sign", signer, text),
    ):
        assert Account.recover_message(signable, signature=devnet.rpc(*parameters)) == signer


def test_a_developers_account__signs_typed_data(
    devnet: RunningChain, developers: list[LocalAccount]
) -> None:
    typed = {
        "types": {
            "EIP712Domain": [{"name": "name", "type": "string"}],
            "Mail": [{"name": "body", "type": "string"}],
        },
        "primaryType": "Mail",
        "domain": {"name": "Post"},
        "message": {"body": "hello"},
    }
    signer = developers[2].address
    signature = devnet.rpc("eth_signTypedData_v4", signer, typed)
    signable = encode_typed_data(full_message=typed)
    assert Account.recover_message(signable, signature=signature) == signer
