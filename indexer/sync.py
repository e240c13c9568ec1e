"""Keeps the mirror at the chain's head: one `step` compares, then moves, or waits.

Every step first asks for the node's head and compares hashes; a number alone proves nothing.
The cases, where `cursor` is the mirror's last block:

    head                        compared                         then
    -----------------------------------------------------------------------------------------
    above the cursor            node's block at the cursor is it    advance
                                it is another one                   reorg
    at the cursor               the same hash                       nothing to do
                                another hash                        reorg
    below the cursor            a block of ours                     wait: the node lags, or the
                                                                    chain was cut; after a while
                                                                    the latter is believed
                                another hash                        reorg
    below our first block                                           wait: the node is syncing

A reorg goes back to the newest common block and is refused below the last final one. The new
branch is fetched before the old one is dropped, and both happen in one transaction.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import Enum, auto

import structlog

from indexer import metrics
from indexer.ahead import ReadAhead, Stretch
from indexer.chain.fetch import BlockLogs, Fetcher
from indexer.chain.node import Node
from indexer.chain.types import Block, Head
from indexer.decode import Decoder
from indexer.errors import BadAnswer, DeepReorg, NotDeployed
from indexer.manifest import Deployment
from indexer.projections import MIRRORED_CONTRACTS
from indexer.reads.cursor import AsOf
from indexer.store import Store

FOLLOW_BLOCKS = 16  # this near to the head logs are asked for by block hash
REORG_BLOCKS = 32  # compared, and of a new branch taken, at once
BEHIND_LOG_SECONDS = 10.0

log = structlog.get_logger()


class Position(Enum):
    """Where the node's head is, seen from the cursor."""

    SAME = auto()
    EXTENDS = auto()
    FORKED = auto()
    BEHIND = auto()


class Outcome(Enum):
    """What a step came to."""

    AT_HEAD = auto()
    MOVED = auto()  # and there is more to come
    WAITING = auto()  # for the node


class Sync:
    """The indexer's one loop body; whoever runs it owns time and retries."""

    def __init__(
        self,
        deployment: Deployment,
        node: Node,
        fetcher: Fetcher,
        decoder: Decoder,
        store: Store,
        *,
        confirmations: int,
        shorter_chain_seconds: float,
    ) -> None:
        self._contracts = {name: deployment.contracts[name] for name in MIRRORED_CONTRACTS}
        self._node = node
        self._fetcher = fetcher
        self._decoder = decoder
        self._store = store
        self._ahead = ReadAhead(self._fetch_decoded, fetcher.range)
        self._confirmations = confirmations
        self._shorter_chain_seconds = shorter_chain_seconds
        self._cursor: AsOf | None = None
        self._head: tuple[str, Head] | None = None
        self._behind_since: float | None = None
        self._behind_logged_at = float("-inf")
        self._deep_reorgs = 0

    def close(self) -> None:
        """Ends the reading ahead."""
        self._ahead.close()

    def start(self) -> None:
        """Checks tables, chain and contracts; to be called before the first step of a lead."""
        self._store.check()
        self._cursor = self._store.as_of()
        self.check_chain()

    def check_chain(self) -> None:
        """Raises WrongChain or NotDeployed, or ProviderError where no node answers."""
        head = self._node.head()  # compares chain id and genesis too
        for name, contract in self._contracts.items():
            if head.number >= contract.block and not self._node.has_code(contract.address):
                raise NotDeployed(f"no code of {name} at {contract.address}")

    @property
    def cursor(self) -> AsOf | None:
        """Where the mirror stands since the last step."""
        return self._cursor

    @property
    def cursor_number(self) -> int | None:
        """The mirror's last block."""
        return self._cursor.block_number if self._cursor else None

    def step(self) -> Outcome:
        """Compares once and moves once; after a false answer another node is asked next."""
        try:
            return self._step()
        except BadAnswer as error:
            if not error.blamed:
                self._node.pool.fail_over(str(error))
            raise

    def _step(self) -> Outcome:
        head = self._node.head()
        cursor = self._cursor
        if cursor is None:
            return self._begin(head)
        position = self._compare(cursor, head)
        if position is not Position.BEHIND:
            self._behind_since = None
        if position is not Position.FORKED:
            self._deep_reorgs = 0
        if position is Position.BEHIND:
            return self._wait_for(cursor, head)
        if position is Position.FORKED:
            self._reorg(cursor, head)
        elif position is Position.EXTENDS:
            self._advance(cursor, head)
        else:
            self._note(cursor, head)
        at_head = self._cursor is not None and self._cursor.block_hash == head.hash
        return Outcome.AT_HEAD if at_head else Outcome.MOVED

    def _begin(self, head: Block) -> Outcome:
        first = min(contract.block for contract in self._contracts.values())
        base = max(0, first - 1)
        if head.number < base:
            self._log_behind(head, base)
            return Outcome.WAITING
        self._cursor = self._store.begin(self._node.block(base))
        log.info("mirror_begun", block=base)
        return Outcome.MOVED

    def _compare(self, cursor: AsOf, head: Block) -> Position:
        if head.number > cursor.block_number:
            if head.number == cursor.block_number + 1:
                theirs = head.parent_hash
            else:
                theirs = self._node.block(cursor.block_number).hash
            return Position.EXTENDS if theirs == cursor.block_hash else Position.FORKED
        if head.number == cursor.block_number:
            return Position.SAME if head.hash == cursor.block_hash else Position.FORKED
        ours = self._store.hashes(head.number, head.number).get(head.number)
        return Position.BEHIND if ours in (None, head.hash) else Position.FORKED

    def _advance(self, cursor: AsOf, head: Block) -> None:
        base = _block(cursor)
        distance = head.number - base.number
        if distance == 1:
            found = self._decode(self._fetcher.with_logs([head]))
        elif distance <= FOLLOW_BLOCKS:
            found = self._decode(self._fetcher.fetch_by_hash(base, head.number))
        else:
            found = self._ahead.take(base, head.number - FOLLOW_BLOCKS)
        self._cursor = self._store.apply(found.blocks, found.events, self._finality(head))
        log.debug("blocks_applied", to=self._cursor.block_number, events=len(found.events))

    def _note(self, cursor: AsOf, head: Block) -> None:
        known = self._finality(head)
        if (
            known.number != cursor.head_number
            or known.finalized > cursor.finalized_number
            or known.safe > cursor.safe_number
            or cursor.halted
        ):
            self._cursor = self._store.note_head(known)

    def _reorg(self, cursor: AsOf, head: Block) -> None:
        ancestor = self._common_ancestor(cursor, head)
        if ancestor is None:
            # Not even the block before the first event is left, and none of it was final.
            log.warning("reorg_of_everything", cursor=cursor.block_number)
            metrics.count_reorg(cursor.block_number - self._store.first_number() + 1)
            self._store.reset()
            self._cursor = None
            return
        last = min(head.number, ancestor.number + REORG_BLOCKS)
        found = self._decode(self._fetcher.fetch_by_hash(ancestor, last))
        self._cursor = self._store.replace(
            ancestor.number, found.blocks, found.events, self._finality(head)
        )
        log.warning(
            "reorg",
            ancestor=ancestor.number,
            dropped=cursor.block_number - ancestor.number,
            taken=len(found.blocks),
        )
        metrics.count_reorg(cursor.block_number - ancestor.number)

    def _common_ancestor(self, cursor: AsOf, head: Block) -> Block | None:
        first = self._store.first_number()
        final = min(cursor.finalized_number, cursor.block_number)
        floor = max(first, final)
        last = min(cursor.block_number, head.number)
        while last >= floor:
            numbers = range(max(floor, last - REORG_BLOCKS + 1), last + 1)
            ours = self._store.hashes(numbers[0], numbers[-1])
            for block in reversed(self._node.blocks(numbers)):
                if ours.get(block.number) == block.hash:
                    self._deep_reorgs = 0
                    return block
            last = numbers[0] - 1
        self._node.pool.recheck()  # another genesis is told apart, by the next question
        self._node.head()
        if final < first:
            return None
        self._refuse_deep(final, head)
        return None

    def _refuse_deep(self, final: int, head: Block) -> None:
        """Raises; retryable until every node says so, for one may be on a branch of its own."""
        self._deep_reorgs += 1
        message = (
            f"the chain at {head.hash} differs from the mirror at or below block {final}, which "
            "was final; nothing was changed"
        )
        if self._deep_reorgs <= len(self._node.pool):
            raise BadAnswer(message)
        message += self._way_back(final, head)
        self._store.halt(message)
        raise DeepReorg(message)

    def _way_back(self, final: int, head: Block) -> str:
        """Found by bisection: above a block that was replaced all are replaced."""
        low, high = self._store.first_number(), min(final, head.number)
        if not self._is_ours(low):
            return "; no block is common: `dspace index rebuild`"
        while low < high:
            middle = (low + high + 1) // 2
            if self._is_ours(middle):
                low = middle
            else:
                high = middle - 1
        return f"; the newest common block is {low}: `dspace index rewind --to {low}`"

    def _is_ours(self, number: int) -> bool:
        return self._store.hashes(number, number)[number] == self._node.block(number).hash

    def _wait_for(self, cursor: AsOf, head: Block) -> Outcome:
        """A head below the cursor on our branch: a node that lags, until time says otherwise."""
        now = time.monotonic()
        if self._behind_since is None:
            self._behind_since = now
        self._log_behind(head, cursor.block_number)
        if now - self._behind_since < self._shorter_chain_seconds:
            self._node.pool.fail_over("its head is below the mirror's", lags=True)
            return Outcome.WAITING
        if head.number < max(cursor.finalized_number, self._store.first_number()):
            return Outcome.WAITING  # final blocks don't vanish: it can only be behind
        if self._node.is_syncing():
            return Outcome.WAITING
        self._cursor = self._store.replace(head.number, [], [], self._finality(head))
        self._behind_since = None
        log.warning(
            "reorg", ancestor=head.number, dropped=cursor.block_number - head.number, taken=0
        )
        metrics.count_reorg(cursor.block_number - head.number)
        return Outcome.AT_HEAD

    def _log_behind(self, head: Block, wanted: int) -> None:
        now = time.monotonic()
        if now - self._behind_logged_at >= BEHIND_LOG_SECONDS:
            self._behind_logged_at = now
            log.warning("provider_behind", head=head.number, wanted=wanted)

    def _finality(self, head: Block) -> Head:
        """Asked once a head. A development chain calls its newest block final: so the minimum."""
        if self._head is None or self._head[0] != head.hash:
            finalized = head.number - self._confirmations
            tagged, safe = self._node.tagged_numbers()
            if tagged is not None:
                finalized = min(finalized, tagged)
            finalized = max(-1, finalized)
            # The tags were asked for after the head, which they may have passed meanwhile.
            safe = finalized if safe is None else max(finalized, min(safe, head.number))
            self._head = (head.hash, Head(head.number, finalized, safe))
        return self._head[1]

    def _fetch_decoded(self, first: int, last: int) -> Stretch:
        """What is read ahead; in its threads, where it is known who answered what can't be."""
        try:
            return self._decode(self._fetcher.fetch_range(first, last))
        except BadAnswer as error:
            self._node.pool.fail_over(str(error))
            error.blamed = True
            raise

    def _decode(self, found: Sequence[BlockLogs]) -> Stretch:
        events = [
            event
            for one in found
            for entry in one.logs
            for event in self._decoder.decode(one.block, entry)
        ]
        return Stretch([one.block for one in found], events)


def _block(cursor: AsOf) -> Block:
    return Block(cursor.block_number, cursor.block_hash, "", cursor.block_timestamp)
