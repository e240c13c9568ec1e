"""Who wants which content kept, and which service pays for it.

Invariant: content that a user can reach, a deployment, a version of a folder, a pin, has a hold
from before it was answered for until its grace period after the user let it go is over. The
collector removes nothing that lies below a hold.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, UtcDateTime
from indexer.schema import Uint256


class HoldKind(StrEnum):
    """What a hold stands for; `subject` is that row's id."""

    DEPLOYMENT = "deployment"
    FOLDER = "folder"  # a version of an account's tree
    PIN = "pin"


_NOT_INDEXED: Any = {
    f"{database}_where": text("NOT indexed") for database in ("sqlite", "postgresql")
}


class Hold(Base):
    """One root, kept for one reason."""

    __tablename__ = "holds"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    service_id: Mapped[int] = mapped_column(Uint256)  # that pays for it
    cid: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)  # that it counts towards the allowance
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its owner let it go
    # Whether all of it was seen to be there, and the index has its links. Until then the row is
    # somebody's wish, and nobody is told that the content is kept.
    indexed: Mapped[bool]

    __table_args__ = (
        Index("ix_holds_service", "service_id"),
        Index("ix_holds_cid", "cid"),
        Index("ix_holds_released", "released_at"),
        Index("ix_holds_not_indexed", "cid", **_NOT_INDEXED),
    )
