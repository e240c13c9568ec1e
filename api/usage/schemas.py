"""What goes into and comes out of usage."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Self

from pydantic import BaseModel, Field, model_validator

from api.http.schemas import Amount, AsOf, Model

MAX_DAYS = 92


def _today() -> date:
    return datetime.now(UTC).date()


class UsageQuery(BaseModel):
    """UTC days, both included; the last 30 where nothing is asked for."""

    to: date = Field(default_factory=_today)
    first: date = Field(default_factory=lambda: _today() - timedelta(days=29), alias="from")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to < self.first:
            raise ValueError("from must not be later than to")
        if (self.to - self.first).days >= MAX_DAYS:
            raise ValueError(f"at most {MAX_DAYS} days at once")
        return self


class StorageLine(Model):
    """What a service kept on a UTC day."""

    service_id: str
    day: date
    byte_seconds: Amount
    complete: bool  # false: the day isn't over, or not added up yet; it may still grow


class StorageUsageOut(Model):
    """By day, then service; the services are those that are the caller's now."""

    items: list[StorageLine]
    as_of: AsOf
