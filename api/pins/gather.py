"""Brings a DAG into the store whole: what is here is looked at, what is missing is fetched.

Invariant: a block is fetched only where the store lacks it and a parent names it, so nothing
foreign is taken in, and what an interrupted try brought is not fetched again. Every block that is
looked at counts as put now, and so is safe from the collector for a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from api.pins.cids import NoCid, kind_of
from api.storage.network import FetchLimits, Network, NetworkError, NotFound, TooLarge
from api.storage.ports import BadCid, BlockMissing, BlockStore
from api.storage.unixfs.cid import DAG_PB, Cid, pack_cid, parse_packed_cid
from api.storage.unixfs.dagpb import decode_node

_UNFLUSHED_BLOCKS = 1_024
_UNFLUSHED_BYTES = 32 * 2**20


class LinkNotKept(Exception):
    """A link leads to what the store doesn't keep; the text says where and to what."""


@dataclass(slots=True)
class Gathering:
    """One try to have the whole of a DAG."""

    store: BlockStore
    network: Network
    origins: Sequence[str]
    limits: FetchLimits
    fetched_blocks: int = 0
    size_bytes: int = 0
    _seen_blocks: int = 0
    _unflushed_blocks: int = 0
    _unflushed_bytes: int = 0

    def gather(self, root: Cid) -> int:
        """The DAG's bytes, each block once.

        Raises NetworkError, LinkNotKept, BlockCorrupt (no dag-pb), StoreFull. What a network error
        cuts off stays for the next try.
        """
        try:
            try:
                self._walk(root)
            except NetworkError:
                self.store.flush()
                raise
            self.store.flush()
        except BaseException:
            self.store.discard()
            raise
        return self.size_bytes

    def _walk(self, root: Cid) -> None:
        known: set[bytes] = set()
        pending = [root]
        while pending:
            cid = pending.pop()
            packed = pack_cid(cid, 1)
            if packed in known:
                continue
            known.add(packed)
            block = self._have(cid)
            self._count(block)
            self._keep(cid, block)
            pending.extend(reversed(children_of(cid, block)))

    def _have(self, cid: Cid) -> bytes:
        try:
            return self.store.get(str(cid))
        except BlockMissing:
            self._fetch(cid)
        try:
            return self.store.get(str(cid))
        except BlockMissing:
            raise NotFound(f"nobody sent block {cid}") from None

    def _fetch(self, cid: Cid) -> None:
        """The block, and what comes along of the DAG below it."""
        wanted = {cid}
        fetched_bytes = 0
        left = replace(self.limits, max_bytes=self.limits.max_bytes - self.size_bytes)
        with closing(self.network.fetch(cid, self.origins, left)) as blocks:
            for got, block in blocks:
                if got not in wanted:
                    continue
                wanted.discard(got)
                fetched_bytes += len(block)
                if fetched_bytes > left.max_bytes:
                    raise TooLarge("it is larger than is allowed")
                self._keep(got, block)
                self.fetched_blocks += 1
                below = children_of(got, block)
                wanted.update(child for child in below if not self.store.has(str(child)))
                if not wanted:
                    return

    def _count(self, block: bytes) -> None:
        self.size_bytes += len(block)
        self._seen_blocks += 1
        if self.size_bytes > self.limits.max_bytes or self._seen_blocks > self.limits.max_blocks:
            raise TooLarge("it is larger than is allowed")

    def _keep(self, cid: Cid, block: bytes) -> None:
        self.store.put(str(cid), block, verified=True)
        self._unflushed_blocks += 1
        self._unflushed_bytes += len(block)
        if self._unflushed_blocks >= _UNFLUSHED_BLOCKS or self._unflushed_bytes >= _UNFLUSHED_BYTES:
            self.store.flush()
            self._unflushed_blocks = self._unflushed_bytes = 0


def children_of(cid: Cid, block: bytes) -> list[Cid]:
    """Where a block leads; raises LinkNotKept, BlockCorrupt."""
    if cid.codec != DAG_PB:
        return []
    return [_target(cid, link.cid) for link in decode_node(block).links]


def _target(parent: Cid, packed: bytes) -> Cid:
    try:
        return parse_packed_cid(packed)
    except BadCid:
        pass
    try:
        kind = kind_of(packed)
    except NoCid:
        kind = "no CID"
    raise LinkNotKept(f"block {parent} links to what is not supported here: {kind}")
