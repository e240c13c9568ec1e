"""What a block's hash proves: its header's fields, and by the receipts root every log in it.

Pure functions over a node's JSON. A header is encoded as Ethereum's protocol has it and must hash
to `hash`; the block's receipts, in a trie by their positions, must make its `receiptsRoot`. So
address, topics, data, number and order of the logs are proven. A log's index and place aren't in
the trie: they are counted here, and the transaction's hash must be that of the block's list.

`UnknownEncoding` is raised where the chain isn't encoded as Ethereum's: it names the field or the
type, since asking again won't help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import rlp
from eth_utils.crypto import keccak
from trie import HexaryTrie

from indexer.chain.parse import parse_quantity
from indexer.chain.types import Block
from indexer.errors import BadAnswer, UnknownEncoding

LEGACY_TYPE = 0
LAST_TYPE = 4  # EIP-7702's; 1 is EIP-2930's, 2 EIP-1559's, 3 EIP-4844's
LAST_TYPE_BYTE = 0x7F  # EIP-2718
ROOT_DIGITS = 66


def _data(value: Any) -> bytes:
    found = bytes.fromhex(value[2:])
    if value[:2] != "0x" or 2 + 2 * len(found) != len(value):  # fromhex takes spaces
        raise ValueError
    return found


def _quantity(value: Any) -> bytes:
    number = int(value, 16)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


Encode = Callable[[Any], bytes]

_HEADER: tuple[tuple[str, Encode], ...] = (
    ("parentHash", _data),
    ("sha3Uncles", _data),
    ("miner", _data),
    ("stateRoot", _data),
    ("transactionsRoot", _data),
    ("receiptsRoot", _data),
    ("logsBloom", _data),
    ("difficulty", _quantity),
    ("number", _quantity),
    ("gasLimit", _quantity),
    ("gasUsed", _quantity),
    ("timestamp", _quantity),
    ("extraData", _data),
    ("mixHash", _data),
    ("nonce", _data),
)
# Each fork's come after those of the forks before it.
_TAIL: tuple[tuple[str, Encode], ...] = (
    ("baseFeePerGas", _quantity),  # London
    ("withdrawalsRoot", _data),  # Shanghai
    ("blobGasUsed", _quantity),  # Cancun, and the two below
    ("excessBlobGas", _quantity),
    ("parentBeaconBlockRoot", _data),
    ("requestsHash", _data),  # Prague
)
_BESIDE_THE_HEADER = ("hash", "size", "totalDifficulty", "transactions", "uncles", "withdrawals")
_KNOWN = frozenset(_BESIDE_THE_HEADER).union(name for name, _ in (*_HEADER, *_TAIL))


def check_header(raw: Mapping[str, Any]) -> None:
    """Raises BadAnswer unless the fields of a block, as eth_getBlockBy… answers it, make its hash.

    UnknownEncoding where one is missing, or where there are others than Ethereum's.
    """
    named = f"the header of block {parse_quantity(raw.get('number'))}"
    tail = [field for field in _TAIL if raw.get(field[0]) is not None]
    present = [*_HEADER, *tail]
    missing = [name for name, _ in (*_HEADER, *_TAIL[: len(tail)]) if raw.get(name) is None]
    if missing:
        raise UnknownEncoding(f"{named} has no {missing[0]}")
    try:
        encoded = [encode(raw[name]) for name, encode in present]
        given = _data(raw["hash"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise BadAnswer(f"{named} has a field of another shape") from None
    made = keccak(rlp.encode(encoded, infer_serializer=False))
    if made == given:
        return
    message = f"{named} hashes to 0x{made.hex()}, not to its hash 0x{given.hex()}"
    others = sorted(name for name, value in raw.items() if name not in _KNOWN and value is not None)
    if others:
        raise UnknownEncoding(f"{message}; unknown fields: {', '.join(others)}")
    raise BadAnswer(message)


def check_receipts(block: Block, receipts: Sequence[Any]) -> None:
    """Raises BadAnswer unless these are all receipts of a block, in order, to the bit.

    UnknownEncoding where they include types that Ethereum doesn't have.
    """
    if len(receipts) != len(block.transaction_hashes):
        raise BadAnswer(f"not one receipt for each transaction of block {block.number}")
    _check_places(block, receipts)
    try:
        root = _root(_encode_receipt(raw) for raw in receipts)
        types = {_type_of(raw) for raw in receipts}
    except (KeyError, TypeError, ValueError, OverflowError):
        raise BadAnswer(f"a receipt of block {block.number} has another shape") from None
    if root == block.receipts_root:
        return
    message = f"the receipts of block {block.number} make {root}, not {block.receipts_root}"
    others = [hex(kind) for kind in sorted(types) if kind > LAST_TYPE]
    if others:
        raise UnknownEncoding(f"{message}; unknown receipt types: {', '.join(others)}")
    raise BadAnswer(message)


def _check_places(block: Block, receipts: Sequence[Any]) -> None:
    """What receipts say of their place, which no trie holds, against what we count."""
    number, next_index = hex(block.number), 0
    for position, (receipt, transaction) in enumerate(
        zip(receipts, block.transaction_hashes, strict=True)
    ):
        place = {
            "blockHash": block.hash,
            "blockNumber": number,
            "transactionHash": transaction,
            "transactionIndex": hex(position),
        }
        _check_place(block, receipt, place)
        logs = receipt.get("logs")
        if type(logs) is not list:
            raise BadAnswer(f"a receipt without logs in block {block.number}")
        for entry in logs:
            _check_place(block, entry, place)
            if entry.get("logIndex") != hex(next_index):
                raise BadAnswer(
                    f"log {next_index} of block {block.number} is given as {entry.get('logIndex')}"
                )
            next_index += 1


def _check_place(block: Block, raw: Any, place: Mapping[str, str]) -> None:
    if type(raw) is not dict:
        raise BadAnswer(f"no receipt or log in block {block.number}: {str(raw)[:80]}")
    for name, value in place.items():
        if raw.get(name) != value:
            raise BadAnswer(
                f"a receipt or log of block {block.number} says {name} {raw.get(name)}, not {value}"
            )


def _encode_receipt(raw: Mapping[str, Any]) -> bytes:
    root = raw.get("root")  # in place of the status before Byzantium
    body = rlp.encode(
        [
            _data(root) if root and len(root) == ROOT_DIGITS else _quantity(raw["status"]),
            _quantity(raw["cumulativeGasUsed"]),
            _data(raw["logsBloom"]),
            [
                [_data(entry["address"]), [_data(t) for t in entry["topics"]], _data(entry["data"])]
                for entry in raw["logs"]
            ],
        ],
        infer_serializer=False,
    )
    kind = _type_of(raw)
    return bytes(body) if kind == LEGACY_TYPE else bytes([kind]) + bytes(body)


def _type_of(raw: Mapping[str, Any]) -> int:
    kind = int(raw.get("type") or "0x0", 16)
    if not LEGACY_TYPE <= kind <= LAST_TYPE_BYTE:
        raise ValueError
    return kind


def _root(items: Iterable[bytes]) -> str:
    """The root of a trie of items by their positions."""
    trie = HexaryTrie({})  # neither pruned nor squashed: measured, that takes half as long again
    for position, item in enumerate(items):
        trie[rlp.encode(position)] = item
    return "0x" + bytes(trie.root_hash).hex()
