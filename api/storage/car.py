"""CAR version 1: many blocks in one stream, each named by its CID (the IPLD "CARv1" specification).

    header   varint length, DAG-CBOR {"roots": [CID, …], "version": 1}
    block    varint length, CID, bytes                                       … to the end

Invariant: a block that comes out of `read_car` has the bytes of its CID. Both directions stream;
memory is bounded by one block. (Of the libraries, `ipld-car` reads 4 MB a second and checks
nothing, and libipld refuses dag-pb; the header's DAG-CBOR is cbor2's.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

import cbor2

from api.storage.ports import BadCid, BlockStore, CarRejected
from api.storage.unixfs.cid import Cid, pack_cid, parse_packed_cid
from api.storage.unixfs.varint import varint

MEDIA_TYPE = "application/vnd.ipld.car"
MAX_BLOCK_BYTES = 2 * 2**20  # the largest block that IPFS implementations pass on
_MAX_HEADER_BYTES = 64 * 1024
_CID_TAG = 42
_CID_BYTES = {0x12: 34, 0x01: 36}  # by the first byte: version 0, version 1
_LONGEST_VARINT = 5


@dataclass(frozen=True, slots=True)
class CarReader:
    """A CAR whose header was read."""

    roots: tuple[Cid, ...]
    blocks: Iterator[tuple[Cid, bytes]]  # raises CarRejected


def read_car(stream: BinaryIO) -> CarReader:
    """Reads the header, and the blocks as they are asked for; raises CarRejected."""
    length = _read_length(stream)
    if length is None or not 0 < length <= _MAX_HEADER_BYTES:
        raise CarRejected("the header is missing or too long")
    return CarReader(_decode_header(_read_exactly(stream, length)), _read_blocks(stream))


def write_car(roots: Iterable[Cid], blocks: Iterable[tuple[Cid, bytes]]) -> Iterator[bytes]:
    """The CAR's bytes, piece by piece; what the blocks raise ends it short."""
    header = encode_header(roots)
    yield varint(len(header)) + header
    for cid, block in blocks:
        packed = pack_cid(cid, 1)
        yield varint(len(packed) + len(block)) + packed
        yield block


def import_car(stream: BinaryIO, store: BlockStore) -> CarReader:
    """Puts every block of a CAR, without a flush; the reader that is left has no blocks.

    Raises CarRejected, StoreFull.
    """
    reader = read_car(stream)
    for cid, block in reader.blocks:
        store.put(str(cid), block, verified=True)
    return reader


def encode_header(roots: Iterable[Cid]) -> bytes:
    """The header's DAG-CBOR, its keys in canonical order."""
    links = [cbor2.CBORTag(_CID_TAG, b"\0" + pack_cid(cid, 1)) for cid in roots]
    return cbor2.dumps({"roots": links, "version": 1})


def _decode_header(packed: bytes) -> tuple[Cid, ...]:
    try:
        stream = BytesIO(packed)
        header: Any = cbor2.CBORDecoder(stream).decode()
    except (cbor2.CBORDecodeError, RecursionError, ValueError, MemoryError):
        raise CarRejected("the header is no DAG-CBOR") from None
    if stream.read(1) or not isinstance(header, dict):
        raise CarRejected("the header is no map")
    if header.get("version") != 1:
        raise CarRejected("its version is not 1")
    roots = header.get("roots")
    if not isinstance(roots, list):
        raise CarRejected("the header names no roots")
    return tuple(map(_root, roots))


def _root(value: Any) -> Cid:
    if (
        isinstance(value, cbor2.CBORTag)
        and value.tag == _CID_TAG
        and isinstance(value.value, bytes)
        and value.value[:1] == b"\0"
    ):
        try:
            return parse_packed_cid(value.value[1:])
        except BadCid:
            raise CarRejected("a root is of a kind that is not kept here") from None
    raise CarRejected("a root is no CID")


def _read_blocks(stream: BinaryIO) -> Iterator[tuple[Cid, bytes]]:
    number = 0
    while (length := _read_length(stream)) is not None:
        number += 1
        if not 0 < length <= MAX_BLOCK_BYTES + max(_CID_BYTES.values()):
            raise CarRejected(f"longer than {MAX_BLOCK_BYTES:,} bytes", f"block {number}")
        yield _split_block(_read_exactly(stream, length), number)


def _split_block(packed: bytes, number: int) -> tuple[Cid, bytes]:
    ends = _CID_BYTES.get(packed[0], 0)
    try:
        cid = parse_packed_cid(packed[:ends])
    except BadCid:
        raise CarRejected("its CID is of a kind that is not kept here", f"block {number}") from None
    block = packed[ends:]
    if not cid.matches(block):
        raise CarRejected("its bytes are not those of its CID", str(cid))
    return cid, block


def _read_length(stream: BinaryIO) -> int | None:
    """None at the end of the stream."""
    number = 0
    for index in range(_LONGEST_VARINT):
        byte = stream.read(1)
        if not byte:
            if index == 0:
                return None
            break
        number |= (byte[0] & 0x7F) << (7 * index)
        if byte[0] < 0x80:
            return number
    raise CarRejected("a length is cut off")


def _read_exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    while len(data) < length:
        more = stream.read(length - len(data))
        if not more:
            raise CarRejected("it is cut off")
        data += more
    return data
