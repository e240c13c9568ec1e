"""An account's tree and its versions.

Invariant: a version is an immutable directory CID; the tree points at the newest one. A change
locks the tree's row, is made to what stands there then, and adds a version: so of two writers at
once neither loses what the other wrote.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, UtcDateTime


class FileTree(Base):
    """Where an account's files stand now."""

    __tablename__ = "file_trees"

    address: Mapped[str] = mapped_column(String(42), primary_key=True)
    number: Mapped[int] = mapped_column(Integer)  # of the newest version; 0: none was made yet


class FileVersion(Base):
    """The whole tree after one change. Its hold (`folder`) keeps it."""

    __tablename__ = "file_versions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # 32 hex digits
    address: Mapped[str] = mapped_column(String(42))
    number: Mapped[int] = mapped_column(Integer)  # 1, 2, … within the account
    cid: Mapped[str] = mapped_column(String(64))
    dag_bytes: Mapped[int] = mapped_column(BigInteger)  # of the tree, its directories counted in
    change: Mapped[str] = mapped_column(Text)  # what was done: `put /a/b.txt`
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_file_versions_address", "address", "number", unique=True),)
