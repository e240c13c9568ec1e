"""Which blocks a caller needn't send, and a CAR of the others straight into the store.

Invariant: what either answer tells of survives a crash, and counts as put now: the collector leaves
it alone for a day, which is the time there is to deploy or hold it. Blocks that nobody holds by
then are garbage. So nothing here needs a row, and an upload that was cut goes on where it was.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from types import TracebackType
from typing import BinaryIO, Self

from api.mirror import STATE_NAMES, MirrorView
from api.problems import FieldError, Problem, invalid
from api.storage.car import read_car
from api.storage.ports import BadCid, BlockStore, CarRejected, StoreFull
from api.storage.unixfs import Cid, parse_cid
from indexer import reads
from indexer.rules import ServiceState

GROUP_BYTES = 8 * 2**20  # a cut costs the sender at most two groups again
GROUP_BLOCKS = 1_000
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
        with _Keeping(store) as keeping:
            for cid, block in read_car(stream).blocks:
                count, size = count + 1, size + len(block)
                if size > room_bytes:
                    raise Problem("allowance-exceeded", f"Only {room_bytes} bytes are left.")
                if size > max_bytes or count > MAX_BLOCKS:
                    raise Problem(
                        "payload-too-large",
                        f"A CAR has at most {max_bytes} bytes and {MAX_BLOCKS} blocks.",
                    )
                digest.update(cid.digest)
                keeping.add(cid, block)
    except CarRejected as rejected:
        raise Problem("car-rejected", f"{rejected}.", entry=rejected.entry) from None
    except StoreFull:
        raise Problem("storage-full") from None
    return Taken(count, size, digest.hexdigest())


class _Keeping:
    """Puts groups of blocks in a thread: one is made durable while the next one comes in."""

    def __init__(self, store: BlockStore) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1)
        self._group: list[tuple[Cid, bytes]] = []
        self._size = 0
        self._at_work: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._thread:
            if kind is None or issubclass(kind, CarRejected):
                self._hand_over()
                self._wait()

    def add(self, cid: Cid, block: bytes) -> None:
        """A block that has the bytes of its CID."""
        self._group.append((cid, block))
        self._size += len(block)
        if self._size >= GROUP_BYTES or len(self._group) == GROUP_BLOCKS:
            self._hand_over()

    def _hand_over(self) -> None:
        self._wait()  # so that no more than two groups are in memory
        self._at_work = self._thread.submit(_keep, self._store, self._group)
        self._group, self._size = [], 0

    def _wait(self) -> None:
        if self._at_work is not None:
            self._at_work.result()


def _keep(store: BlockStore, group: list[tuple[Cid, bytes]]) -> None:
    try:
        for cid, block in group:
            store.put(str(cid), block, verified=True)
        store.flush()
    except BaseException:
        store.discard()
        raise


def _cid(text: str, index: int) -> str:
    try:
        return str(parse_cid(text))
    except BadCid:
        raise invalid(FieldError(f"cids.{index}", "is no CID that the store could hold")) from None
