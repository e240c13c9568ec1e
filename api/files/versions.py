"""The versions of a tree: listed, restored, let go when their time is over.

Invariant: a restore is a change like any other, a new version; so it can be taken back.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from flask import current_app

from api.db import utc_now
from api.files import repository
from api.files.changes import Head, change_tree
from api.files.models import FileVersion
from api.files.paths import parse_path, spell
from api.files.schemas import FileOut, VersionOut, Versions
from api.files.service import entry_of, show_entry
from api.files.trees import current_dag, find, open_tree, size_of
from api.http.schemas import bad_cursor, decode_cursor, encode_cursor
from api.mirror import MirrorView
from api.settings import ApiSettings
from api.storage.unixfs import Cid, Directory
from api.storage.unixfs.edit import Edited, change_at, place


def restore(mirror: MirrorView, address: str, version_id: str, text: str) -> FileOut:
    """The tree, or one path of it, as it was: a new version; raises a Problem of 402 or 404."""
    path = parse_path(text)
    wanted = find(open_tree(mirror, address, version_id), path).cid

    def plan(head: Head) -> Edited:
        restored = place(head.store, wanted)
        made = head.edit(change_at(path, restored)) if path else Edited(restored, 0)
        before = head.find(path)
        dropped = _dropped(before.cid, wanted) if before else 0
        return Edited(made.root, dropped)

    number = _number_of(address, version_id)
    version = change_tree(mirror, address, f"restore {spell(path)} of version {number}", plan)
    return show_entry(mirror, version, entry_of(version, path), path)


def list_versions(address: str, cursor: str | None, limit: int) -> Versions:
    """A page of the versions that are kept."""
    below = None
    if cursor is not None:
        text = decode_cursor(cursor)[0]
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise bad_cursor()
        below = int(text)
    rows = repository.list_versions(address, below, limit + 1)
    page = rows[:limit]
    return Versions(
        items=[_version_out(row) for row in page],
        next_cursor=encode_cursor(page[-1].number) if len(rows) > limit else None,
    )


def prune_versions() -> int:
    """Lets go of versions whose time is over, in a writing transaction; how many."""
    settings: ApiSettings = current_app.config["DSPACE"]
    return repository.prune_older(utc_now() - timedelta(seconds=settings.file_versions_ttl))


def _number_of(address: str, version_id: str) -> int:
    version = repository.get_version(address, version_id)
    return version.number if version else 0


def _dropped(before: Cid, after: Cid) -> int:
    """The bytes of what the one has and the other hasn't; what only moved is in both."""
    gone: Counter[Cid] = Counter()
    came: set[Cid] = set()
    _compare(before, after, gone, came)
    return sum(size for cid, size in gone.items() if cid not in came)


def _compare(before: Cid, after: Cid, gone: Counter[Cid], came: set[Cid]) -> None:
    dag = current_dag()
    if before == after:
        return
    one, other = dag.open(before), dag.open(after)
    if not isinstance(one, Directory) or not isinstance(other, Directory):
        gone[before] += size_of(one)
        came.add(after)
        return
    entries = {entry.name: entry for entry in dag.entries(other)}
    for entry in dag.entries(one):
        now = entries.pop(entry.name, None)
        if now is None:
            gone[entry.cid] += entry.dag_bytes
        else:
            _compare(entry.cid, now.cid, gone, came)
    came.update(entry.cid for entry in entries.values())


def _version_out(version: FileVersion) -> VersionOut:
    return VersionOut(
        id=version.id,
        number=version.number,
        cid=version.cid,
        size=version.dag_bytes,
        change=version.change,
        created_at=version.created_at,
        is_head=version.superseded_at is None,
    )
