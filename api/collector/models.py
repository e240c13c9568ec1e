"""Since when a service is over, as far as the chain is final."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, UtcDateTime
from indexer.schema import Uint256


class EndedService(Base):
    """A service that holds something and was over at a final block; gone if it comes back."""

    __tablename__ = "ended_services"

    service_id: Mapped[int] = mapped_column(Uint256, primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)  # when it was first seen to be over
    state: Mapped[str] = mapped_column(String(16))  # stopped, expired
    block_number: Mapped[int] = mapped_column(BigInteger)  # the final block that it was seen at

    __table_args__ = (Index("ix_ended_services_since", "since"),)
