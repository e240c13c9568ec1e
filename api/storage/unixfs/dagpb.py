"""dag-pb, the node of links and data, to the byte.

The canonical form is a rule of the codec: links before data, fields in one order, nothing unknown;
so a node has one encoding, and another encoding of it is refused. (No library on PyPI is both
kept and exact here.)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from api.storage.ports import BlockCorrupt
from api.storage.unixfs.varint import BYTES, VARINT, read_fields, varint

_LINK, _DATA = 2, 1  # fields of a node; the links come first all the same
_HASH, _NAME, _TSIZE = 1, 2, 3  # fields of a link


@dataclass(frozen=True, slots=True)
class Link:
    """An edge: the packed CID, the name as UTF-8, and the bytes of the whole DAG below."""

    cid: bytes
    name: bytes
    tsize: int


@dataclass(frozen=True, slots=True)
class PbNode:
    """A node; its links stand in the order of the block."""

    links: tuple[Link, ...]
    data: bytes


def encode_link(link: Link) -> bytes:
    """A link as it stands in a node, with its field's head."""
    body = b"".join(
        (
            b"\x0a",
            varint(len(link.cid)),
            link.cid,
            b"\x12",
            varint(len(link.name)),
            link.name,
            b"\x18",
            varint(link.tsize),
        )
    )
    return b"\x12" + varint(len(body)) + body


def encode_node(links: Iterable[Link], data: bytes) -> bytes:
    """A node's block. Links that have names must come sorted by them."""
    return b"".join((*map(encode_link, links), b"\x0a", varint(len(data)), data))


def decode_node(block: bytes) -> PbNode:
    """Reads a block; raises BlockCorrupt."""
    links: list[Link] = []
    data: bytes | None = None
    for number, kind, value in read_fields(block):
        if kind == BYTES and isinstance(value, bytes) and data is None:
            if number == _LINK:
                links.append(_decode_link(value))
                continue
            if number == _DATA:
                data = value
                continue
        raise BlockCorrupt("a dag-pb node isn't in canonical form")
    return PbNode(tuple(links), data or b"")


def _decode_link(body: bytes) -> Link:
    cid, name, tsize = b"", b"", 0
    last = 0
    for number, kind, value in read_fields(body):
        if number <= last:
            raise BlockCorrupt("a dag-pb link isn't in canonical form")
        last = number
        if number == _HASH and isinstance(value, bytes):
            cid = value
        elif number == _NAME and isinstance(value, bytes):
            name = value
        elif number == _TSIZE and kind == VARINT and isinstance(value, int):
            tsize = value
        else:
            raise BlockCorrupt("a dag-pb link has a field that it can't have")
    if not cid:
        raise BlockCorrupt("a dag-pb link leads nowhere")
    return Link(cid, name, tsize)
