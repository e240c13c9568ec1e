"""Work that outlives a request.

Invariant: a job is a row, written in the transaction of its cause, before anyone is woken for it.
At most one worker holds an unexpired lease on it; every job may run twice with no harm.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, UtcDateTime


class JobState(StrEnum):
    """queued -> running -> done; back to queued for another try; failed after the last."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    """One piece of work."""

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # 32 hex digits
    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(Integer)  # that were begun
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)  # queued: not before; running: lease end
    lease: Mapped[str | None] = mapped_column(String(32))  # whose turn it is; a new one each time
    error: Mapped[str | None] = mapped_column(Text)  # of the last try, for operators
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_jobs_due", "state", "due_at"),)
