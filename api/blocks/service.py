"""Which blocks a caller needn't send, and a CAR of the others straight into the store.

Invariant: what either answer tells of survives a crash, and counts as put now: the collector leaves
it alone for a day, which is the time there is to deploy or hold it. Blocks that nobody holds by
then are garbage. So nothing here needs a row, and an upload that was cut goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from api.mirror import STATE_NAMES, MirrorView
from api.problems import FieldError, Problem, invalid
from api.storage.car import read_car
from api.storage.ports import BadCid, BlockStore, CarRejected, StoreFull
from api.storage.unixfs import parse_cid
from indexer import reads
from indexer.rules import ServiceState

FLUSHED_BYTES = 16 * 2**20  # a cut costs the sender at most so much again
FLUSHED_BLOCKS = 1_000
MAX_BLOCKS = 100_000  # of one CAR


@dataclass(frozen=True, slots=True)
class Taken:
    """What a CAR brought; nothing of it has to be given up, since nobody holds it yet."""

    blocks: int
    bytes: int
    fingerprint: str  # of the CIDs in their order: the bytes are theirs

    def discard(self) -> None:
        """There is nothing outside of the store."""


def require_some_service(mirror: MirrorView, address: str) -> None:
    """Raises a Problem of 402 where the account has no active service, whichever its plan."""
    views = reads.read_service_view(mirror.connection, owner=address)
    if not any(mirror.state_of(view) == STATE_NAMES[ServiceState.ACTIVE] for view in views):
        raise Problem(
            "service-not-active",
            "The account has no active service.",
            as_of=mirror.as_of.model_dump(),
        )


def list_missing(store: BlockStore, texts: list[str]) -> list[str]:
    """Those that the store lacks; the others count as put now. Raises a Problem of 422."""
    asked: dict[str, str] = {}
    for index, text in enumerate(texts):
        asked.setdefault(_cid(text, index), text)
    try:
        here = store.touch(asked)
        store.flush()
    except StoreFull:
        raise Problem("storage-full") from None
    return [text for cid, text in asked.items() if cid not in here]


def take_car(store: BlockStore, stream: BinaryIO, max_bytes: int, room_bytes: int) -> Taken:
    """Puts every block of a CAR as it comes in, durable when this returns.

    What came whole before a fault stays, as every other block that nobody holds. Raises a Problem
    of 402, 413, 422 or 507.
    """
    digest = sha256()
    count = size = 0
    try:
        for cid, block in read_car(stream).blocks:
            count, size = count + 1, size + len(block)
            if size > room_bytes:
                raise Problem("allowance-exceeded", f"Only {room_bytes} bytes are left.")
            if size > max_bytes or count > MAX_BLOCKS:
                raise Problem(
                    "payload-too-large",
                    f"A CAR has at most {max_bytes} bytes and {MAX_BLOCKS} blocks; send several.",
                )
            digest.update(cid.digest)
            store.put(str(cid), block, verified=True)
            if size // FLUSHED_BYTES != (size - len(block)) // FLUSHED_BYTES or (
                count % FLUSHED_BLOCKS == 0
            ):
                store.flush()
        store.flush()
    except CarRejected as rejected:
        store.flush()
        raise Problem("car-rejected", f"{rejected}.", entry=rejected.entry) from None
    except StoreFull:
        raise Problem("storage-full") from None
    except BaseException:
        store.discard()
        raise
    return Taken(count, size, digest.hexdigest())


def _cid(text: str, index: int) -> str:
    try:
        return str(parse_cid(text))
    except BadCid:
        raise invalid(FieldError(f"cids.{index}", "is no CID that the store could hold")) from None
