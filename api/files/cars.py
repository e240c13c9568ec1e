"""A CAR from outside as a root that may stand in a tree.

Blocks that the CAR leaves out count as there only where the account itself holds them already:
whoever knows a CID can't have what is another's by linking to it.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import BinaryIO

from flask import current_app

from api.db import begin, db
from api.files import repository
from api.files.paths import LIMITS
from api.holds.models import HoldKind
from api.settings import ApiSettings
from api.storage.car import read_car
from api.storage.ports import BadCid, BlockCorrupt, BlockMissing, BlockStore, CarRejected
from api.storage.unixfs import Cid
from api.storage.unixfs.check import check_dag
from api.storage.unixfs.cid import RAW
from api.storage.unixfs.edit import Placed
from api.storage.unixfs.walk import links_of

_BLOCKS_A_FILE = 4  # that a CAR may have for each file that an archive may have


def import_checked(stream: BinaryIO, store: BlockStore, address: str) -> Placed:
    """Puts a CAR's blocks, without a flush, and gives its root; raises CarRejected, StoreFull."""
    reader = read_car(stream)
    if len(reader.roots) != 1:
        raise CarRejected(f"it has {len(reader.roots)} roots; one is needed")
    settings: ApiSettings = current_app.config["DSPACE"]
    most = settings.max_archive_files * _BLOCKS_A_FILE
    lengths: dict[Cid, int] = {}
    wanted: set[Cid] = {reader.roots[0]}
    for cid, block in reader.blocks:
        store.put(str(cid), block, verified=True)
        lengths[cid] = len(block)
        if len(lengths) > most:
            raise CarRejected(f"more than {most:,} blocks")
        wanted.update(_links(cid, block))
    held = _held(address, [str(cid) for cid in wanted if cid not in lengths])
    raw_sizes = {cid: length for cid, length in lengths.items() if cid.codec == RAW}
    return check_dag(_reading(store, lengths.keys(), held), reader.roots[0], LIMITS, raw_sizes)


def check_held(store: BlockStore, root: Cid) -> Placed:
    """A root that the account holds, which somebody else may have built; raises CarRejected."""
    return check_dag(lambda cid: store.get(str(cid)), root, LIMITS)


def _held(address: str, cids: list[str]) -> set[str]:
    begin(writes=False)
    try:
        return repository.held_by(address, cids, list(HoldKind))
    finally:
        db.session.rollback()


def _reading(store: BlockStore, given: Container[Cid], held: set[str]) -> Callable[[Cid], bytes]:
    """Reads what was given, and what is held with all that lies below it; nothing else."""
    allowed = set(held)

    def read(cid: Cid) -> bytes:
        text = str(cid)
        if cid in given:
            return store.get(text)
        if text not in allowed:
            raise BlockMissing(text)
        block = store.get(text)
        allowed.update(str(child) for child in _links(cid, block))
        return block

    return read


def _links(cid: Cid, block: bytes) -> list[Cid]:
    try:
        return links_of(cid, block)
    except (BlockCorrupt, BadCid) as error:
        raise CarRejected(str(error), str(cid)) from None
