"""Transactions: each one is mined in a block of its own before its hash is answered.

One that reverts is mined too, with status 0; one that can't be in a block is refused.
"""

from __future__ import annotations

from typing import Any

from eth_account.signers.local import LocalAccount
from eth_utils.exceptions import ValidationError

from scripts.devnet.admission import decode_admissible
from scripts.devnet.errors import rejected
from scripts.devnet.evm import estimate_gas, read_access_list, read_call
from scripts.devnet.genesis import CHAIN_ID
from scripts.devnet.methods.state import TIP_WEI
from scripts.devnet.node import Method, Node
from scripts.devnet.params import read_address, read_data, read_object, read_quantity
from scripts.devnet.render import Json, data, word


def send_raw(node: Node, raw: Any) -> str:
    """Mines a signed transaction; its hash."""
    return _mine(node, read_data(raw, "transaction"))


def send(node: Node, asked: Any) -> str:
    """Signs and mines a transaction of an unlocked account; its hash."""
    return _mine(node, _sign(node, asked))


def sign(node: Node, asked: Any) -> Json:
    """Signs a transaction of an unlocked account."""
    return {"raw": data(_sign(node, asked))}


def unlocked(node: Node, address: Any) -> LocalAccount:
    """The key of one of the development accounts; -32000 for any other address."""
    try:
        return node.accounts[read_address(address)]
    except KeyError:
        raise rejected("unknown account") from None


def _mine(node: Node, raw: bytes) -> str:
    transaction = decode_admissible(node.chain, raw)
    try:
        node.chain.mine([transaction])
    except ValidationError as error:
        raise rejected(str(error)) from error
    return data(transaction.hash)


def _sign(node: Node, value: Any) -> bytes:
    asked = read_object(value, "transaction")
    account = unlocked(node, asked.get("from"))
    call = read_call(asked)
    header = node.chain.next_header()

    def number(name: str, default: int) -> int:
        given = asked.get(name)
        return default if given is None else read_quantity(given, name)

    nonce = node.chain.state(node.chain.head).get_nonce(call.sender)
    fields: dict[str, Any] = {
        "chainId": number("chainId", CHAIN_ID),
        "nonce": number("nonce", nonce),
        "value": call.value,
        "data": call.data,
        "gas": call.gas if asked.get("gas") else estimate_gas(node.chain, call, header),
    }
    if call.to:
        fields["to"] = call.to
    if asked.get("accessList") is not None:
        fields["accessList"] = [
            {"address": data(address), "storageKeys": [word(key) for key in keys]}
            for address, keys in read_access_list(asked["accessList"])
        ]
    if asked.get("gasPrice") is not None:
        fields["gasPrice"] = number("gasPrice", 0)
    else:
        tip = number("maxPriorityFeePerGas", TIP_WEI)
        fields["maxPriorityFeePerGas"] = tip
        fields["maxFeePerGas"] = number("maxFeePerGas", 2 * header.base_fee_per_gas + tip)
    try:
        return bytes(account.sign_transaction(fields).raw_transaction)
    except (TypeError, ValueError) as error:
        raise rejected(str(error)) from error


METHODS: dict[str, Method] = {
    "eth_sendRawTransaction": send_raw,
    "eth_sendTransaction": send,
    "eth_signTransaction": sign,
}
