"""All SQL of trees and their versions, and which content lies below an account's holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from api.db import db
from api.files.models import FileTree, FileVersion
from api.holds.links import BlockLink
from api.holds.models import Hold, HoldKind
from api.holds.repository import release_holds
from indexer import schema

_ASKED_AT_ONCE = 500  # variables of a statement; SQLite's oldest limit is 999


def lock_tree(account: str) -> FileTree:
    """The account's tree, which nobody else changes until this writing transaction ends."""
    dialect: Any = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    row = {"account": account, "head_id": None}
    db.session.execute(dialect.insert(FileTree).values(row).on_conflict_do_nothing())
    query = select(FileTree).where(FileTree.account == account).with_for_update()
    return db.session.execute(query.execution_options(populate_existing=True)).scalar_one()


def get_version(account: str, version_id: str) -> FileVersion | None:
    """One of an account's versions."""
    query = select(FileVersion).where(FileVersion.id == version_id, FileVersion.account == account)
    return db.session.execute(query).scalar_one_or_none()


def get_head(account: str) -> FileVersion | None:
    """The newest version; None of an account that never changed its tree."""
    query = (
        select(FileVersion)
        .join(FileTree, FileTree.head_id == FileVersion.id)
        .where(FileTree.account == account)
    )
    return db.session.execute(query).scalar_one_or_none()


def list_versions(account: str, below: int | None, limit: int) -> list[FileVersion]:
    """Newest first; those with a lower number than `below`."""
    query = select(FileVersion).where(FileVersion.account == account)
    if below is not None:
        query = query.where(FileVersion.number < below)
    return list(db.session.scalars(query.order_by(FileVersion.number.desc()).limit(limit)))


def prune_beyond(account: str, number: int) -> None:
    """Lets the versions up to a number go; it must be below the head's."""
    query = select(FileVersion.id).where(
        FileVersion.account == account, FileVersion.number <= number
    )
    _forget(list(db.session.scalars(query)))


def prune_older(before: datetime) -> int:
    """Lets some versions go that were superseded before a time, oldest first; how many."""
    query = (
        select(FileVersion.id)
        .where(FileVersion.superseded_at < before)
        .order_by(FileVersion.superseded_at)
        .limit(_ASKED_AT_ONCE)
    )
    ids = list(db.session.scalars(query))
    _forget(ids)
    return len(ids)


def held_by(owner: str, cids: Collection[str], kinds: Sequence[HoldKind]) -> set[str]:
    """Those of the CIDs that lie below, or are, what an account's services hold."""
    asked, found = list(cids), set[str]()
    for at in range(0, len(asked), _ASKED_AT_ONCE):
        found |= _held_by(owner, asked[at : at + _ASKED_AT_ONCE], kinds)
    return found


def _held_by(owner: str, cids: Sequence[str], kinds: Sequence[HoldKind]) -> set[str]:
    services = schema.services.c
    roots = (
        select(Hold.cid)
        .join(schema.services, services.id == Hold.service_id)
        .where(services.owner == owner, Hold.released_at.is_(None), Hold.kind.in_(kinds))
    )
    up = (
        select(BlockLink.child.label("origin"), BlockLink.parent.label("cid"))
        .where(BlockLink.child.in_(cids))
        .cte("up", recursive=True)
    )
    up = up.union(select(up.c.origin, BlockLink.parent).join(up, BlockLink.child == up.c.cid))
    below = select(up.c.origin).where(up.c.cid.in_(roots)).distinct()
    themselves = roots.where(Hold.cid.in_(cids)).distinct()
    return {*db.session.scalars(below), *db.session.scalars(themselves)}


def _forget(ids: Sequence[str]) -> None:
    for at in range(0, len(ids), _ASKED_AT_ONCE):
        gone = ids[at : at + _ASKED_AT_ONCE]
        release_holds(HoldKind.FOLDER, gone)
        db.session.execute(delete(FileVersion).where(FileVersion.id.in_(gone)))
