"""The contracts' view functions by their ABIs: a question to call data, an answer to values.

Values come out as the mirror keeps them: integers as int, addresses as EIP-55, bytes as 0x hex,
strings as `decode.text_of` makes them, a struct as a dict by its fields' names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import collapse_if_tuple, function_abi_to_4byte_selector
from eth_utils.address import to_checksum_address

from indexer.abi import load_abi
from indexer.decode import text_of
from indexer.errors import BadAnswer


@dataclass(frozen=True, slots=True)
class Question:
    """A view function of a contract, with its arguments; bytes and strings as bytes."""

    contract: str
    function: str
    arguments: tuple[Any, ...] = ()

    @property
    def data(self) -> str:
        """The call's data, 0x hex; EncodingError for arguments of other types."""
        function = _function(self.contract, self.function)
        return "0x" + (function.selector + encode(function.inputs, self.arguments)).hex()

    def value(self, answer: bytes) -> Any:
        """What the answer says: a value, or a list where the function returns several."""
        function = _function(self.contract, self.function)
        try:
            values = decode(function.outputs, answer)
        except DecodingError as error:
            raise BadAnswer(f"no answer of {self.contract}.{self.function}: {error}") from error
        read = [_value(entry, one) for entry, one in zip(function.entries, values, strict=True)]
        return read[0] if len(read) == 1 else read


@dataclass(frozen=True, slots=True)
class _Function:
    """A view function's shape."""

    selector: bytes
    inputs: list[str]
    outputs: list[str]
    entries: list[Mapping[str, Any]]  # of what it returns, as the ABI has them


@cache
def _function(contract: str, name: str) -> _Function:
    (abi,) = (
        entry
        for entry in load_abi(contract)
        if entry["type"] == "function" and entry["name"] == name
    )
    return _Function(
        selector=function_abi_to_4byte_selector(abi),  # type: ignore[arg-type]  # a plain dict
        inputs=_types(abi["inputs"]),
        outputs=_types(abi["outputs"]),
        entries=abi["outputs"],
    )


def _types(entries: Any) -> list[str]:
    """Strings as bytes: a contract may hold bytes that are no UTF-8."""
    return [collapse_if_tuple(entry).replace("string", "bytes") for entry in entries]


def _value(entry: Mapping[str, Any], value: Any) -> Any:
    kind: str = entry["type"]
    if kind == "tuple":
        parts = zip(entry["components"], value, strict=True)
        return {part["name"]: _value(part, one) for part, one in parts}
    if kind.endswith("]"):
        return list(value)  # of integers; the views have no other
    if kind == "string":
        return text_of(value)
    if kind.startswith("bytes"):
        return "0x" + value.hex()
    return to_checksum_address(value) if kind == "address" else value
