"""An account's tree: its versions, and which of them is the head.

Invariant: a version is an immutable directory CID with a hold of its own; numbers count up by one
for each change; the head is the one with the greatest number, and is never pruned.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, UtcDateTime


class FileTree(Base):
    """The mutable head; whoever changes the tree locks this row first."""

    __tablename__ = "file_trees"

    account: Mapped[str] = mapped_column(String(42), primary_key=True)  # EIP-55
    head_id: Mapped[str | None] = mapped_column(String(32))  # None until the first change


class FileVersion(Base):
    """What the tree was after one change."""

    __tablename__ = "file_versions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # 32 hex digits
    account: Mapped[str] = mapped_column(String(42))
    number: Mapped[int] = mapped_column(Integer)  # 1, 2, … within the account
    cid: Mapped[str] = mapped_column(String(64))
    dag_bytes: Mapped[int] = mapped_column(BigInteger)  # of all blocks, shared ones each time
    change: Mapped[str] = mapped_column(Text)  # what made it, e.g. "put /a/b"
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: the head

    __table_args__ = (
        Index("uq_file_versions_account", "account", "number", unique=True),
        Index("ix_file_versions_superseded", "superseded_at"),
    )
