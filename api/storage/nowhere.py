"""A store that keeps nothing: for a CID, or for a look at what an import would do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from api.storage.ports import BlockMissing


class Nowhere:
    """Takes every block and holds none."""

    def put(self, cid: str, data: bytes, *, verified: bool = False) -> None:
        """Lets the block go."""

    def flush(self) -> None:
        """There is nothing to keep."""

    def touch(self, cids: Iterable[str]) -> set[str]:
        """None of them is here."""
        del cids
        return set()

    def discard(self) -> None:
        """There is nothing to forget."""

    def get(self, cid: str) -> bytes:
        """Never there."""
        raise BlockMissing(cid)

    def has(self, cid: str) -> bool:
        """Never there."""
        del cid
        return False

    def path(self, cid: str) -> Path | None:
        """Never there."""

    def cids(self) -> Iterator[str]:
        """None."""
        return iter(())

    def remove_older(self, cids: Sequence[str], put_before: float) -> int:
        """None."""
        del cids, put_before
        return 0
