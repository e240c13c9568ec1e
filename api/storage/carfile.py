"""A CAR on disk as a store to read from, so that a DAG can be looked at before it is kept.

Invariant: every block in the index was read once and has the bytes of its CID; memory is one small
record a block, never the blocks. What the CAR lacks may lie in a store behind it. Refuses puts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NoReturn

from api.storage.car import read_car
from api.storage.ports import BlockMissing, BlockStore, CarRejected
from api.storage.unixfs.cid import Cid, parse_cid


class CarFile:
    """The blocks of a CAR, by CID; the file must stay as it is for as long as this is used."""

    def __init__(
        self, file: BinaryIO, max_blocks: int | None = None, behind: BlockStore | None = None
    ) -> None:
        """Reads all of it; raises CarRejected, also where it has more blocks than that."""
        self._file = file
        self._behind = behind
        self._places: dict[bytes, tuple[int, int]] = {}  # by digest: where, and how many bytes
        self.block_bytes = 0
        self.taken: set[str] = set()  # blocks that were read from the store behind
        reader = read_car(file)
        self.roots: tuple[Cid, ...] = reader.roots
        for number, (cid, block) in enumerate(reader.blocks, 1):
            if max_blocks is not None and number > max_blocks:
                raise CarRejected(f"it has more than {max_blocks:,} blocks")
            self._places[cid.digest] = (file.tell() - len(block), len(block))
            self.block_bytes += len(block)

    def __len__(self) -> int:
        return len(self._places)

    def get(self, cid: str) -> bytes:
        """See the port."""
        place = self._places.get(parse_cid(cid).digest)
        if place is not None:
            self._file.seek(place[0])
            return self._file.read(place[1])
        if self._behind is None:
            raise BlockMissing(cid)
        block = self._behind.get(cid)
        self.taken.add(cid)
        return block

    def has(self, cid: str) -> bool:
        """See the port."""
        if parse_cid(cid).digest in self._places:
            return True
        return self._behind is not None and self._behind.has(cid)

    def path(self, cid: str) -> Path | None:
        """No file holds a block alone."""

    def cids(self) -> Iterator[str]:
        """Not told: a digest doesn't say which codec it was named by."""
        self._refuse()

    def put(self, cid: str, data: bytes, *, verified: bool = False) -> None:
        """Refused."""
        del cid, data, verified
        self._refuse()

    def touch(self, cids: Iterable[str]) -> set[str]:
        """Which are here."""
        return {cid for cid in cids if self.has(cid)}

    def flush(self) -> None:
        """There is nothing to keep."""

    def discard(self) -> None:
        """There is nothing to forget."""

    def remove_older(self, cids: Sequence[str], put_before: float) -> int:
        """Refused."""
        del cids, put_before
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise TypeError("a CAR is only read by CID")
