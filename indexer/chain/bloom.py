"""The logs bloom of a header: what a block's logs must be consistent with.

The bloom has no false negatives: a log whose address or topic isn't in it is forged. It has
false positives: what seems to be missing is proven or disproven by the receipts, whose own bloom
must be the header's to the bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from eth_utils.crypto import keccak

from indexer.chain.types import Block, RawLog
from indexer.errors import BadAnswer

BLOOM_BITS = 2_048


@lru_cache(maxsize=8_192)
def bloom_mask(value: str) -> int:
    """The three bits of an address or topic (0x hex)."""
    digest = keccak(bytes.fromhex(value[2:]))
    mask = 0
    for at in (0, 2, 4):
        mask |= 1 << (int.from_bytes(digest[at : at + 2], "big") % BLOOM_BITS)
    return mask


def bloom_of(logs: Iterable[RawLog]) -> int:
    """The bloom of a block that holds these logs and no others."""
    bloom = 0
    for entry in logs:
        bloom |= bloom_mask(entry.address)
        for topic in entry.topics:
            bloom |= bloom_mask(topic)
    return bloom


class LogCheck:
    """Holds a block's logs against its header, for a fixed set of contracts."""

    def __init__(self, topics_of: Mapping[str, Iterable[str]]) -> None:
        """`topics_of` gives each contract's (lower case) known first topics."""
        self._topics_of = {address: tuple(topics) for address, topics in topics_of.items()}

    def check(self, block: Block, logs: Sequence[RawLog]) -> None:
        """Raises BadAnswer for a log that can't be in the block, or isn't where it should be."""
        last_index = -1
        seen: set[str] = set()
        for entry in logs:
            if entry.block_hash != block.hash or entry.block_number != block.number:
                raise BadAnswer(f"a log of another block {entry.block_hash} in {block.number}")
            if entry.address not in self._topics_of:
                raise BadAnswer(f"a log of {entry.address}, which nobody asked for")
            if entry.log_index <= last_index:
                raise BadAnswer(f"a log twice or out of order in block {block.number}")
            last_index = entry.log_index
            seen.add(entry.address)
            seen.update(entry.topics[:1])
        for value in seen:
            if not _may_hold(block, value):
                raise BadAnswer(f"a log that the header of block {block.number} rules out")

    def seems_incomplete(self, block: Block, logs: Sequence[RawLog]) -> bool:
        """Whether the header speaks of an event of a contract that no log accounts for.

        Where these logs alone make the header's bloom there is nothing left that it speaks of.
        """
        addresses = {entry.address for entry in logs}
        topics = {entry.topics[0] for entry in logs if entry.topics}
        seems = any(
            _may_hold(block, address)
            and any(
                (address not in addresses or topic not in topics) and _may_hold(block, topic)
                for topic in known
            )
            for address, known in self._topics_of.items()
        )
        return seems and bloom_of(logs) != block.logs_bloom

    def proven(self, block: Block, all_logs: Sequence[RawLog]) -> list[RawLog]:
        """The contracts' logs out of all logs of a block, once those make its very bloom."""
        if bloom_of(all_logs) != block.logs_bloom:
            raise BadAnswer(f"the receipts of block {block.number} don't make its bloom")
        logs = [entry for entry in all_logs if entry.address in self._topics_of]
        self.check(block, logs)
        return logs


def _may_hold(block: Block, value: str) -> bool:
    mask = bloom_mask(value)
    return block.logs_bloom & mask == mask
