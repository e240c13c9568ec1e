"""The CID profiles of IPIP-499: everything that decides which blocks a file or folder becomes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ShardingSize(StrEnum):
    """How the size of a directory is measured that decides whether it is sharded."""

    LINKS = "links-bytes"  # names and CIDs
    BLOCK = "block-bytes"  # the whole block as it would be written


@dataclass(frozen=True, slots=True)
class Profile:
    """The parameters of one profile."""

    name: str
    cid_version: int
    raw_leaves: bool
    chunk_bytes: int
    width: int  # links of a file's node
    sharding_size: ShardingSize
    sharded_above_bytes: int


UNIXFS_V1_2025 = Profile(
    name="unixfs-v1-2025",
    cid_version=1,
    raw_leaves=True,
    chunk_bytes=2**20,
    width=1_024,
    sharding_size=ShardingSize.BLOCK,
    sharded_above_bytes=2**18,
)

UNIXFS_V0_2015 = Profile(
    name="unixfs-v0-2015",
    cid_version=0,
    raw_leaves=False,
    chunk_bytes=2**18,
    width=174,
    sharding_size=ShardingSize.LINKS,
    sharded_above_bytes=2**18,
)
