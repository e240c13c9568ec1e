"""Reads the parameters of a call; what has another shape raises -32602."""

from __future__ import annotations

import re
from typing import Any

from scripts.devnet.chain import FINAL_DEPTH, SAFE_DEPTH, Chain
from scripts.devnet.errors import invalid_params, rejected

HASH_BYTES = 32
ADDRESS_BYTES = 20

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_WORD_LIMIT = 2**256


def read_quantity(value: Any, name: str) -> int:
    """An unsigned integer: hex, or a bare JSON number as some tools send."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _WORD_LIMIT:
        return value
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return int(value, 16)
    raise invalid_params(f"{name}: a hex quantity is expected")


def read_data(value: Any, name: str, length: int | None = None) -> bytes:
    """Bytes, of a length if one is given."""
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise invalid_params(f"{name}: hex data is expected")
    found = bytes.fromhex(value[2:])
    if length is not None and len(found) != length:
        raise invalid_params(f"{name}: {length} bytes are expected, not {len(found)}")
    return found


def read_address(value: Any, name: str = "address") -> bytes:
    """A 20-byte address, in any case of letters."""
    return read_data(value, name, ADDRESS_BYTES)


def read_hash(value: Any, name: str = "hash") -> bytes:
    """A 32-byte hash."""
    return read_data(value, name, HASH_BYTES)


def read_object(value: Any, name: str) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise invalid_params(f"{name}: an object is expected")
    return value


def read_number(chain: Chain, value: Any) -> int:
    """A block number or tag; `pending` is one above the head."""
    head: int = chain.head.block_number
    tags = {
        "earliest": 0,
        "finalized": max(0, head - FINAL_DEPTH),
        "safe": max(0, head - SAFE_DEPTH),
        "latest": head,
        "pending": head + 1,
    }
    if isinstance(value, str) and value in tags:
        return tags[value]
    return read_quantity(value, "block")


def find_header(chain: Chain, value: Any) -> Any:
    """The header that a block parameter names (tag, number, EIP-1898 object); -32000 if none.

    `pending` is the header that a block mined now would start from.
    """
    header = None
    if value == "pending":
        return chain.next_header()
    if isinstance(value, dict) and "blockHash" in value:
        row = chain.store.block_by_hash(read_hash(value["blockHash"], "blockHash"))
        header = row and chain.header_by_hash(row.hash)
    else:
        if isinstance(value, dict):
            value = value.get("blockNumber")
        header = chain.header(read_number(chain, value))
    if header is None:
        raise rejected("header not found")
    return header
