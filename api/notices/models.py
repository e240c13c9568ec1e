"""What an account was told, and whether it still holds.

Invariant: of a kind and subject an account has one open notice at most, so nothing is told twice;
once what it says no longer holds it is closed, and if it comes to that again it is told anew.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, UtcDateTime
from indexer.schema import ADDRESS

_OPEN: Any = {f"{database}_where": text("over_at IS NULL") for database in ("sqlite", "postgresql")}


class NoticeKind(StrEnum):
    """From the first warning to the removal. The subject is `account`, or a service's number."""

    RUNWAY_7D = "runway_7d"  # the account: its credit lasts less than seven days
    RUNWAY_1D = "runway_1d"
    RUNWAY_1H = "runway_1h"
    LAPSED = "lapsed"  # it is used up: what runs is paused, and ends for good after a while
    ENDS_7D = "ends_7d"
    ENDS_1D = "ends_1d"
    ENDED = "ended"  # a service is over, and its content will be removed
    REMOVAL_1D = "removal_1d"
    REMOVED = "removed"


class Notice(Base):
    """One thing that was told."""

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    address: Mapped[str] = mapped_column(ADDRESS)
    kind: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(96))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    over_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # it no longer holds
    details: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (
        Index("ix_notices_address", "address", "id"),
        Index("uq_notices_open", "address", "kind", "subject", unique=True, **_OPEN),
    )
