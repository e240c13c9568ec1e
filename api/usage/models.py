"""What each service kept on each day, in byte-seconds.

Invariant: a day's row is the integral of the service's levels over that UTC day, exactly; a day is
rolled up once it is over, and rolling it up again gives the same.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, Index
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base
from indexer.schema import Uint256


class StorageUsage(Base):
    """One service's day; there is none where nothing was kept."""

    __tablename__ = "storage_usage"

    service_id: Mapped[int] = mapped_column(Uint256, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    byte_seconds: Mapped[int] = mapped_column(Uint256)

    __table_args__ = (Index("ix_storage_usage_day", "day"),)
