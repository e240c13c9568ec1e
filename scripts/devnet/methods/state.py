"""Accounts' state, calls without a transaction, and what gas costs."""

from __future__ import annotations

from typing import Any

import orjson

from scripts.devnet.chain import Chain
from scripts.devnet.errors import invalid_params
from scripts.devnet.evm import estimate_gas, read_call, run_call
from scripts.devnet.node import Method, Node
from scripts.devnet.params import find_header, read_address, read_number, read_quantity
from scripts.devnet.render import Json, data, quantity, word

TIP_WEI = 10**9  # suggested to wallets; any tip is taken
MAX_HISTORY_BLOCKS = 1_024


def balance(node: Node, address: Any, block: Any = "latest") -> str:
    """Wei."""
    return quantity(_state(node, block).get_balance(read_address(address)))


def code(node: Node, address: Any, block: Any = "latest") -> str:
    """A contract's code; 0x where there is none."""
    return data(_state(node, block).get_code(read_address(address)))


def storage(node: Node, address: Any, slot: Any, block: Any = "latest") -> str:
    """A storage word."""
    at = read_quantity(slot, "slot")
    return word(_state(node, block).get_storage(read_address(address), at))


def nonce(node: Node, address: Any, block: Any = "latest") -> str:
    """The next nonce; nothing is ever pending, so `pending` is `latest`."""
    return quantity(_state(node, block).get_nonce(read_address(address)))


def call(node: Node, transaction: Any, block: Any = "latest") -> str:
    """What a call returns in the context of a block."""
    header = find_header(node.chain, block or "latest")
    return data(run_call(node.chain, read_call(transaction), header))


def estimate(node: Node, transaction: Any, block: Any = "pending") -> str:
    """The gas that a transaction mined now would need.

    `latest`, which some libraries send by themselves, counts as `pending` too: in the head's own
    second a stream hasn't burned yet what it will have burned in the next block, and the estimate
    would fall short by what writing that down costs.
    """
    header = find_header(node.chain, "pending" if block in (None, "latest") else block)
    return quantity(estimate_gas(node.chain, read_call(transaction), header))


def gas_price(node: Node) -> str:
    """The next block's base fee and the suggested tip, in wei."""
    return quantity(node.chain.next_header().base_fee_per_gas + TIP_WEI)


def fee_history(node: Node, count: Any, newest: Any, percentiles: Any = None) -> Json:
    """Base fees (one more than blocks: the next one's), how full blocks were, tips paid."""
    chain = node.chain
    last = min(read_number(chain, newest), chain.head.block_number)
    blocks = min(read_quantity(count, "blockCount"), MAX_HISTORY_BLOCKS, last + 1)
    if percentiles is not None and not _are_percentiles(percentiles):
        raise invalid_params("rewardPercentiles: rising numbers from 0 to 100 are expected")
    headers: list[Any] = [chain.header(n) for n in range(last - blocks + 1, last + 1)]
    following = chain.header(last + 1) or chain.next_header()
    history: Json = {
        "oldestBlock": quantity(last - blocks + 1),
        "baseFeePerGas": [quantity(h.base_fee_per_gas) for h in (*headers, following)],
        "gasUsedRatio": [h.gas_used / h.gas_limit for h in headers],
        "baseFeePerBlobGas": [quantity(1)] * (blocks + 1),
        "blobGasUsedRatio": [0.0] * blocks,
    }
    if percentiles:
        history["reward"] = [[_tip(chain, h)] * len(percentiles) for h in headers]
    return history


def _tip(chain: Chain, header: Any) -> str:
    """What the block's transaction (there is at most one) paid above the base fee."""
    row = chain.store.block(header.block_number)
    receipts = orjson.loads(row.receipts) if row else []
    paid = int(receipts[0]["effectiveGasPrice"], 16) if receipts else header.base_fee_per_gas
    return quantity(paid - header.base_fee_per_gas)


def _are_percentiles(values: Any) -> bool:
    return (
        isinstance(values, list)
        and all(isinstance(value, int | float) and 0 <= value <= 100 for value in values)
        and values == sorted(values)
    )


def _state(node: Node, block: Any) -> Any:
    if block in (None, "pending"):
        block = "latest"
    return node.chain.state(find_header(node.chain, block))


METHODS: dict[str, Method] = {
    "eth_getBalance": balance,
    "eth_getCode": code,
    "eth_getStorageAt": storage,
    "eth_getTransactionCount": nonce,
    "eth_call": call,
    "eth_estimateGas": estimate,
    "eth_gasPrice": gas_price,
    "eth_maxPriorityFeePerGas": lambda _node: quantity(TIP_WEI),
    "eth_blobBaseFee": lambda _node: quantity(1),
    "eth_feeHistory": fee_history,
}
