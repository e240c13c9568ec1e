"""Takes blocks in by themselves. What no deployment then refers to is the collector's, after a day.

Whoever has an active service may send blocks, no more at once than the allowance has room for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, cast

from flask import current_app, request

from api.blocks.schemas import CidsRequest, Missing
from api.db import begin, db
from api.holds.service import read_allowance
from api.http.access import current_caller
from api.mirror import STATE_NAMES, MirrorView, open_mirror
from api.problems import FieldError, Problem, invalid
from api.settings import ApiSettings
from api.storage.car import MEDIA_TYPE, read_car
from api.storage.ports import BadCid, BlockStore, CarRejected, StoreFull
from api.storage.unixfs import Cid, parse_cid
from indexer import reads
from indexer.rules import ServiceState


@dataclass(frozen=True, slots=True)
class ReceivedBlocks:
    """Durable already."""

    blocks: int
    size_bytes: int
    roots: tuple[Cid, ...]

    @property
    def fingerprint(self) -> str:
        """The same for the same CAR, as good as surely."""
        return f"{self.roots} {self.blocks} {self.size_bytes}"

    def discard(self) -> None:
        """Blocks that nothing refers to are the collector's."""


def find_missing(body: CidsRequest) -> Missing:
    """Those that aren't here; those that are count as put now. Raises a Problem of 402, 422."""
    require_active_service(open_mirror(), current_caller().address)
    store: BlockStore = current_app.extensions["dspace_store"]
    try:
        cids = [str(parse_cid(cid)) for cid in body.cids]
    except BadCid as error:
        raise invalid(FieldError("cids", str(error))) from None
    return Missing(missing=store.claim(cids))


def receive_blocks() -> ReceivedBlocks:
    """Puts every block of a CAR; raises a Problem of 402, 413, 415, 422, 507."""
    if request.mimetype != MEDIA_TYPE:
        raise Problem("unsupported-media-type", f"Send a CAR as {MEDIA_TYPE}.")
    room_bytes = _ask_first()
    settings: ApiSettings = current_app.config["DSPACE"]
    request.max_content_length = settings.max_upload_bytes
    store: BlockStore = current_app.extensions["dspace_store"]
    count = total = 0
    try:
        car = read_car(cast("BinaryIO", request.stream))
        for cid, block in car.blocks:
            count, total = count + 1, total + len(block)
            if total > room_bytes:
                raise Problem("allowance-exceeded")
            store.put(str(cid), block, verified=True)
        store.flush()
    except CarRejected as rejected:
        store.discard()
        raise Problem("car-rejected", f"{rejected}.", entry=rejected.entry) from None
    except StoreFull:
        raise Problem("storage-full") from None
    except BaseException:
        store.discard()
        raise
    return ReceivedBlocks(count, total, car.roots)


def require_active_service(mirror: MirrorView, address: str) -> None:
    """Raises a Problem of 402 where no service of the account is active."""
    active = STATE_NAMES[ServiceState.ACTIVE]
    views = reads.read_service_view(mirror.connection, owner=address)
    if not any(mirror.state_of(view) == active for view in views):
        raise Problem(
            "service-not-active",
            "No service of the account is active.",
            as_of=mirror.as_of.model_dump(),
        )


def _ask_first() -> int:
    """How many bytes there is room for."""
    begin(writes=False)
    try:
        mirror = open_mirror()
        address = current_caller().address
        require_active_service(mirror, address)
        allowance = read_allowance(mirror, address)
        return max(0, allowance.allowed_bytes - allowance.used_bytes)
    finally:
        db.session.rollback()
