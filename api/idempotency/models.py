"""What was answered to a call that carried an Idempotency-Key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, UtcDateTime


class KeptAnswer(Base):
    """Written in the transaction of the call's own changes: there are both, or neither."""

    __tablename__ = "idempotency_answers"

    caller: Mapped[str] = mapped_column(String(42), primary_key=True)  # EIP-55
    route: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of method and path
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))  # SHA-256 of the request's content
    status: Mapped[int | None] = mapped_column(Integer)  # None until the answer is known
    content_type: Mapped[str | None] = mapped_column(String(100))
    location: Mapped[str | None] = mapped_column(Text)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
