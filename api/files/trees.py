"""Reads an account's tree at one of its versions. Its DAGs are whole, so what is asked is there.

The owner reads as long as one storage service has not ended: paused and lapsed ones may export.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from heapq import nsmallest

from flask import current_app

from api.files import repository
from api.files.paths import Path, spell
from api.files.schemas import EntryOut
from api.holds.models import HoldKind
from api.holds.service import readable_storage, storage_service
from api.http.schemas import decode_cursor, encode_cursor
from api.mirror import MirrorView
from api.problems import FieldError, Problem, invalid
from api.storage.nowhere import Nowhere
from api.storage.ports import BadCid, BlockStore, EntryMissing, NotADirectory
from api.storage.unixfs import Cid, Dag, Directory, DirectoryBuilder, Entry, File, Step, parse_cid
from api.storage.unixfs.cid import RAW
from api.storage.unixfs.dagpb import encode_node
from api.storage.unixfs.data import Data, Kind, encode_data
from api.storage.unixfs.edit import place
from api.storage.unixfs.walk import walk_blocks

EMPTY_BLOCK = encode_node([], encode_data(Data(Kind.DIRECTORY)))


@dataclass(frozen=True, slots=True)
class Tree:
    """A root to read below; `version` is None where it is none of the tree's."""

    root: Cid
    version: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a folder's entries."""

    items: list[EntryOut]
    next_cursor: str | None


def current_store() -> BlockStore:
    """The store of this process."""
    store: BlockStore = current_app.extensions["dspace_store"]
    return store


def current_dag() -> Dag:
    """The store's DAGs, with the nodes that were read last in memory."""
    dag: Dag = current_app.extensions["dspace_dag"]
    return dag


@lru_cache
def empty_root() -> Cid:
    """Of a tree that was never changed; its block needn't be in the store."""
    return DirectoryBuilder().build(Nowhere()).cid


def open_tree(mirror: MirrorView, address: str, version_id: str | None = None) -> Tree:
    """The account's newest tree, or an older one; raises a Problem of 402 or 404."""
    require_readable(mirror, address)
    if version_id is None:
        head = repository.get_head(address)
        return Tree(parse_cid(head.cid), head.id) if head else Tree(empty_root(), None)
    version = repository.get_version(address, version_id)
    if version is None:
        raise Problem("unknown-version")
    return Tree(parse_cid(version.cid), version.id)


def open_held(mirror: MirrorView, address: str, text: str) -> Tree:
    """By a CID that a version of the account's tree holds; raises a Problem of 402, 404 or 422."""
    require_readable(mirror, address)
    cid = parse_given(text)
    if not repository.held_by(address, [str(cid)], [HoldKind.FOLDER]):
        raise Problem("unknown-content", cid=str(cid))
    return Tree(cid, None)


def require_readable(mirror: MirrorView, address: str) -> None:
    """Raises a Problem of 402 where every storage service has ended, or there never was one."""
    if not readable_storage(mirror, address):
        storage_service(mirror, address)


def parse_given(text: str) -> Cid:
    """A CID from a request; raises a Problem of 422."""
    try:
        return parse_cid(text)
    except BadCid:
        raise invalid(FieldError("cid", "is no CID that the store could hold")) from None


def find(tree: Tree, path: Path) -> Step:
    """What stands at a path; raises a Problem of 404."""
    if tree.root == empty_root():
        if path:
            raise Problem("unknown-path", path=spell(path))
        return Directory(tree.root)
    try:
        return current_dag().resolve(tree.root, path)[-1]
    except (EntryMissing, NotADirectory):
        raise Problem("unknown-path", path=spell(path)) from None


def size_of(step: Step) -> int:
    """A file's bytes, or all that a folder's blocks take."""
    if isinstance(step, File):
        return step.size_bytes
    if step.cid == empty_root():
        return len(EMPTY_BLOCK)
    return place(current_store(), step.cid).dag_bytes


def list_folder(folder: Directory, path: Path, cursor: str | None, limit: int) -> Page:
    """A page by name. Of a large folder all shards are read, and one page is kept."""
    after = ".".join(decode_cursor(cursor)) if cursor else ""
    behind = (entry for entry in _entries(folder) if entry.name > after)
    found = nsmallest(limit + 1, behind, key=lambda entry: entry.name)
    more = encode_cursor(found[limit - 1].name) if len(found) > limit else None
    return Page([_entry_out(entry, path) for entry in found[:limit]], more)


def blocks_of(step: Step) -> Iterator[tuple[Cid, bytes]]:
    """Every block of a file or folder, as a CAR has them."""
    if step.cid == empty_root():
        return iter([(step.cid, EMPTY_BLOCK)])
    return walk_blocks(current_store(), [step.cid])


def _entries(folder: Directory) -> Iterator[Entry]:
    return iter(()) if folder.cid == empty_root() else current_dag().entries(folder)


def _entry_out(entry: Entry, path: Path) -> EntryOut:
    size, is_file = entry.dag_bytes, True
    if entry.cid.codec != RAW:  # of a raw block, it is its length
        step = current_dag().open(entry.cid)
        is_file = isinstance(step, File)
        size = step.size_bytes if isinstance(step, File) else size
    return EntryOut(
        name=entry.name,
        path=spell((*path, entry.name)),
        kind="file" if is_file else "directory",
        cid=str(entry.cid),
        size=size,
    )
