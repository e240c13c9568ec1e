"""Sites and their deployments.

Invariant: a deployment is an immutable directory CID; a site points at one live deployment, and
publishing only moves that pointer. Who may act on a site follows from the mirror: the owner of
its service.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, UtcDateTime
from indexer.schema import Uint256


class DeploymentState(StrEnum):
    """The life of a deployment: queued -> building -> storing -> live -> superseded, or failed."""

    QUEUED = "queued"
    BUILDING = "building"
    STORING = "storing"
    LIVE = "live"
    SUPERSEDED = "superseded"
    FAILED = "failed"


_WHERE_IT_STANDS: Any = {
    f"{database}_where": text("deleted_at IS NULL") for database in ("sqlite", "postgresql")
}


class Site(Base):
    """A name, the service that pays for it, and the deployment that it serves."""

    __tablename__ = "sites"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # 32 hex digits
    name: Mapped[str] = mapped_column(String(63))  # a DNS label
    service_id: Mapped[int] = mapped_column(Uint256)
    live_deployment_id: Mapped[str | None] = mapped_column(String(32))
    # The newest deployment when the pointer moved last. Whatever finishes later and is not newer
    # than that stays out: the latest push, or a rollback after it, wins.
    settled_number: Mapped[int] = mapped_column(Integer, default=0)
    # Counts up at each change of this row, over all sites: the gateway reloads what is newer.
    revision: Mapped[int] = mapped_column(BigInteger, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # A deleted site keeps its row, so that its revision is seen, and frees its name and service.
    __table_args__ = (
        Index("uq_sites_name", "name", unique=True, **_WHERE_IT_STANDS),
        Index("uq_sites_service", "service_id", unique=True, **_WHERE_IT_STANDS),
    )


class Deployment(Base):
    """One version of a site; its id is also the label of its preview host."""

    __tablename__ = "deployments"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # 32 hex digits
    site_id: Mapped[str] = mapped_column(ForeignKey("sites.id"))
    number: Mapped[int] = mapped_column(Integer)  # 1, 2, … within the site; the latest wins
    state: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(16))  # archive, cid, folder, github
    upload: Mapped[str | None] = mapped_column(String(255))  # the spooled archive's file name
    wanted_cid: Mapped[str | None] = mapped_column(String(128))  # of a CID or a folder
    cid: Mapped[str | None] = mapped_column(String(128))  # the directory, once it is stored
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    file_count: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str | None] = mapped_column(Text)  # why it is in this state
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_deployments_site", "site_id", "number", unique=True),)


class DeploymentLog(Base):
    """A line of a deployment's log."""

    __tablename__ = "deployment_log"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    deployment_id: Mapped[str] = mapped_column(ForeignKey("deployments.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    line: Mapped[str] = mapped_column(Text)
