"""The shapes that every capability shares: amounts, times, addresses, pages, `as_of`."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any

from eth_utils.address import (
    is_checksum_address,
    is_checksum_formatted_address,
    is_hex_address,
    to_checksum_address,
)
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from api.problems import FieldError, invalid

MAX_PAGE = 100
MAX_UINT256 = 2**256 - 1


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC, e.g. 2026-01-31T12:00:00Z; fractions only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_address(value: str) -> str:
    """EIP-55; ValueError where it is none or its checksum is wrong."""
    if not value.startswith("0x") or not is_hex_address(value):
        raise ValueError("must be an address: 0x and 40 hex digits")
    if is_checksum_formatted_address(value) and not is_checksum_address(value):
        raise ValueError("the address has a wrong checksum")
    return str(to_checksum_address(value))


def from_unix(seconds: int) -> datetime:
    """An aware datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def _text_of_integer(value: Any) -> Any:
    return str(value) if type(value) is int else value


def _number(value: str) -> str:
    if int(value) > MAX_UINT256:
        raise ValueError("is larger than a uint256")
    return value


Amount = Annotated[
    str,
    BeforeValidator(_text_of_integer),
    Field(pattern=r"^-?[0-9]+$", examples=["2000"], description="A decimal string in base units."),
]
Number = Annotated[
    str,
    BeforeValidator(_text_of_integer),
    Field(pattern=r"^(0|[1-9][0-9]{0,77})$", description="An on-chain number; a JSON integer too."),
    AfterValidator(_number),
]
Address = Annotated[
    str,
    AfterValidator(parse_address),
    Field(description="EIP-55.", examples=["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"]),
]
Moment = Annotated[
    datetime, PlainSerializer(rfc3339, return_type=str), Field(description="RFC 3339, UTC.")
]


class Model(BaseModel):
    """The base of what goes out."""

    model_config = ConfigDict(frozen=True)


class Input(BaseModel):
    """The base of what comes in; a member that nobody knows is an error, not a silent loss."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AsOf(Model):
    """The block that mirrored state is true at."""

    block_number: int
    block_hash: str
    finalized: bool
    lag_seconds: int


class PageQuery(BaseModel):
    """Where a list goes on."""

    cursor: str | None = Field(None, max_length=200, description="`next_cursor` of the page before")
    limit: int = Field(50, ge=1, le=MAX_PAGE)


def encode_cursor(*parts: object) -> str:
    """An opaque cursor."""
    text = ".".join(str(part) for part in parts)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[str]:
    """The parts of a cursor; raises a Problem of 422 for one that was not given out here."""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(".")
    except (binascii.Error, ValueError):
        raise bad_cursor() from None


def bad_cursor() -> Exception:
    """For a cursor whose parts make no sense."""
    return invalid(FieldError("cursor", "is none that a page gave"))
