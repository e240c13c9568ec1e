"""How many blocks to ask for at once: learnt from what the nodes gave and refused. Thread-safe."""

from __future__ import annotations

from threading import Lock

from indexer.errors import ProviderError, RangeTooLarge

# In one answer: a node gives 1,000 and 10,000 logs at the same rate, and what is read ahead
# takes its memory.
TARGET_LOGS = 5_000
FIRST_BLOCKS = 50
GROW_AGAIN_ANSWERS = 20  # after a refusal the size that was refused is tried again


class RangeSize:
    """A number of blocks between 1 and a maximum."""

    def __init__(self, max_blocks: int) -> None:
        self._max = max_blocks
        self._limit = max_blocks  # what the node was seen to take
        self._answers = 0  # since the limit was learnt
        self._blocks = min(FIRST_BLOCKS, max_blocks)
        self._lock = Lock()

    @property
    def blocks(self) -> int:
        """What to ask for next."""
        return self._blocks

    def answered(self, blocks: int, logs: int) -> None:
        """Doubles towards the target, and comes down to it at once."""
        with self._lock:
            self._answers += 1
            if self._answers >= GROW_AGAIN_ANSWERS and self._limit < self._max:
                self._limit = min(self._max, self._limit * 2)
                self._answers = 0
            wanted = TARGET_LOGS * blocks // logs if logs else self._max
            self._blocks = max(1, min(self._limit, max(self._blocks, blocks) * 2, wanted))

    def refused(self, blocks: int, error: ProviderError) -> None:
        """Halves, or takes what the node names where that is less than it refused."""
        with self._lock:
            hint = error.max_blocks if isinstance(error, RangeTooLarge) else None
            fewer = hint if hint is not None and 0 < hint < blocks else blocks // 2
            self._limit = max(1, min(self._limit, fewer))
            self._answers = 0
            self._blocks = min(self._blocks, self._limit)
