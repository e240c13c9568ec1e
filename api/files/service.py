"""What can be done to a tree besides putting content into it: each act is one new version."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from flask import request

from api.db import begin, db
from api.files import repository
from api.files.cars import check_held
from api.files.changes import Head, change_tree
from api.files.conditions import Conditions
from api.files.models import FileVersion
from api.files.paths import Path, parse_entry, parse_path, spell
from api.files.schemas import CopyRequest, FileOut, MoveRequest
from api.files.trees import current_dag, current_store, parse_given, size_of
from api.holds.models import HoldKind
from api.holds.service import storage_service
from api.http.access import current_caller
from api.http.receive import parse_body
from api.mirror import MirrorView, open_mirror
from api.problems import Problem
from api.storage.ports import CarRejected, StorageError
from api.storage.unixfs import Cid, parse_cid
from api.storage.unixfs.edit import Edited, Placed, both, change_at, place


@dataclass(frozen=True, slots=True)
class Copying:
    """What is to be copied; of a CID, that it may and what it is has been seen."""

    body: CopyRequest
    fingerprint: str
    content: Placed | None

    def discard(self) -> None:
        """Nothing was made."""


def show_entry(mirror: MirrorView, version: FileVersion, cid: Cid, path: Path) -> FileOut:
    """A file or folder as an answer to a change."""
    size = size_of(current_dag().open(cid))
    shown = spell(path)
    return FileOut(cid=str(cid), size=size, path=shown, version=version.id, as_of=mirror.as_of)


def entry_of(version: FileVersion, path: Path) -> Cid:
    """What stands at a path of a version that has it."""
    return current_dag().resolve(parse_cid(version.cid), path)[-1].cid


def delete(mirror: MirrorView, address: str, text: str, conditions: Conditions) -> None:
    """Removes a file, or a folder with all in it; raises a Problem of 402, 404 or 412."""
    path = parse_entry(text)

    def plan(head: Head) -> Edited:
        before = head.find(path)
        conditions.check(before.cid if before else None)
        head.require(path)
        return head.edit(change_at(path, None))

    change_tree(mirror, address, f"delete {spell(path)}", plan)


def make_folder(mirror: MirrorView, address: str, text: str) -> FileOut:
    """An empty folder, and those above it; raises a Problem of 402 or 409."""
    path = parse_entry(text)

    def plan(head: Head) -> Edited:
        _require_free(head, path, overwrite=False)
        return head.edit(change_at(path, {}))

    version = change_tree(mirror, address, f"make folder {spell(path)}", plan)
    return show_entry(mirror, version, entry_of(version, path), path)


def move(mirror: MirrorView, address: str, body: MoveRequest) -> FileOut:
    """Another path for the same content; raises a Problem of 402, 404 or 409."""
    source, target = parse_entry(body.source), parse_entry(body.target)
    _require_apart(source, target)
    if source[: len(target)] == target:
        raise Problem("folder-into-itself", "A folder can't be replaced by what is in it.")

    def plan(head: Head) -> Edited:
        moved = head.require(source)
        _require_free(head, target, overwrite=body.overwrite)
        made = head.edit(both(change_at(source, None), change_at(target, moved)))
        return Edited(made.root, made.dropped_bytes - moved.dag_bytes)

    version = change_tree(mirror, address, f"move {spell(source)} to {spell(target)}", plan)
    return show_entry(mirror, version, entry_of(version, target), target)


def receive_copy() -> Copying:
    """The body of a copy; of a CID all is looked at that somebody else may have built."""
    body = parse_body(CopyRequest)
    content = None
    if body.cid is not None:
        content = _held_content(parse_given(body.cid))
    return Copying(body, sha256(request.get_data()).hexdigest(), content)


def copy(mirror: MirrorView, address: str, copying: Copying) -> FileOut:
    """The same content at another path too; raises a Problem of 402, 404 or 409."""
    body, content = copying.body, copying.content
    source = parse_path(body.source) if body.source is not None else None
    target = parse_entry(body.target)
    if source is not None:
        _require_apart(source, target)

    def plan(head: Head) -> Edited:
        copied = content if source is None else head.require(source)
        _require_free(head, target, overwrite=body.overwrite)
        return head.edit(change_at(target, copied))

    told = body.cid if source is None else spell(source)
    version = change_tree(mirror, address, f"copy {told} to {spell(target)}", plan)
    return show_entry(mirror, version, entry_of(version, target), target)


def _held_content(cid: Cid) -> Placed:
    address = current_caller().address
    begin(writes=False)
    try:
        storage_service(open_mirror(), address)
        own = repository.held_by(address, [str(cid)], [HoldKind.FOLDER])
        held = own or repository.held_by(address, [str(cid)], list(HoldKind))
    finally:
        db.session.rollback()
    if not held:
        raise Problem("unknown-content", cid=str(cid))
    try:
        return place(current_store(), cid) if own else check_held(current_store(), cid)
    except (CarRejected, StorageError):
        raise Problem("unknown-content", cid=str(cid)) from None


def _require_apart(source: Path, target: Path) -> None:
    if target[: len(source)] == source:
        raise Problem("folder-into-itself")


def _require_free(head: Head, path: Path, *, overwrite: bool) -> None:
    if not overwrite and head.find(path) is not None:
        raise Problem("path-taken", path=spell(path))
