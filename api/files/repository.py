"""All SQL of folders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select

from api.db import db
from api.files.models import FileTree, FileVersion


def lock_tree(address: str) -> FileTree:
    """The account's tree, which nobody else changes until this writing transaction ends.

    The first call for an account makes the row; the caller holds the account's lock
    (`holds.service.lock_account`), so that two can't make it at once.
    """
    query = select(FileTree).where(FileTree.address == address).with_for_update()
    found = db.session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if found is None:
        found = FileTree(address=address, number=0)
        db.session.add(found)
        db.session.flush()
    return found


def newest_version(address: str) -> FileVersion | None:
    """The version that the account's tree points at; None where nothing was ever put."""
    query = select(FileVersion).where(FileVersion.address == address)
    return db.session.execute(
        query.order_by(FileVersion.number.desc()).limit(1)
    ).scalar_one_or_none()


def get_version(address: str, version_id: str) -> FileVersion | None:
    """One of an account's versions."""
    query = select(FileVersion).where(FileVersion.address == address, FileVersion.id == version_id)
    return db.session.execute(query).scalar_one_or_none()


def list_versions(address: str, below: int | None, limit: int) -> list[FileVersion]:
    """An account's versions, newest first; those with a lower number than `below`."""
    query = select(FileVersion).where(FileVersion.address == address)
    if below is not None:
        query = query.where(FileVersion.number < below)
    return list(db.session.scalars(query.order_by(FileVersion.number.desc()).limit(limit)))


def list_outdated(before: datetime, kept: int, limit: int) -> list[str]:
    """Ids of versions that aren't the newest, and are older than a time or beyond the `kept`."""
    newest = select(FileTree.address, FileTree.number).subquery()
    query = (
        select(FileVersion.id)
        .join(newest, newest.c.address == FileVersion.address)
        .where(
            FileVersion.number < newest.c.number,
            (FileVersion.created_at < before) | (FileVersion.number <= newest.c.number - kept),
        )
        .limit(limit)
    )
    return list(db.session.scalars(query))


def delete_versions(ids: list[str]) -> None:
    """Forgets versions."""
    db.session.execute(delete(FileVersion).where(FileVersion.id.in_(ids)))


def count_versions(address: str) -> int:
    """How many an account has."""
    query = select(func.count()).select_from(FileVersion).where(FileVersion.address == address)
    return int(db.session.execute(query).scalar_one())
