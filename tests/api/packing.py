"""Folders as blocks and as CARs, for what is uploaded that way."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

from api.storage.car import write_car
from api.storage.nowhere import Nowhere
from api.storage.unixfs import Cid, DirectoryBuilder, import_file, parse_cid


class Collected(Nowhere):
    """Keeps the blocks that an import puts."""

    def __init__(self) -> None:
        self.blocks: dict[str, bytes] = {}

    def put(self, cid: str, data: bytes, *, verified: bool = False) -> None:
        self.blocks[cid] = data


def packed(files: dict[str, bytes]) -> tuple[Cid, dict[str, bytes]]:
    """A folder's root and all of its blocks."""
    kept = Collected()
    builder = DirectoryBuilder()
    for name, data in files.items():
        builder.add_file(name.split("/"), import_file(BytesIO(data), kept))
    return builder.build(kept).cid, kept.blocks


def car(roots: Iterable[Cid], blocks: dict[str, bytes]) -> bytes:
    return b"".join(write_car(roots, ((parse_cid(cid), data) for cid, data in blocks.items())))
