"""What the platform asks of a content-addressed store, and what can go wrong with one.

StorageError
├── BadCid              what was given isn't a CID of a kind that is kept here
├── BlockMissing        the store doesn't hold this CID
├── BlockCorrupt        what it holds isn't what the CID says
├── StoreFull           no space left; nothing half-written stays (retryable)
├── NotAFile / NotADirectory / EntryMissing     while walking a path
├── PathClash / ShardTooDeep                    while building a directory
├── ArchiveRejected     an upload that can't be unpacked; names the entry
└── CarRejected         a CAR that can't be read or lies; names the block
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol


class StorageError(Exception):
    """The root of what storage raises."""


class BadCid(StorageError):
    """Not a CID of a kind that is kept here: version 0 or 1, raw or dag-pb, sha2-256."""


class BlockMissing(StorageError):
    """The store doesn't hold this CID."""


class BlockCorrupt(StorageError):
    """What the store holds isn't what the CID says."""


class StoreFull(StorageError):
    """No space left; retryable."""


class NotAFile(StorageError):
    """The path leads to a directory."""


class NotADirectory(StorageError):
    """The path goes on behind a file."""


class EntryMissing(StorageError):
    """The directory has no such entry."""


class PathClash(StorageError):
    """Two entries have the same path, or one is a file and the other lies below it."""


class ShardTooDeep(StorageError):
    """Names in a big directory that collide in the whole of their hash; never by accident."""


class ArchiveRejected(StorageError):
    """An upload that can't be unpacked safely.

    `entry` is the name of the member at fault (None: the archive as a whole), `reason` a sentence.
    """

    def __init__(self, reason: str, entry: str | None = None) -> None:
        super().__init__(f"{entry}: {reason}" if entry else reason)
        self.reason = reason
        self.entry = entry


class CarRejected(StorageError):
    """A CAR that is malformed, or whose blocks aren't those of their CIDs.

    `entry` is the block at fault (None: the CAR as a whole), `reason` a sentence.
    """

    def __init__(self, reason: str, entry: str | None = None) -> None:
        super().__init__(f"{entry}: {reason}" if entry else reason)
        self.reason = reason
        self.entry = entry


class BlockStore(Protocol):
    """Blocks by CID (text form, CIDv1 base32 lower case). Every method may raise StorageError."""

    def put(self, cid: str, data: bytes, *, verified: bool = False) -> None:
        """Keeps a block. It may be buffered until `flush`, seen by the putting thread alone.

        Raises BlockCorrupt where the bytes aren't the CID's; `verified` says that the caller has
        just computed the CID from these very bytes. StoreFull drops what this thread has put since
        its last flush, as `discard` does.
        """

    def flush(self) -> None:
        """Returns once every block that this thread put survives a crash of the machine."""

    def touch(self, cids: Iterable[str]) -> set[str]:
        """Which of the blocks are here; each of these counts as put now, as `put` would make it.

        What it tells of survives a crash of the machine once `flush` has returned.
        """

    def discard(self) -> None:
        """Forgets what this thread has put since its last flush, for an import that failed."""

    def get(self, cid: str) -> bytes:
        """A whole block; BlockMissing where there is none."""

    def has(self, cid: str) -> bool:
        """Whether the block is here."""

    def path(self, cid: str) -> Path | None:
        """The file that holds exactly this block's bytes, where the store has one."""

    def cids(self) -> Iterator[str]:
        """Every block's CID."""

    def remove_older(self, cids: Sequence[str], put_before: float) -> int:
        """Removes those of the blocks that nobody put since a unix second; how many that were.

        A put of a block that is there counts, so nobody who has just put one loses it.
        """
