"""What comes from the command line, as the contracts take it."""

from __future__ import annotations

import re
from typing import Any

import click
from eth_utils.address import is_hex_address, to_checksum_address
from eth_utils.crypto import keccak

NANO_DECIMALS, ETHER_DECIMALS = 9, 18
MOST_DIGITS = 30  # before the point: no amount is that large


class _Address(click.ParamType):
    """An address, EIP-55."""

    name = "address"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        if not is_hex_address(value):
            self.fail(f"{value!r} is no address", param, ctx)
        return to_checksum_address(value)


class _Credits(click.ParamType):
    """Credits as a decimal, to nano credit."""

    name = "credits"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        try:
            return units_of(value, NANO_DECIMALS)
        except ValueError:
            self.fail(f"{value!r} is no number of credits of at most 9 decimals", param, ctx)


class _Bytes32(click.ParamType):
    """32 bytes as 0x hex."""

    name = "bytes32"

    def convert(self, value: Any, param: Any, ctx: Any) -> bytes:
        if isinstance(value, bytes):
            return value
        if not re.fullmatch("0x[0-9a-fA-F]{64}", value):
            self.fail(f"{value!r} is no 32 bytes as 0x hex", param, ctx)
        return bytes.fromhex(value[2:])


class _Reference(_Bytes32):
    """32 bytes as 0x hex; any other text by its keccak256.

    Hex of another length is refused: it is a reference that lost or gained a digit.
    """

    name = "reference"

    def convert(self, value: Any, param: Any, ctx: Any) -> bytes:
        if isinstance(value, bytes) or value.startswith("0x"):
            return super().convert(value, param, ctx)
        if not value:
            self.fail("a reference can't be empty", param, ctx)
        return bytes(keccak(text=value))


ADDRESS, CREDITS, BYTES32, REFERENCE = _Address(), _Credits(), _Bytes32(), _Reference()


def units_of(text: str, decimals: int) -> int:
    """A decimal to base units, exactly; raises ValueError for anything else, signs included."""
    if not re.fullmatch(rf"[0-9]{{1,{MOST_DIGITS}}}(\.[0-9]{{1,{decimals}}})?", text):
        raise ValueError(text)
    whole, _, rest = text.partition(".")
    return int(whole + rest.ljust(decimals, "0"))


def units_text(units: int, decimals: int, unit: str) -> str:
    """Base units as people write them."""
    whole, rest = divmod(abs(units), 10**decimals)
    part = f"{rest:0{decimals}d}".rstrip("0")
    return f"{'-' if units < 0 else ''}{whole:,}{'.' + part if part else ''} {unit}"


def credits_text(nano: int) -> str:
    """nano credit as people write it."""
    return units_text(nano, NANO_DECIMALS, "credits")


def ether_text(wei: int) -> str:
    """wei as people write it."""
    return units_text(wei, ETHER_DECIMALS, "ether")
