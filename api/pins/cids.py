"""CIDs as clients write them: any base of multibase, either version; and what a foreign one is.

NoCid           not a CID at all
CidNotKept      one of a codec or a hash that the store doesn't keep; its text says which
"""

from __future__ import annotations

import multibase

from api.storage.ports import BadCid
from api.storage.unixfs.cid import Cid, parse_cid, parse_packed_cid

MAX_CID_LENGTH = 128
_CODECS = {
    0x51: "cbor",
    0x55: "raw",
    0x70: "dag-pb",
    0x71: "dag-cbor",
    0x72: "libp2p-key",
    0x78: "git-raw",
    0x85: "dag-jose",
    0x0129: "dag-json",
    0x0200: "json",
}
_HASHES = {
    0x00: "identity",
    0x11: "sha1",
    0x12: "sha2-256",
    0x13: "sha2-512",
    0x1B: "keccak-256",
    0x1E: "blake3",
    0xB220: "blake2b-256",
}
_LONGEST_VARINT = 9


class NoCid(ValueError):
    """The text is no CID."""


class CidNotKept(ValueError):
    """A CID of a kind that the store doesn't keep."""


def read_cid(text: str) -> Cid:
    """The CID of a text; raises NoCid, CidNotKept."""
    try:
        return parse_cid(text)
    except BadCid:
        pass
    packed = _packed(text)
    try:
        return parse_packed_cid(packed)
    except BadCid:
        raise CidNotKept(kind_of(packed)) from None


def kind_of(packed: bytes) -> str:
    """What a CID that isn't kept is made of; raises NoCid where it is none."""
    numbers: list[int] = []
    rest = packed
    for _ in range(4):
        number, rest = _varint(rest)
        numbers.append(number)
    version, codec, function, length = numbers
    if version != 1 or length != len(rest):
        raise NoCid
    return f"codec {_name(_CODECS, codec)}, hash {_name(_HASHES, function)}"


def _packed(text: str) -> bytes:
    if not 1 < len(text) <= MAX_CID_LENGTH or not text.isascii():
        raise NoCid
    try:
        return bytes(multibase.decode(text.encode()))
    except Exception:  # whatever its parts raise: the text is in none of the bases
        raise NoCid from None


def _varint(packed: bytes) -> tuple[int, bytes]:
    number = 0
    for index, byte in enumerate(packed[:_LONGEST_VARINT]):
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return number, packed[index + 1 :]
    raise NoCid


def _name(names: dict[int, str], code: int) -> str:
    return names.get(code, f"0x{code:x}")
