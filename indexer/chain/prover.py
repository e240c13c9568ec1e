"""A node whose every header is recomputed, and whose logs come from receipts that were.

In place of `Node` where the settings say `receipts`: eth_getLogs isn't asked at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

from indexer.chain.node import BATCH_CALLS, Node
from indexer.chain.parse import parse_logs
from indexer.chain.pool import Pool
from indexer.chain.proof import check_header, check_receipts
from indexer.chain.types import Block, RawLog
from indexer.errors import NotVerifiable, UnknownEncoding

RECEIPTS_AT_ONCE = 1_000  # about 2 MB of JSON in one answer


class ProvingNode(Node):
    """Answers what the hashes of its blocks prove; all else raises BadAnswer."""

    proves = True

    def __init__(self, pool: Pool, addresses: Sequence[str]) -> None:
        super().__init__(pool, addresses)
        # How often in a row a check met what Ethereum doesn't have: of headers, since the head is
        # asked for first and may be another one each time; of receipts a block, since it stays.
        self._unknown: Counter[str] = Counter()

    def logs_of(self, blocks: Sequence[Block]) -> list[list[RawLog]]:
        """The contracts' logs of each block, out of its proven receipts."""
        found = {
            block.hash: receipts
            for some in _posts([block for block in blocks if block.transaction_hashes])
            for block, receipts in zip(some, self._receipts_of(some), strict=True)
        }
        return [self._proven(block, found.get(block.hash, [])) for block in blocks]

    def _read_block(self, raw: object) -> Block:
        block = super()._read_block(raw)
        header = cast("dict[str, Any]", raw)
        self._held("header", lambda: check_header(header))
        return replace(block, receipts_root=header["receiptsRoot"].lower())

    def _proven(self, block: Block, receipts: Sequence[Any]) -> list[RawLog]:
        self._held(block.hash, lambda: check_receipts(block, receipts))
        ours = [
            entry
            for receipt in receipts
            for entry in receipt["logs"]
            if entry["address"].lower() in self._addresses
        ]
        return parse_logs(ours)

    def _held(self, subject: str, check: Callable[[], None]) -> None:
        """Runs a check; gives up once every node gave what Ethereum doesn't have."""
        try:
            check()
        except UnknownEncoding as error:
            self._unknown[subject] += 1
            if self._unknown[subject] > len(self.pool):
                raise NotVerifiable(
                    f"this chain can't be verified by receipts, only with DSPACE_VERIFY=bloom: "
                    f"{error}"
                ) from None
            raise
        self._unknown.pop(subject, None)


def _posts(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Splits blocks into what is asked for in one post."""
    some: list[Block] = []
    receipts = 0
    for block in blocks:
        more = len(block.transaction_hashes)
        if some and (len(some) == BATCH_CALLS or receipts + more > RECEIPTS_AT_ONCE):
            yield some
            some, receipts = [], 0
        some.append(block)
        receipts += more
    if some:
        yield some
