"""Fetches blocks with their logs, whole and verified, as one branch.

Invariant: what comes out is a chain by parent hashes, each block with all logs of the contracts,
as far as its header can tell. What can't be brought to that raises ProviderError and is asked
again later; nothing half is ever returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from indexer.chain.bloom import LogCheck
from indexer.chain.node import BATCH_CALLS, Node
from indexer.chain.ranges import RangeSize
from indexer.chain.types import Block, RawLog
from indexer.errors import ASK_FOR_LESS, BadAnswer

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class BlockLogs:
    """A block and the contracts' logs in it, in order."""

    block: Block
    logs: Sequence[RawLog]


class Fetcher:
    """Fetches by ranges far from the head, and by block hashes near it. Thread-safe."""

    def __init__(self, node: Node, check: LogCheck, max_range: int) -> None:
        self._node = node
        self._check = check
        self.range = RangeSize(max_range)

    def fetch_range(self, first: int, last: int) -> list[BlockLogs]:
        """The blocks of a range, both ends included, in as many questions as the node wants."""
        found: list[BlockLogs] = []
        while first <= last:
            until = min(last, first + self._most_blocks() - 1)
            part = self._fetch_at_once(first, until)
            if part is not None:
                _must_follow(found, part)
                found += part
                first = until + 1
        return found

    def fetch_by_hash(self, base: Block, last: int) -> list[BlockLogs]:
        """The blocks after `base` up to `last`, their logs asked for by hash."""
        return self.with_logs(self._branch(base.number + 1, last, base))

    def with_logs(self, blocks: Sequence[Block]) -> list[BlockLogs]:
        """Blocks that were fetched already, with their logs."""
        return self._verified(blocks, self._node.logs_of(blocks))

    def _fetch_at_once(self, first: int, last: int) -> list[BlockLogs] | None:
        """None where the node wants a smaller range, which is then known."""
        if self._node.proves:  # by receipts, which are asked for by hash anyway
            return self.with_logs(self._branch(first, last))
        try:
            logs = self._node.logs_between(first, last)
        except ASK_FOR_LESS as error:
            if first == last:
                return self.with_logs(self._branch(first, last))
            self.range.refused(last - first + 1, error)
            return None
        blocks = self._branch(first, last)
        self.range.answered(last - first + 1, len(logs))
        by_hash: dict[str, list[RawLog]] = {block.hash: [] for block in blocks}
        for entry in logs:
            if entry.block_hash not in by_hash:
                raise BadAnswer(f"a log of block {entry.block_hash}, which isn't in the range")
            by_hash[entry.block_hash].append(entry)
        return self._verified(blocks, list(by_hash.values()))

    def _most_blocks(self) -> int:
        return BATCH_CALLS if self._node.proves else self.range.blocks

    def _branch(self, first: int, last: int, base: Block | None = None) -> list[Block]:
        blocks = self._node.blocks(range(first, last + 1))
        parent = base
        for block in blocks:
            if parent is not None and block.parent_hash != parent.hash:
                raise BadAnswer(f"block {block.number} doesn't follow block {parent.hash}")
            parent = block
        return blocks

    def _verified(
        self, blocks: Sequence[Block], logs: Sequence[Sequence[RawLog]]
    ) -> list[BlockLogs]:
        found = [BlockLogs(block, of) for block, of in zip(blocks, logs, strict=True)]
        doubtful = self._doubtful(found)
        if doubtful:
            # By hash first: a range may have been answered by a node that lags.
            again = self._node.logs_of([one.block for one in doubtful])
            asked_again = [
                BlockLogs(one.block, of) for one, of in zip(doubtful, again, strict=True)
            ]
            settled = {one.block.hash: one for one in asked_again}
            for one in self._doubtful(asked_again):
                settled[one.block.hash] = self._proven(one)
            found = [settled.get(one.block.hash, one) for one in found]
        return found

    def _doubtful(self, found: Sequence[BlockLogs]) -> list[BlockLogs]:
        """Those that may lack a log; raises BadAnswer for a log that can't be."""
        for one in found:
            self._check.check(one.block, one.logs)
        if self._node.proves:
            return []
        return [one for one in found if self._check.seems_incomplete(one.block, one.logs)]

    def _proven(self, given: BlockLogs) -> BlockLogs:
        block = given.block
        proven = self._check.proven(block, self._node.all_logs_by_receipts(block))
        if len(proven) != len(given.logs):
            log.warning(
                "logs_withheld", block=block.number, given=len(given.logs), proven=len(proven)
            )
        return BlockLogs(block, proven)


def _must_follow(before: Sequence[BlockLogs], after: Sequence[BlockLogs]) -> None:
    if before and after[0].block.parent_hash != before[-1].block.hash:
        raise BadAnswer(f"block {after[0].block.number} doesn't follow {before[-1].block.hash}")
