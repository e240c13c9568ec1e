"""What the platform asks of a network of content, and what can go wrong with it.

NetworkError
├── NotFound        nobody that was asked has it
├── Unreachable     they couldn't be asked, or answered nonsense (retryable)
├── TimedOut        the time was over first (retryable)
└── TooLarge        more was sent than was allowed
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from api.storage.unixfs.cid import Cid

Blocks = Generator[tuple[Cid, bytes], None, None]


class NetworkError(Exception):
    """The root of what fetching raises. Its text is a sentence for the owner of the pin."""


class NotFound(NetworkError):
    """Nobody that was asked has it."""


class Unreachable(NetworkError):
    """They couldn't be asked, or what they answered can't be used."""


class TimedOut(NetworkError):
    """The time was over before all of it was here."""


class TooLarge(NetworkError):
    """More was sent than was allowed."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one fetch may cost."""

    max_bytes: int  # of blocks
    max_blocks: int
    ends_at: float  # time.monotonic()

    @property
    def seconds_left(self) -> float:
        """Never below 0."""
        return max(0.0, self.ends_at - time.monotonic())

    def share(self, parts: int) -> FetchLimits:
        """The same with one part of the time that is left."""
        return replace(self, ends_at=time.monotonic() + self.seconds_left / parts)


class Network(Protocol):
    """Blocks from elsewhere."""

    def fetch(self, cid: Cid, origins: Sequence[str], limits: FetchLimits) -> Blocks:
        """The block of a CID, and as many of those below it as come along, parents first.

        Each was held against its CID. There may be others among them, and the same one twice; what
        is missing at the end is asked for by itself. `origins` are multiaddrs as a user wrote them.
        Raises NetworkError, also in the middle.
        """
