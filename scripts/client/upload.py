"""Sends the blocks that the server lacks, as CARs, and goes on where a cut one ended.

Invariant: a block is read from its file when it is sent, and sent only if it still is the block of
its CID. What the server has said to have is not sent again, also after a cut.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial

from api.storage.car import MEDIA_TYPE, encode_header
from api.storage.unixfs.cid import pack_cid, parse_cid
from api.storage.unixfs.varint import varint
from scripts.client.connection import Connection, retrying
from scripts.client.errors import Refused
from scripts.client.hashing import LocalBlocks

ASKED_AT_ONCE = 4_096  # CIDs; what the route takes
CAR_BYTES = 64 * 2**20  # the server flushes more often; a cut costs little
CAR_BLOCKS = 20_000
_PIECE_BYTES = 256 * 1024  # small blocks travel together
_CID_BYTES = 36

Say = Callable[[str], None]


@dataclass(slots=True)
class Sent:
    """What an upload came to."""

    blocks: int = 0
    bytes: int = 0
    skipped_blocks: int = 0
    skipped_bytes: int = 0
    cars: int = 0


class Upload:
    """Of one folder's blocks."""

    def __init__(
        self,
        connection: Connection,
        blocks: LocalBlocks,
        told: Callable[[int], None] = lambda _: None,
        say: Say = lambda _: None,
    ) -> None:
        self.connection = connection
        self.blocks = blocks
        self.told = told
        self.say = say
        self.sent = Sent()

    def missing(self) -> list[str]:
        """What the server lacks, in the order of the files."""
        cids = list(self.blocks)
        lacking: list[str] = []
        for at in range(0, len(cids), ASKED_AT_ONCE):
            some = cids[at : at + ASKED_AT_ONCE]
            lacking += retrying(partial(self._ask, some), self.say)
        self.sent.skipped_blocks = len(cids) - len(lacking)
        self.sent.skipped_bytes = self._size(cids) - self._size(lacking)
        return lacking

    def send(self, lacking: list[str]) -> Sent:
        """All of them; raises ClientError."""
        try:
            for batch in self._batches(lacking):
                self._send_batch(batch)
        finally:
            self.blocks.close()
        return self.sent

    def _send_batch(self, batch: list[str]) -> None:
        left = batch
        cut = False

        def attempt() -> None:
            nonlocal left, cut
            if cut:
                still = self._ask(left)
                self._arrived(set(left) - set(still))
                left = still
            cut = True
            if left:
                self._send_car(left)

        try:
            retrying(attempt, self.say)
        except Refused as refused:
            if refused.slug != "payload-too-large" or len(left) < 2:
                raise
            half = len(left) // 2  # this server takes smaller ones only
            self._send_batch(left[:half])
            self._send_batch(left[half:])

    def _send_car(self, cids: list[str]) -> None:
        body = CarBody(self.blocks, cids, self.told)
        try:
            headers = {"Content-Type": MEDIA_TYPE}
            self.connection.ask("POST", "/v1/blocks", data=body, headers=headers)
        finally:
            self.told(-body.told_bytes)
        self._arrived(cids)
        self.sent.cars += 1

    def _arrived(self, cids: Collection[str]) -> None:
        size = self._size(cids)
        self.sent.blocks += len(cids)
        self.sent.bytes += size
        self.told(size)

    def _ask(self, cids: list[str]) -> list[str]:
        answer = self.connection.post("/v1/blocks/missing", {"cids": cids})
        asked = set(cids)
        return [cid for cid in answer["missing"] if cid in asked]

    def _batches(self, cids: list[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        size = 0
        for cid in cids:
            more = self.blocks.size_of(cid)
            if batch and (size + more > CAR_BYTES or len(batch) == CAR_BLOCKS):
                yield batch
                batch, size = [], 0
            batch.append(cid)
            size += more
        if batch:
            yield batch

    def _size(self, cids: Collection[str]) -> int:
        return sum(map(self.blocks.size_of, cids))


class CarBody:
    """A CAR of known length that is made while it is sent."""

    def __init__(
        self, blocks: LocalBlocks, cids: list[str], told: Callable[[int], None] = lambda _: None
    ) -> None:
        self.blocks = blocks
        self.cids = cids
        self.told = told
        self.told_bytes = 0
        header = encode_header([])
        self.header = varint(len(header)) + header

    def __len__(self) -> int:
        size = len(self.header)
        for cid in self.cids:
            length = _CID_BYTES + self.blocks.size_of(cid)
            size += len(varint(length)) + length
        return size

    def __iter__(self) -> Iterator[bytes]:
        parts = [self.header]
        size = 0
        for cid in self.cids:
            block = self.blocks.get(cid)
            parts += [varint(_CID_BYTES + len(block)), pack_cid(parse_cid(cid), 1), block]
            size += len(block)
            if size >= _PIECE_BYTES:
                yield b"".join(parts)
                self._tell(size)
                parts, size = [], 0
        yield b"".join(parts)
        self._tell(size)

    def _tell(self, size: int) -> None:
        self.told_bytes += size
        self.told(size)
