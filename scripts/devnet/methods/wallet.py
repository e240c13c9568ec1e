"""Signatures of the unlocked accounts, as a wallet would give them."""

from __future__ import annotations

from typing import Any

import orjson
from eth_account.messages import encode_defunct, encode_typed_data

from scripts.devnet.errors import invalid_params
from scripts.devnet.methods.sending import unlocked
from scripts.devnet.node import Method, Node
from scripts.devnet.params import ADDRESS_BYTES, read_data, read_object
from scripts.devnet.render import data


def eth_sign(node: Node, address: Any, message: Any) -> str:
    """Signs a message by EIP-191."""
    signable = encode_defunct(read_data(message, "message"))
    return data(bytes(unlocked(node, address).sign_message(signable).signature))


def personal_sign(node: Node, message: Any, address: Any, _password: Any = None) -> str:
    """The same with its parameters the other way round; a swapped pair is understood."""
    looks_like = isinstance(message, str) and len(message) == 2 + 2 * ADDRESS_BYTES
    if looks_like and read_data(message, "message") in node.accounts:
        message, address = address, message
    return eth_sign(node, address, message)


def sign_typed_data(node: Node, address: Any, typed: Any) -> str:
    """Signs by EIP-712; the data come as an object or as its JSON."""
    account = unlocked(node, address)
    if isinstance(typed, str):
        try:
            typed = orjson.loads(typed)
        except orjson.JSONDecodeError:
            raise invalid_params("typed data: JSON is expected") from None
    message = read_object(typed, "typed data")
    try:
        signable = encode_typed_data(full_message=message)
    except Exception as error:  # the encoder has no error of its own
        raise invalid_params("typed data: not EIP-712") from error
    return data(bytes(account.sign_message(signable).signature))


METHODS: dict[str, Method] = {
    "eth_sign": eth_sign,
    "personal_sign": personal_sign,
    "eth_signTypedData": sign_typed_data,
    "eth_signTypedData_v4": sign_typed_data,
}
