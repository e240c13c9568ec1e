"""What a node says, checked and in plain records: a block is a record, a log is raw."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

GENESIS_PARENT = "0x" + "0" * 64


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header. Hashes are 0x and 64 lower-case hex digits."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int  # unix seconds
    logs_bloom: int = 0  # 2048 bits
    transaction_hashes: tuple[str, ...] = field(default=(), repr=False)
    receipts_root: str = ""  # only of a header that was proven


class RawLog(NamedTuple):  # a tuple is made three times as fast as a frozen dataclass
    """A log as the node gives it. Everything hexadecimal is lower case with 0x."""

    address: str
    topics: tuple[str, ...]
    data: str
    block_number: int
    block_hash: str
    transaction_hash: str
    log_index: int


@dataclass(frozen=True, slots=True)
class Head:
    """How far the chain goes, and how far of it can't be undone."""

    number: int
    finalized: int  # -1 before the first
    safe: int = -1  # as the node says, where it says so
