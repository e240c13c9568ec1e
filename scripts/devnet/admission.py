"""Who is let into a block: what a node checks of a raw transaction, in geth's words.

py-evm itself takes transactions of other chains; they end here.
"""

from __future__ import annotations

from typing import Any

from scripts.devnet.chain import Chain
from scripts.devnet.errors import rejected
from scripts.devnet.genesis import CHAIN_ID, GAS_LIMIT
from scripts.devnet.render import FIRST_PROTECTED_V, LEGACY_TYPE, transaction_type

BLOB_TYPE = 3
STANDARD_TOKEN_COST = 4  # EIP-7623: a non-zero byte of data counts for four zero ones
FLOOR_PER_TOKEN = 10
TRANSFER_GAS = 21_000
MAX_INITCODE_BYTES = 2 * 24_576  # EIP-3860


def decode_admissible(chain: Chain, raw: bytes) -> Any:
    """A transaction that can be mined now; RpcError says why not."""
    if raw[:1] == bytes([BLOB_TYPE]):
        raise rejected("transaction type not supported")
    try:
        transaction = chain.transaction_builder.decode(raw)
    except Exception as error:  # py-evm and rlp have many ways to say it
        raise rejected("rlp: not a signed transaction") from error
    _check_chain_id(transaction)
    _check_signature(transaction)
    _check_gas(transaction)
    header = chain.next_header()
    _check_fees(transaction, header.base_fee_per_gas)
    _check_sender(transaction, chain.state(chain.head))
    return transaction


def _check_chain_id(transaction: Any) -> None:
    if transaction_type(transaction) != LEGACY_TYPE:
        given = transaction.chain_id
    elif transaction.v >= FIRST_PROTECTED_V:
        given = (transaction.v - FIRST_PROTECTED_V) // 2
    else:
        return  # from before EIP-155: of no chain in particular
    if given != CHAIN_ID:
        raise rejected(f"invalid chain id for signer: have {given} want {CHAIN_ID}")


def _check_signature(transaction: Any) -> None:
    try:
        transaction.check_signature_validity()
        _ = transaction.sender
    except Exception as error:
        raise rejected("invalid sender") from error


def _check_gas(transaction: Any) -> None:
    if transaction.gas > GAS_LIMIT:
        raise rejected("exceeds block gas limit")
    if not transaction.to and len(transaction.data) > MAX_INITCODE_BYTES:
        raise rejected(
            f"max initcode size exceeded: code size {len(transaction.data)}, "
            f"limit {MAX_INITCODE_BYTES}"
        )
    zeros = transaction.data.count(0)
    tokens = zeros + STANDARD_TOKEN_COST * (len(transaction.data) - zeros)
    needed = max(transaction.intrinsic_gas, TRANSFER_GAS + FLOOR_PER_TOKEN * tokens)
    if transaction.gas < needed:
        raise rejected(f"intrinsic gas too low: have {transaction.gas}, want {needed}")


def _check_fees(transaction: Any, base_fee: int) -> None:
    cap, tip = transaction.max_fee_per_gas, transaction.max_priority_fee_per_gas
    address = "0x" + transaction.sender.hex()
    if tip > cap:
        raise rejected(
            f"max priority fee per gas higher than max fee per gas: address {address}, "
            f"maxPriorityFeePerGas: {tip}, maxFeePerGas: {cap}"
        )
    if cap < base_fee:
        raise rejected(
            f"max fee per gas less than block base fee: address {address}, "
            f"maxFeePerGas: {cap}, baseFee: {base_fee}"
        )


def _check_sender(transaction: Any, state: Any) -> None:
    address = "0x" + transaction.sender.hex()
    nonce = state.get_nonce(transaction.sender)
    if transaction.nonce != nonce:
        which = "low" if transaction.nonce < nonce else "high"
        raise rejected(
            f"nonce too {which}: address {address}, tx: {transaction.nonce} state: {nonce}"
        )
    balance = state.get_balance(transaction.sender)
    cost = transaction.gas * transaction.max_fee_per_gas + transaction.value
    if balance < cost:
        raise rejected(
            f"insufficient funds for gas * price + value: address {address} "
            f"have {balance} want {cost}"
        )
