"""The UnixFS message inside a dag-pb node: what kind of thing it is, and how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from api.storage.ports import BlockCorrupt
from api.storage.unixfs.varint import BYTES, VARINT, read_fields, varint

MURMUR3_X64_64 = 0x22
FANOUT = 256


class Kind(IntEnum):
    """The types of UnixFS nodes."""

    RAW = 0
    DIRECTORY = 1
    FILE = 2
    METADATA = 3
    SYMLINK = 4
    SHARD = 5


@dataclass(frozen=True, slots=True)
class Data:
    """A UnixFS message; mode and modification time are read over, since no profile has them."""

    kind: Kind
    data: bytes = b""
    size_bytes: int | None = None  # of the content below
    block_sizes: tuple[int, ...] = ()  # of the content below each link
    hash_type: int | None = None
    fanout: int | None = None


def encode_data(message: Data) -> bytes:
    """The message's bytes."""
    out = [b"\x08", varint(message.kind)]
    if message.data:
        out += [b"\x12", varint(len(message.data)), message.data]
    if message.size_bytes is not None:
        out += [b"\x18", varint(message.size_bytes)]
    for size in message.block_sizes:
        out += [b"\x20", varint(size)]
    if message.hash_type is not None:
        out += [b"\x28", varint(message.hash_type)]
    if message.fanout is not None:
        out += [b"\x30", varint(message.fanout)]
    return b"".join(out)


def decode_data(packed: bytes) -> Data:
    """Reads a message; raises BlockCorrupt."""
    numbers: dict[int, int] = {}
    block_sizes: list[int] = []
    data = b""
    for number, kind, value in read_fields(packed):
        if number == 2 and isinstance(value, bytes):
            data = value
        elif number == 4 and isinstance(value, int):
            block_sizes.append(value)
        elif kind == VARINT and isinstance(value, int):
            numbers[number] = value
        elif kind != BYTES or number != 8:
            raise BlockCorrupt("a UnixFS message has a field that it can't have")
    try:
        kind_of = Kind(numbers[1])
    except (KeyError, ValueError):
        raise BlockCorrupt("a UnixFS message is of no known type") from None
    return Data(
        kind=kind_of,
        data=data,
        size_bytes=numbers.get(3),
        block_sizes=tuple(block_sizes),
        hash_type=numbers.get(5),
        fanout=numbers.get(6),
    )
