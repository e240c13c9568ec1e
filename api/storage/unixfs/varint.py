"""The two field kinds of protobuf that dag-pb and UnixFS use. Refuses every other kind."""

from __future__ import annotations

from collections.abc import Iterator

from api.storage.ports import BlockCorrupt

VARINT = 0
BYTES = 2
_LONGEST_VARINT = 10


def varint(number: int) -> bytes:
    """An unsigned varint."""
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """A number and where it ends; raises BlockCorrupt."""
    number = 0
    for index in range(_LONGEST_VARINT):
        if at + index >= len(data):
            break
        byte = data[at + index]
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return number, at + index + 1
    raise BlockCorrupt("a number is cut off")


def read_fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """The fields of a message: number, kind, value."""
    at = 0
    while at < len(data):
        head, at = read_varint(data, at)
        number, kind = head >> 3, head & 7
        value, at = read_varint(data, at)
        if kind == VARINT:
            yield number, kind, value
        elif kind == BYTES:
            if at + value > len(data):
                raise BlockCorrupt("a field is cut off")
            yield number, kind, data[at : at + value]
            at += value
        else:
            raise BlockCorrupt(f"a field is of kind {kind}")
