"""Changes the head: one short transaction, on the tree as it stands in it.

    the content is in the store -> lock the head's row -> edit what it points at now -> room?
    -> flush -> a new version with its hold -> the version before holds only what was dropped

Invariant: two who change the tree at once both find their change in it, since an edit is applied
to the head of its own transaction, never to one that was seen before. The account's holds add up
to what is kept: all of the head, and of each version before it what the change after it dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from flask import current_app

from api.db import db, utc_now
from api.files import repository
from api.files.models import FileTree, FileVersion
from api.files.paths import Path, spell
from api.files.trees import current_store
from api.holds.models import HoldKind
from api.holds.repository import add_hold, resize_hold
from api.holds.service import require_room, storage_service
from api.mirror import MirrorView
from api.problems import Problem
from api.settings import ApiSettings
from api.storage.ports import (
    BlockStore,
    EntryMissing,
    NotADirectory,
    PathClash,
    ShardTooDeep,
    StoreFull,
)
from api.storage.unixfs import parse_cid
from api.storage.unixfs.edit import (
    Changes,
    Edited,
    Placed,
    edit_tree,
    find_entry,
    is_directory,
)


@dataclass(frozen=True, slots=True)
class Head:
    """The tree as it stands in this transaction, which alone can change it."""

    tree: FileTree
    version: FileVersion | None
    store: BlockStore

    def find(self, path: Path) -> Placed | None:
        """What stands at a path."""
        if self.version is None:
            return None
        try:
            return find_entry(self.store, parse_cid(self.version.cid), path)
        except (EntryMissing, NotADirectory):
            return None

    def require(self, path: Path) -> Placed:
        """As `find`; raises a Problem of 404."""
        found = self.find(path)
        if found is None:
            raise Problem("unknown-path", path=spell(path))
        return found

    def is_folder(self, placed: Placed) -> bool:
        """Whether it is one."""
        return is_directory(self.store, placed.cid)

    def edit(self, changes: Changes, *, keep_folders: bool = False) -> Edited:
        """The tree with some changes; raises a Problem of 409."""
        root = parse_cid(self.version.cid) if self.version else None
        try:
            return edit_tree(self.store, root, changes, keep_directories=keep_folders)
        except PathClash as clash:
            raise Problem(
                "path-taken",
                "A file stands where a folder would, or the reverse.",
                entry=str(clash),
            ) from None
        except ShardTooDeep as clash:
            raise Problem(
                "path-taken", "The name can't be told from another's.", entry=str(clash)
            ) from None


Plan = Callable[[Head], Edited]


def change_tree(mirror: MirrorView, address: str, told: str, plan: Plan) -> FileVersion:
    """The version that a plan leads to; what changes nothing makes none.

    In a writing transaction. Raises a Problem of 402, 507, and what the plan raises.
    """
    service_id = storage_service(mirror, address).service.id
    store = current_store()
    try:
        head = _lock_head(address, store)
        edited = plan(head)
        if head.version is not None and str(edited.root.cid) == head.version.cid:
            store.discard()
            return head.version
        before = head.version.dag_bytes if head.version else 0
        require_room(mirror, address, edited.root.dag_bytes + edited.dropped_bytes - before)
        store.flush()
        return _advance(head, service_id, edited, told)
    except StoreFull as error:
        raise Problem("storage-full") from error
    except BaseException:
        store.discard()
        raise


def _lock_head(address: str, store: BlockStore) -> Head:
    tree = repository.lock_tree(address)
    version = repository.get_version(address, tree.head_id) if tree.head_id else None
    return Head(tree, version, store)


def _advance(head: Head, service_id: int, edited: Edited, told: str) -> FileVersion:
    settings: ApiSettings = current_app.config["DSPACE"]
    now = utc_now()
    made = FileVersion(
        id=uuid4().hex,
        account=head.tree.account,
        number=head.version.number + 1 if head.version else 1,
        cid=str(edited.root.cid),
        dag_bytes=edited.root.dag_bytes,
        change=told,
        created_at=now,
    )
    db.session.add(made)
    if head.version is not None:
        head.version.superseded_at = now
        resize_hold(HoldKind.FOLDER, head.version.id, edited.dropped_bytes)
    head.tree.head_id = made.id
    root, store = edited.root, head.store
    add_hold(HoldKind.FOLDER, made.id, service_id, root.cid, root.dag_bytes, store)
    repository.prune_beyond(made.account, made.number - settings.max_file_versions)
    return made
