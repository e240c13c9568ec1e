"""Pins, and what clients tell of them.

Invariant: a pin that is `pinned` has a hold on a DAG that was seen whole. Its hold is there from
the moment that it was asked for; `created_at` is distinct to the millisecond within an account, as
clients page by it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, UtcDateTime
from indexer.schema import Uint256


class PinState(StrEnum):
    """queued -> pinning -> pinned, or failed."""

    QUEUED = "queued"
    PINNING = "pinning"
    PINNED = "pinned"
    FAILED = "failed"


class Pin(Base):
    """One pin request."""

    __tablename__ = "pins"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # 32 hex digits
    address: Mapped[str] = mapped_column(String(42))
    service_id: Mapped[int] = mapped_column(Uint256)
    cid: Mapped[str] = mapped_column(String(128))  # as it was given
    root: Mapped[str] = mapped_column(String(64))  # the same, as it is kept
    name: Mapped[str | None] = mapped_column(Text)
    folded_name: Mapped[str | None] = mapped_column(Text)  # to look for without regard to case
    origins: Mapped[list[str]] = mapped_column(JSON)
    meta: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(16))
    details: Mapped[str | None] = mapped_column(Text)  # why it failed
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_pins_created", "address", "created_at", unique=True),
        Index("ix_pins_status", "address", "status", "created_at"),
        Index("ix_pins_root", "address", "root"),
    )


class PinMeta(Base):
    """One pair of a pin's `meta`, to look for."""

    __tablename__ = "pin_meta"

    pin_id: Mapped[str] = mapped_column(ForeignKey("pins.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(256), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
