"""Changes of an account's tree.

    the content is in blocks already (`receive`)
    in one transaction: lock the account -> the tree as it stands -> edit -> flush -> version, hold

Invariant: a change is made to what stands there when it is made, never to what its writer saw; a
writer who must know says so by If-Match, of the very entry that is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from flask import current_app, request

from api.db import db, utc_now
from api.files import repository
from api.files.models import FileVersion
from api.files.paths import Path, parse_entry, parse_path, show_path
from api.files.reading import find_entry, get_version, readable_cid
from api.files.receive import Incoming
from api.files.schemas import CopyRequest, Entry, MoveRequest, Saved, SavedMany
from api.gateway.conditional import matches
from api.holds.models import HoldKind
from api.holds.repository import add_hold, resize_hold
from api.holds.service import lock_account, require_room, storage_service
from api.mirror import MirrorView
from api.problems import FieldError, Problem, invalid
from api.storage.claim import claim_dag
from api.storage.ports import (
    BadCid,
    BlockStore,
    EntryMissing,
    NotADirectory,
    PathClash,
    ShardTooDeep,
    StoreFull,
)
from api.storage.unixfs import Cid, Dag, Directory, Imported, parse_cid
from api.storage.unixfs.edit import (
    Changes,
    Put,
    Removed,
    add_change,
    edit_tree,
    empty_directory,
    merge_trees,
)

WHOLE = ""  # no entry's name: stands for the tree itself


@dataclass(frozen=True, slots=True)
class Tree:
    """The account's tree, locked."""

    address: str
    dag: Dag
    root: Cid
    dag_bytes: int
    newest: FileVersion | None
    number: int  # of the newest version


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be changed."""

    changes: Changes
    told: str  # as the list of versions tells it
    added_bytes: int = 0  # of blocks that weren't in the tree


def put_file(mirror: MirrorView, address: str, received: Incoming) -> tuple[Saved, bool]:
    """The file at its path, and whether there was none before; honours If-Match, If-None-Match."""
    piece = received.pieces[0]
    path = (*received.into, *piece.path)
    existed = False

    def plan(tree: Tree) -> Plan:
        nonlocal existed
        existed = _check_conditions(tree, path)
        return _plan_pieces(tree, received, f"put {show_path(path)}")

    version = change(mirror, address, plan)
    return _saved(mirror, path, piece.content, "file", version), not existed


def add_all(mirror: MirrorView, address: str, received: Incoming) -> SavedMany:
    """Everything that came in, into one folder."""
    count = len(received.pieces)
    told = f"add {count} {'entry' if count == 1 else 'entries'} to {show_path(received.into)}"
    version = change(mirror, address, lambda tree: _plan_pieces(tree, received, told))
    items = [
        _entry(received.into, piece.path, piece.content, piece.is_directory)
        for piece in received.pieces
    ]
    only = items[0] if count == 1 else None
    if only is None:
        dag = _dag()
        root = find_entry(dag, parse_cid(version.cid), received.into)
        return SavedMany(
            items=items,
            cid=str(root.cid),
            size=sum(item.size for item in items),
            path=show_path(received.into),
            version=version.id,
            as_of=mirror.as_of,
        )
    return SavedMany(
        items=items,
        cid=only.cid,
        size=only.size,
        path=only.path,
        version=version.id,
        as_of=mirror.as_of,
    )


def make_folder(mirror: MirrorView, address: str, text: str) -> Saved:
    """An empty folder; one that is there already stays as it is."""
    path = parse_entry(text, "path")
    made: list[Imported] = []

    def plan(tree: Tree) -> Plan:
        try:
            step = tree.dag.resolve(tree.root, path)[-1]
        except EntryMissing:
            made.append(empty_directory(tree.dag))
            changes: Changes = {}
            add_change(changes, path, Put(made[0], is_directory=True, replaces=False))
            return Plan(changes, f"make {show_path(path)}")
        if not isinstance(step, Directory):
            raise PathClash(show_path(path))
        made.append(Imported(step.cid, 0, 0))
        return Plan({}, "")

    version = change(mirror, address, plan)
    return _saved(mirror, path, made[0], "directory", version)


def delete_entry(mirror: MirrorView, address: str, text: str) -> None:
    """A file or a folder; honours If-Match. Older versions still have it."""
    path = parse_entry(text, "path")

    def plan(tree: Tree) -> Plan:
        _check_conditions(tree, path)
        changes: Changes = {}
        add_change(changes, path, Removed())
        return Plan(changes, f"delete {show_path(path)}")

    change(mirror, address, plan)


def move_entry(mirror: MirrorView, address: str, body: MoveRequest) -> Saved:
    """A file or a folder to another path, in one version."""
    source, target = parse_entry(body.from_, "from"), parse_entry(body.to, "to")
    if target[: len(source)] == source and target != source:
        raise invalid(FieldError("to", "lies inside of what is moved"))
    moved: list[tuple[Imported, bool]] = []

    def plan(tree: Tree) -> Plan:
        entry, is_directory = _lookup(tree, source)
        moved.append((entry, is_directory))
        if source == target:
            return Plan({}, "")
        changes = _replacing(tree, target, entry, is_directory, body.overwrite)
        add_change(changes, source, Removed())
        return Plan(changes, f"move {show_path(source)} to {show_path(target)}")

    version = change(mirror, address, plan)
    entry, is_directory = moved[-1]
    return _saved(mirror, target, entry, "directory" if is_directory else "file", version)


def copy_entry(mirror: MirrorView, address: str, body: CopyRequest) -> Saved:
    """From a path, or from content that the account holds, to another path; no byte is copied."""
    if (body.from_ is None) == (body.cid is None):
        raise invalid(FieldError("from", "name either a path in `from` or a CID in `cid`"))
    target = parse_entry(body.to, "to")
    copied: list[tuple[Imported, bool]] = []

    def plan(tree: Tree) -> Plan:
        if body.from_ is not None:
            source = parse_path(body.from_, "from")
            entry, is_directory = _lookup(tree, source)
            told = show_path(source)
        else:
            told = str(body.cid)
            entry, is_directory = _held(mirror, tree, told)
        copied.append((entry, is_directory))
        changes = _replacing(tree, target, entry, is_directory, body.overwrite)
        return Plan(changes, f"copy {told} to {show_path(target)}", entry.dag_bytes)

    version = change(mirror, address, plan)
    entry, is_directory = copied[-1]
    return _saved(mirror, target, entry, "directory" if is_directory else "file", version)


def restore_version(
    mirror: MirrorView, address: str, version_id: str, text: str | None
) -> FileVersion:
    """The whole tree, or one path, as it was; a version of its own, so that nothing is lost."""
    then = get_version(address, version_id)
    path = parse_path(text or "")

    def plan(tree: Tree) -> Plan:
        told = f"restore {show_path(path)} of version {then.number}"
        if not path:
            return Plan({WHOLE: Put(Imported(parse_cid(then.cid), 0, then.dag_bytes), True)}, told)
        changes: Changes = {}
        old = Tree(address, tree.dag, parse_cid(then.cid), then.dag_bytes, then, then.number)
        try:
            entry, is_directory = _lookup(old, path)
        except EntryMissing:
            add_change(changes, path, Removed())
            return Plan(changes, told)
        changes = _replacing(tree, path, entry, is_directory, overwrite=True)
        return Plan(changes, told, entry.dag_bytes)

    return change(mirror, address, plan)


def change(mirror: MirrorView, address: str, make_plan: Callable[[Tree], Plan]) -> FileVersion:
    """The version that a change leaves; the newest one where it changes nothing.

    In a writing transaction. Raises a Problem of 402, 404, 409, 412 or 507.
    """
    service = storage_service(mirror, address)
    lock_account(address)
    tree = _lock_tree(address)
    store = tree.dag.store
    try:
        plan = make_plan(tree)
        made = _apply(tree, plan.changes)
        store.flush()
    except BaseException as error:
        store.discard()
        raise _problem_of(error) from error
    if made.cid == tree.root and tree.newest is not None:
        return tree.newest
    # What the newest version no longer has is kept by the one before it, and counts there.
    dropped = max(0, tree.dag_bytes + plan.added_bytes - made.dag_bytes) if tree.newest else 0
    require_room(mirror, address, made.dag_bytes + dropped - (tree.dag_bytes if tree.newest else 0))
    version = FileVersion(
        id=uuid4().hex,
        address=address,
        number=tree.number + 1,
        cid=str(made.cid),
        dag_bytes=made.dag_bytes,
        change=plan.told or "begin",
        created_at=utc_now(),
    )
    db.session.add(version)
    repository.lock_tree(address).number = version.number
    if tree.newest is not None:
        resize_hold(HoldKind.FOLDER, tree.newest.id, dropped)
    add_hold(HoldKind.FOLDER, version.id, service.service.id, made.cid, made.dag_bytes, store)
    return version


def _apply(tree: Tree, changes: Changes) -> Imported:
    whole = changes.get(WHOLE)
    if isinstance(whole, Put):
        return whole.entry
    if not changes:
        if tree.newest is None:
            return empty_directory(tree.dag)
        return Imported(tree.root, 0, tree.dag_bytes)
    return edit_tree(tree.dag, tree.root, changes)


def _lock_tree(address: str) -> Tree:
    number = repository.lock_tree(address).number
    newest = repository.newest_version(address)
    dag = _dag()
    if newest is None:
        root = empty_directory(dag)
        return Tree(address, dag, root.cid, root.dag_bytes, None, number)
    return Tree(address, dag, parse_cid(newest.cid), newest.dag_bytes, newest, number)


def _plan_pieces(tree: Tree, received: Incoming, told: str) -> Plan:
    """Files take the place of files; what comes as a whole directory comes into the one there."""
    changes: Changes = {}
    for piece in received.pieces:
        path = (*received.into, *piece.path)
        if not piece.is_directory:
            add_change(changes, path, Put(piece.content, is_directory=False))
        elif path:
            add_change(changes, path, Put(piece.content, is_directory=True, merges=True))
        else:
            made = merge_trees(tree.dag, tree.root, piece.content.cid)
            changes[WHOLE] = Put(made, is_directory=True)
    return Plan(changes, told, received.dag_bytes)


def _replacing(
    tree: Tree, target: Path, entry: Imported, is_directory: bool, overwrite: bool
) -> Changes:
    """A put at a path; with `overwrite` also over what is of the other kind."""
    changes: Changes = {}
    kind = is_directory
    if overwrite:
        try:
            kind = _lookup(tree, target)[1]
        except EntryMissing:
            kind = is_directory
    if kind != is_directory:
        raise PathClash(show_path(target))
    add_change(changes, target, Put(entry, is_directory, replaces=overwrite))
    return changes


def _lookup(tree: Tree, path: Path) -> tuple[Imported, bool]:
    """What is at a path; raises EntryMissing, NotADirectory."""
    if not path:
        return Imported(tree.root, 0, tree.dag_bytes), True
    parent = tree.dag.resolve(tree.root, path[:-1])[-1]
    if not isinstance(parent, Directory):
        raise NotADirectory(show_path(path))
    found = find_entry(tree.dag, parent.cid, path[-1:])
    return Imported(found.cid, found.size, found.dag_bytes), found.is_directory


def _held(mirror: MirrorView, tree: Tree, text: str) -> tuple[Imported, bool]:
    try:
        cid = parse_cid(text)
    except BadCid:
        raise invalid(FieldError("cid", "is no CID that the store could hold")) from None
    readable_cid(mirror, tree.address, cid)
    dag_bytes = claim_dag(tree.dag.store, cid)
    step = tree.dag.open(cid)
    size = 0 if isinstance(step, Directory) else step.size_bytes
    return Imported(cid, size, dag_bytes), isinstance(step, Directory)


def _check_conditions(tree: Tree, path: Path) -> bool:
    """Whether something is at the path; raises a Problem of 412."""
    try:
        etag: str | None = f'"{_lookup(tree, path)[0].cid}"'
    except (EntryMissing, NotADirectory):
        etag = None
    if_match = request.headers.get("If-Match")
    if_none_match = request.headers.get("If-None-Match")
    if if_match is not None and (etag is None or not matches(if_match, etag)):
        raise Problem("precondition-failed")
    if if_none_match is not None and etag is not None and matches(if_none_match, etag):
        raise Problem("precondition-failed")
    return etag is not None


def _problem_of(error: BaseException) -> BaseException:
    if isinstance(error, EntryMissing):
        return Problem("unknown-file", path=str(error))
    if isinstance(error, (PathClash, NotADirectory)):
        return Problem("path-taken", f"{error} is taken.", path=str(error))
    if isinstance(error, ShardTooDeep):
        return invalid(FieldError("path", "its name can't be told from another's"))
    if isinstance(error, StoreFull):
        return Problem("storage-full")
    return error


def _entry(into: Path, path: Path, content: Imported, is_directory: bool) -> Entry:
    whole = (*into, *path)
    return Entry(
        name=whole[-1] if whole else "",
        path=show_path(whole),
        kind="directory" if is_directory else "file",
        cid=str(content.cid),
        size=content.dag_bytes if is_directory else content.size_bytes,
    )


def _saved(
    mirror: MirrorView, path: Path, content: Imported, kind: str, version: FileVersion
) -> Saved:
    is_directory = kind == "directory"
    return Saved(
        cid=str(content.cid),
        size=content.dag_bytes if is_directory else content.size_bytes,
        path=show_path(path),
        kind="directory" if is_directory else "file",
        version=version.id,
        as_of=mirror.as_of,
    )


def _dag() -> Dag:
    store: BlockStore = current_app.extensions["dspace_store"]
    return Dag(store)
