"""Takes a CAR in: the blocks of a pin, brought by its owner.

Invariant: all of it is kept or nothing is. Each block is held against its CID, and belongs to the
pin's DAG as far as that is known here: nobody fills the store with what no pin leads to. No
transaction is open while the body comes in.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from io import BufferedReader
from typing import Any, NoReturn, cast

from flask import current_app, request

from api.db import begin, db
from api.holds.service import read_allowance, storage_service
from api.http.access import current_caller
from api.mirror import open_mirror
from api.pins.gather import LinkNotKept, children_of
from api.pins.service import get_pin
from api.problems import Problem
from api.settings import ApiSettings
from api.storage.car import MEDIA_TYPE, CarReader, read_car
from api.storage.ports import BlockCorrupt, BlockMissing, BlockStore, CarRejected, StoreFull
from api.storage.unixfs.cid import DAG_PB, Cid, pack_cid, parse_cid

MAX_CAR_BLOCKS = 500_000


@dataclass(frozen=True, slots=True)
class IncomingCar:
    """A CAR whose blocks are in the store."""

    root: Cid
    fingerprint: str

    def discard(self) -> None:
        """Nothing of it lies outside the store, where the collector finds what nobody holds."""


def receive_new() -> IncomingCar:
    """The CAR of a pin that will be made of it: its one root is what is pinned."""
    room, _ = _look(None)
    reader = _open()
    if len(reader.roots) != 1:
        _refuse(f"it has {len(reader.roots)} roots; a pin has one")
    return _import(reader, reader.roots[0], room)


def receive_for(requestid: str) -> IncomingCar:
    """A CAR with blocks of a pin."""
    room, root = _look(requestid)
    assert root is not None  # noqa: S101  # it was asked for
    return _import(_open(), root, room)


def _look(requestid: str | None) -> tuple[int, Cid | None]:
    """The bytes of room that are left, and the pin's root; refuses before anything is brought."""
    address = current_caller().address
    begin(writes=False)
    try:
        mirror = open_mirror()
        storage_service(mirror, address)
        allowance = read_allowance(mirror, address)
        root = None
        if requestid is not None:
            root = parse_cid(get_pin(mirror, address, requestid).root)
    finally:
        db.session.rollback()
    return allowance.allowed_bytes - allowance.used_bytes, root


def _open() -> CarReader:
    settings: ApiSettings = current_app.config["DSPACE"]
    if request.mimetype != MEDIA_TYPE:
        raise Problem("unsupported-media-type", f"Send the CAR as {MEDIA_TYPE}.")
    request.max_content_length = settings.max_upload_bytes
    try:
        return read_car(BufferedReader(cast("Any", request.stream), 1 << 18))
    except CarRejected as rejected:
        _refuse(rejected.reason)


def _import(reader: CarReader, root: Cid, room: int) -> IncomingCar:
    store: BlockStore = current_app.extensions["dspace_store"]
    try:
        brought, fingerprint = _put_all(reader, store, room)
        _require_below(root, brought, store)
        store.flush()
    except CarRejected as rejected:
        store.discard()
        _refuse(rejected.reason, rejected.entry)
    except StoreFull:
        raise Problem("storage-full") from None
    except BaseException:
        store.discard()
        raise
    return IncomingCar(root, fingerprint)


def _put_all(reader: CarReader, store: BlockStore, room: int) -> tuple[set[bytes], str]:
    """The packed CIDs of the CAR, and a digest of them in their order."""
    brought: set[bytes] = set()
    digest = sha256()
    size = 0
    for cid, block in reader.blocks:
        packed = pack_cid(cid, 1)
        digest.update(packed)
        if packed in brought:
            continue
        size += len(block)
        if size > room:
            raise Problem(
                "allowance-exceeded",
                f"The CAR has more than the {max(0, room)} bytes that the allowance has left.",
                headers={"Connection": "close"},
            )
        brought.add(packed)
        if len(brought) > MAX_CAR_BLOCKS:
            raise CarRejected(f"it has more than {MAX_CAR_BLOCKS:,} blocks")
        store.put(str(cid), block, verified=True)
    return brought, digest.hexdigest()


def _require_below(root: Cid, brought: set[bytes], store: BlockStore) -> None:
    """Raises CarRejected for a block that nothing from the root leads to."""
    strange = set(brought)
    known: set[bytes] = set()
    pending = [root]
    while pending and strange:
        cid = pending.pop()
        packed = pack_cid(cid, 1)
        strange.discard(packed)
        if cid.codec != DAG_PB or packed in known:
            continue
        known.add(packed)
        try:
            pending.extend(reversed(children_of(cid, store.get(str(cid)))))
        except BlockMissing:
            continue  # the pin's job looks for it
        except LinkNotKept as link:
            raise CarRejected(str(link)) from None
        except BlockCorrupt:
            raise CarRejected("it is no dag-pb", str(cid)) from None
    if strange:
        _refuse(f"{len(strange)} of its blocks are not below the root {root}")


def _refuse(reason: str, entry: str | None = None) -> NoReturn:
    """What is left of the body isn't read: the connection can't be used again."""
    told = f"{entry}: {reason}." if entry else f"{reason[:1].upper()}{reason[1:]}."
    raise Problem("car-rejected", told, headers={"Connection": "close"}, entry=entry)
