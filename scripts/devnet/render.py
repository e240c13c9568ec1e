"""Blocks, transactions, receipts and logs as JSON-RPC shows them.

Quantities are hex without leading zeros, data is hex of whole bytes, an absent value is null.
The header is shown complete: its fields, RLP-encoded in their order, hash to `hash`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rlp
from eth.vm.forks.prague.constants import SET_CODE_TRANSACTION_TYPE
from eth_utils.crypto import keccak

Json = dict[str, Any]

LEGACY_TYPE = 0
DYNAMIC_FEE_TYPE = 2
FIRST_PROTECTED_V = 35  # EIP-155


def quantity(value: int) -> str:
    """An unsigned integer."""
    return hex(value)


def data(value: bytes) -> str:
    """Bytes."""
    return "0x" + value.hex()


def word(value: int) -> str:
    """An unsigned integer as 32 bytes."""
    return data(value.to_bytes(32, "big"))


def block_json(header: Any, size: int, transactions: Sequence[Any]) -> Json:
    """A block; `transactions` are hashes or whole ones, as they are to be shown."""
    return {
        "number": quantity(header.block_number),
        "hash": data(header.hash),
        "parentHash": data(header.parent_hash),
        "nonce": data(header.nonce),
        "mixHash": data(header.mix_hash),
        "sha3Uncles": data(header.uncles_hash),
        "logsBloom": data(header.bloom.to_bytes(256, "big")),
        "transactionsRoot": data(header.transaction_root),
        "stateRoot": data(header.state_root),
        "receiptsRoot": data(header.receipt_root),
        "miner": data(header.coinbase),
        "difficulty": quantity(header.difficulty),
        "extraData": data(header.extra_data),
        "size": quantity(size),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "baseFeePerGas": quantity(header.base_fee_per_gas),
        "withdrawalsRoot": data(header.withdrawals_root),
        "withdrawals": [],
        "blobGasUsed": quantity(header.blob_gas_used),
        "excessBlobGas": quantity(header.excess_blob_gas),
        "parentBeaconBlockRoot": data(header.parent_beacon_block_root),
        "requestsHash": data(header.requests_hash),
        "uncles": [],
        "transactions": list(transactions),
    }


def transaction_type(transaction: Any) -> int:
    """The EIP-2718 type; 0 for a legacy one."""
    return transaction.type_id or LEGACY_TYPE


def effective_gas_price(transaction: Any, base_fee: int) -> int:
    """What a transaction pays for a unit of gas under a base fee, in wei."""
    return int(min(transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas + base_fee))


def transaction_json(transaction: Any, header: Any, position: int) -> Json:
    """A mined transaction."""
    kind = transaction_type(transaction)
    shown: Json = {
        "type": quantity(kind),
        "hash": data(transaction.hash),
        "nonce": quantity(transaction.nonce),
        "blockHash": data(header.hash),
        "blockNumber": quantity(header.block_number),
        "transactionIndex": quantity(position),
        "from": data(transaction.sender),
        "to": data(transaction.to) if transaction.to else None,
        "value": quantity(transaction.value),
        "gas": quantity(transaction.gas),
        "gasPrice": quantity(effective_gas_price(transaction, header.base_fee_per_gas)),
        "input": data(transaction.data),
        "r": quantity(transaction.r),
        "s": quantity(transaction.s),
    }
    if kind == LEGACY_TYPE:
        shown["v"] = quantity(transaction.v)
        if transaction.v >= FIRST_PROTECTED_V:
            shown["chainId"] = quantity((transaction.v - FIRST_PROTECTED_V) // 2)
        return shown
    shown["v"] = shown["yParity"] = quantity(transaction.y_parity)
    shown["chainId"] = quantity(transaction.chain_id)
    shown["accessList"] = [
        {"address": data(address), "storageKeys": [word(key) for key in keys]}
        for address, keys in transaction.access_list
    ]
    if kind >= DYNAMIC_FEE_TYPE:
        shown["maxFeePerGas"] = quantity(transaction.max_fee_per_gas)
        shown["maxPriorityFeePerGas"] = quantity(transaction.max_priority_fee_per_gas)
    if kind == SET_CODE_TRANSACTION_TYPE:
        shown["authorizationList"] = [
            _authorization_json(item) for item in transaction.authorization_list
        ]
    return shown


def receipts_json(header: Any, transactions: Sequence[Any], receipts: Sequence[Any]) -> list[Json]:
    """The receipts of a whole block, in order."""
    shown: list[Json] = []
    gas_before = first_log = 0
    for position, (transaction, receipt) in enumerate(zip(transactions, receipts, strict=True)):
        place: Json = {
            "blockHash": data(header.hash),
            "blockNumber": quantity(header.block_number),
            "transactionHash": data(transaction.hash),
            "transactionIndex": quantity(position),
        }
        logs = [
            _log_json(log, place, first_log + at, header.timestamp)
            for at, log in enumerate(receipt.logs)
        ]
        shown.append(
            place
            | {
                "type": quantity(transaction_type(transaction)),
                "status": quantity(int.from_bytes(receipt.state_root, "big")),
                "from": data(transaction.sender),
                "to": data(transaction.to) if transaction.to else None,
                "contractAddress": None if transaction.to else _created_address(transaction),
                "gasUsed": quantity(receipt.gas_used - gas_before),
                "cumulativeGasUsed": quantity(receipt.gas_used),
                "effectiveGasPrice": quantity(
                    effective_gas_price(transaction, header.base_fee_per_gas)
                ),
                "logsBloom": data(receipt.bloom.to_bytes(256, "big")),
                "logs": logs,
            }
        )
        gas_before = receipt.gas_used
        first_log += len(logs)
    return shown


def _log_json(log: Any, place: Json, index: int, timestamp: int) -> Json:
    return place | {
        "address": data(log.address),
        "topics": [word(topic) for topic in log.topics],
        "data": data(log.data),
        "logIndex": quantity(index),
        "blockTimestamp": quantity(timestamp),
        "removed": False,
    }


def _created_address(transaction: Any) -> str:
    return data(keccak(rlp.encode([transaction.sender, transaction.nonce]))[-20:])


def _authorization_json(item: Any) -> Json:
    return {
        "chainId": quantity(item.chain_id),
        "address": data(item.address),
        "nonce": quantity(item.nonce),
        "yParity": quantity(item.y_parity),
        "r": quantity(item.r),
        "s": quantity(item.s),
    }
