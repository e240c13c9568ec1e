"""Blocks from an HTTP trustless gateway: a DAG as a CAR where it gives CARs, else block by block.

Nothing of the gateway is believed but bytes that hash to their CID.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from urllib.parse import urlsplit

from api.storage.car import MAX_BLOCK_BYTES, MEDIA_TYPE
from api.storage.network.http import Answer, ask, car_blocks, car_bytes
from api.storage.network.ports import Blocks, FetchLimits, NotFound, Unreachable
from api.storage.unixfs.cid import RAW, Cid

RAW_MEDIA_TYPE = "application/vnd.ipld.raw"
_ABSENT = {404, 410, 451}
_NO_SUCH_FORMAT = {400, 406, 415, 501}


class Gateway:
    """One of them, by its URL."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.host = urlsplit(url).netloc.rpartition("@")[2]

    def fetch(self, cid: Cid, origins: Sequence[str], limits: FetchLimits) -> Blocks:
        """See the port."""
        del origins
        if cid.codec != RAW and (yield from self._fetch_car(cid, limits)):
            return
        yield cid, self._fetch_block(cid, limits)

    def _fetch_car(self, cid: Cid, limits: FetchLimits) -> Generator[tuple[Cid, bytes], None, bool]:
        """Returns whether the gateway gives CARs."""
        accept = f"{MEDIA_TYPE};version=1;order=dfs;dups=n"
        with ask(
            "GET",
            f"{self.url}/ipfs/{cid}",
            limits,
            max_bytes=car_bytes(limits),
            params={"format": "car"},
            headers={"Accept": accept},
        ) as answer:
            if answer.status in _NO_SUCH_FORMAT:
                return False
            self._require_found(answer, cid)
            if answer.media_type != MEDIA_TYPE:
                return False
            yield from car_blocks(answer, self.host, limits)
            return True

    def _fetch_block(self, cid: Cid, limits: FetchLimits) -> bytes:
        with ask(
            "GET",
            f"{self.url}/ipfs/{cid}",
            limits,
            max_bytes=min(limits.max_bytes, MAX_BLOCK_BYTES),
            params={"format": "raw"},
            headers={"Accept": RAW_MEDIA_TYPE},
        ) as answer:
            self._require_found(answer, cid)
            block = answer.body.read(MAX_BLOCK_BYTES + 1)
        if not cid.matches(block):
            raise Unreachable(f"{self.host} sent other bytes than those of {cid}")
        return block

    def _require_found(self, answer: Answer, cid: Cid) -> None:
        if answer.status in _ABSENT:
            raise NotFound(f"{self.host} doesn't have {cid}")
        if answer.status != 200:
            raise Unreachable(f"{self.host} answered with status {answer.status}")
