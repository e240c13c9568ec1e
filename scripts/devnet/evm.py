"""Tries calls without mining them: eth_call and eth_estimateGas, with geth's errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from eth.exceptions import OutOfGas, Revert
from eth.vm.spoof import SpoofTransaction
from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.exceptions import ValidationError

from scripts.devnet.chain import Chain
from scripts.devnet.errors import REVERTED, RpcError, invalid_params, rejected
from scripts.devnet.genesis import CHAIN_ID, GAS_LIMIT
from scripts.devnet.params import read_address, read_data, read_object, read_quantity

TRANSFER_GAS = 21_000
CALL_STIPEND = 2_300
# As in geth: a search ends within 1.5 % of the least gas that suffices.
ESTIMATE_TOLERANCE_PERMILLE = 15

_ERROR = bytes.fromhex("08c379a0")  # Error(string)
_PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)
_PANICS = {
    0x00: "generic panic",
    0x01: "assert(false)",
    0x11: "arithmetic underflow or overflow",
    0x12: "division or modulo by zero",
    0x21: "enum overflow",
    0x22: "invalid encoded storage byte array accessed",
    0x31: "out-of-bounds array access; popping on an empty array",
    0x32: "out-of-bounds access of an array or bytesN",
    0x41: "out of memory",
    0x51: "uninitialized function",
}


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it was asked for; `to` is empty where a contract would be created."""

    sender: bytes
    to: bytes
    value: int
    data: bytes
    gas: int
    access_list: tuple[tuple[bytes, tuple[int, ...]], ...] = ()


def read_call(value: Any) -> Call:
    """A call object; prices are taken no notice of, since a try costs nothing."""
    asked = read_object(value, "transaction")
    payload = read_data(asked.get("input") or asked.get("data") or "0x", "data")
    if asked.get("input") and asked.get("data") and asked["input"] != asked["data"]:
        raise invalid_params('both "data" and "input" are set and not equal')
    return Call(
        sender=read_address(asked["from"], "from") if asked.get("from") else bytes(20),
        to=read_address(asked["to"], "to") if asked.get("to") else b"",
        value=read_quantity(asked.get("value") or 0, "value"),
        data=payload,
        gas=min(read_quantity(asked.get("gas") or GAS_LIMIT, "gas"), GAS_LIMIT),
        access_list=read_access_list(asked.get("accessList") or []),
    )


def read_access_list(value: Any) -> tuple[tuple[bytes, tuple[int, ...]], ...]:
    """An EIP-2930 access list."""
    if not isinstance(value, list):
        raise invalid_params("accessList: a list is expected")
    entries = [read_object(entry, "accessList") for entry in value]
    return tuple(
        (
            read_address(entry.get("address"), "accessList"),
            tuple(
                int.from_bytes(read_data(key, "storageKeys", 32), "big")
                for key in entry.get("storageKeys") or []
            ),
        )
        for entry in entries
    )


def run_call(chain: Chain, call: Call, header: Any) -> bytes:
    """What a call returns in a block's context; RpcError where it fails."""
    computation = _try(chain, call, header)
    if computation.is_error:
        raise failure_of(computation)
    return bytes(computation.output)


def estimate_gas(chain: Chain, call: Call, header: Any) -> int:
    """The gas that a transaction needs, at most 1.5 % too much; RpcError where none suffices."""
    if not call.data and call.to and not chain.state(header).get_code(call.to):
        run_call(chain, replace(call, gas=TRANSFER_GAS), header)
        return TRANSFER_GAS
    computation = _try(chain, call, header)
    if computation.is_error:
        if isinstance(computation.error, OutOfGas):
            raise rejected(f"gas required exceeds allowance ({call.gas})")
        raise failure_of(computation)
    used = call.gas - computation.get_gas_remaining()
    low, high = used - 1, call.gas  # too little, enough
    # What was used, the refund that came only afterwards, and the 1/64 that a call holds back.
    guess = (used + computation.get_gas_refund() + CALL_STIPEND) * 64 // 63
    while high * 1_000 > low * (1_000 + ESTIMATE_TOLERANCE_PERMILLE) and low + 1 < high:
        middle = guess if low < guess < high else (low + high) // 2
        guess = 0
        if _try(chain, replace(call, gas=middle), header).is_error:
            low = middle
        else:
            high = middle
    return high


def failure_of(computation: Any) -> RpcError:
    """The error of a failed computation, as geth words it."""
    if isinstance(computation.error, Revert):
        output = bytes(computation.output)
        reason = revert_reason(output)
        message = f"execution reverted: {reason}" if reason else "execution reverted"
        return RpcError(REVERTED, message, "0x" + output.hex())
    if isinstance(computation.error, OutOfGas):
        return rejected("out of gas")
    return rejected(f"execution failed: {type(computation.error).__name__}")


def revert_reason(output: bytes) -> str | None:
    """The words in a revert's data, where it has any."""
    try:
        if output[:4] == _ERROR:
            return str(decode(["string"], output[4:])[0])
        if output[:4] == _PANIC:
            code = int(decode(["uint256"], output[4:])[0])
            return _PANICS.get(code, f"unknown panic code: {code:#x}")
    except (DecodingError, UnicodeDecodeError):
        pass
    return None


def _try(chain: Chain, call: Call, header: Any) -> Any:
    state = chain.scratch_state(header)
    if state.get_balance(call.sender) < call.value:
        raise rejected(
            f"insufficient funds for gas * price + value: address 0x{call.sender.hex()} "
            f"have {state.get_balance(call.sender)} want {call.value}"
        )
    unsigned = chain.transaction_builder.new_unsigned_dynamic_fee_transaction(
        chain_id=CHAIN_ID,
        nonce=state.get_nonce(call.sender),
        max_priority_fee_per_gas=0,
        max_fee_per_gas=0,
        gas=call.gas,
        to=call.to,
        value=call.value,
        data=call.data,
        access_list=call.access_list,
    )
    needed = unsigned.intrinsic_gas
    if call.gas < needed:
        raise rejected(f"intrinsic gas too low: have {call.gas}, want {needed}")
    try:
        return state.apply_transaction(SpoofTransaction(unsigned, from_=call.sender))
    except ValidationError as error:
        raise rejected(str(error)) from error
