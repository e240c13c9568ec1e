"""Pins: what somebody asked to be kept, and how far that is.

Invariant: a pin that isn't failed has a hold of its id, committed with it or before; one that is
`pinned` lies in the store whole, is indexed, and its hold counts its bytes. Whose a pin is follows
from the mirror: the owner of its service, until that has ended.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, UtcDateTime
from indexer.schema import Uint256


class PinStatus(StrEnum):
    """queued -> pinning -> pinned, or failed; from there a CAR brings it back to queued."""

    QUEUED = "queued"
    PINNING = "pinning"
    PINNED = "pinned"
    FAILED = "failed"


UNFINISHED = (PinStatus.QUEUED.value, PinStatus.PINNING.value)


class Pin(Base):
    """A pin request; its id is the specification's `requestid`."""

    __tablename__ = "pins"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # 32 hex digits
    service_id: Mapped[int] = mapped_column(Uint256)  # that pays for it
    cid: Mapped[str] = mapped_column(String(128))  # as the client wrote it
    root: Mapped[str] = mapped_column(String(64))  # the same as it is called here
    name: Mapped[str | None] = mapped_column(String(255))
    name_folded: Mapped[str | None] = mapped_column(Text)  # without the difference of case
    origins: Mapped[list[str]] = mapped_column(JSON)  # multiaddrs
    meta: Mapped[dict[str, str]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(16))
    details: Mapped[str | None] = mapped_column(Text)  # why it is in this status
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)  # once it is pinned
    # Whole milliseconds, and no two pins have the same: clients page by it.
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when the work on it was begun last

    __table_args__ = (
        Index("uq_pins_created", "created_at", unique=True),
        Index("ix_pins_service_created", "service_id", "created_at"),
        Index("ix_pins_service_root", "service_id", "root"),
    )


class PinMeta(Base):
    """A pair of a pin's `meta`, to be asked for."""

    __tablename__ = "pin_meta"

    pin_id: Mapped[str] = mapped_column(ForeignKey("pins.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
