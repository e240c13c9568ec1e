"""CIDs of the two codecs that UnixFS is made of, hashed by sha2-256.

Inside the platform a CID is its text as version 1 in base32, lower case: one block, one name.
Version 0 (`Qm…`) is understood where it comes from outside, and written where a profile asks for
it. Refuses other codecs, hashes and bases.
"""

from __future__ import annotations

from base64 import b32decode, b32encode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from api.storage.ports import BadCid, BlockCorrupt
from api.storage.unixfs.varint import read_varint

RAW = 0x55
DAG_PB = 0x70
DIGEST_BYTES = 32
_SHA2_256 = b"\x12\x20"  # multihash: the function's code and the digest's length
_BASE32_LENGTH = 59  # `b` and 36 bytes in base32
_BASE58_LENGTH = 46
_LONGEST = 200  # letters of a CID of any kind
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Cid:
    """The parts of a CID."""

    codec: int  # RAW or DAG_PB
    digest: bytes  # 32 bytes

    def __str__(self) -> str:
        return encode_cid(self.codec, self.digest)

    @property
    def text_v0(self) -> str:
        """As version 0; only dag-pb has one."""
        return _base58(_SHA2_256 + self.digest)

    def matches(self, data: bytes) -> bool:
        """Whether these are the bytes that it names."""
        return sha256(data).digest() == self.digest


def encode_cid(codec: int, digest: bytes) -> str:
    """The text of a CID."""
    packed = b"\x01" + bytes((codec,)) + _SHA2_256 + digest
    return "b" + b32encode(packed).decode().rstrip("=").lower()


@lru_cache(maxsize=16_384)
def parse_cid(text: str) -> Cid:
    """Reads a CID of version 1 in base32 (either case) or of version 0; raises BadCid."""
    if len(text) == _BASE58_LENGTH and text.startswith("Qm"):
        return _parse_bytes(_base58_bytes(text))
    if len(text) == _BASE32_LENGTH and text[0] in "bB":
        try:
            packed = b32decode(text[1:].upper() + "======")
        except ValueError:
            raise BadCid(f"{text[:80]} is no CID") from None
        cid = parse_packed_cid(packed)
        if str(cid) != text.lower():  # the last letter has bits to spare
            raise BadCid(f"{text[:80]} is no CID")
        return cid
    raise BadCid(f"{text[:80]} is no CID that this store keeps")


def is_other_cid(text: str) -> bool:
    """Whether a text that `parse_cid` refused is a CID all the same: of another codec or hash.

    Of version 1 in base32, as all are written today.
    """
    if not 8 <= len(text) <= _LONGEST or text[0] not in "bB":
        return False
    try:
        packed = b32decode(text[1:].upper() + "=" * (-(len(text) - 1) % 8))
        version, at = read_varint(packed, 0)
        _codec, at = read_varint(packed, at)
        _hash, at = read_varint(packed, at)
        length, at = read_varint(packed, at)
    except (ValueError, BlockCorrupt):
        return False
    return version == 1 and len(packed) == at + length


def parse_packed_cid(packed: bytes) -> Cid:
    """Reads a CID of either version as links hold it; raises BadCid."""
    if len(packed) == 4 + DIGEST_BYTES and packed[0] == 1 and packed[2:4] == _SHA2_256:
        if packed[1] in (RAW, DAG_PB):
            return Cid(packed[1], packed[4:])
    elif len(packed) == 2 + DIGEST_BYTES and packed[:2] == _SHA2_256:
        return Cid(DAG_PB, packed[2:])
    raise BadCid("a link is no CID that this store keeps")


def pack_cid(cid: Cid, version: int) -> bytes:
    """A CID as links hold it; version 0 has no codec, so a raw one is always version 1."""
    if version == 0 and cid.codec == DAG_PB:
        return _SHA2_256 + cid.digest
    return b"\x01" + bytes((cid.codec,)) + _SHA2_256 + cid.digest


def _parse_bytes(packed: bytes) -> Cid:
    if len(packed) != 2 + DIGEST_BYTES:
        raise BadCid("a CID of version 0 is 34 bytes long")
    return parse_packed_cid(packed)


def _base58(packed: bytes) -> str:
    number, text = int.from_bytes(packed), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return text  # a multihash never starts with a zero byte


def _base58_bytes(text: str) -> bytes:
    number = 0
    for letter in text:
        digit = _BASE58.find(letter)
        if digit < 0:
            raise BadCid(f"{text} is no CID")
        number = number * 58 + digit
    return number.to_bytes((number.bit_length() + 7) // 8)
