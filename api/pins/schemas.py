"""What goes into and comes out of pins, by the IPFS Pinning Service API (version 1.0.0)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from api.http.schemas import Model, Moment
from api.pins.models import PinState

MAX_CIDS = 10
MAX_ORIGINS = 20
MAX_NAME = 255
MAX_META = 1_000  # pairs
MAX_TEXT = 2_048  # characters of an origin, or of a value of `meta`
MAX_PAGE = 1_000


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _storable(text: str) -> str:
    """No NUL, which PostgreSQL takes in no text, and no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is no UTF-8") from None
    if "\0" in text:
        raise ValueError("has a NUL in it")
    return text


def _multiaddr(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError("is no multiaddr")
    return text


Text = Annotated[str, AfterValidator(_storable)]
Origin = Annotated[Text, Field(max_length=MAX_TEXT), AfterValidator(_multiaddr)]
Meta = dict[
    Annotated[Text, Field(min_length=1, max_length=256)],
    Annotated[Text, Field(max_length=MAX_TEXT)],
]
Since = Annotated[datetime, AfterValidator(_aware)]


class PinIn(BaseModel):
    """What is to be kept. Members that nobody knows are let pass, as the specification asks."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    cid: str = Field(min_length=1, max_length=128)
    name: Text | None = Field(None, max_length=MAX_NAME)
    origins: list[Origin] = Field(default_factory=list, max_length=MAX_ORIGINS)
    meta: Meta = Field(default_factory=dict, max_length=MAX_META)

    @field_validator("origins", "meta", mode="before")
    @classmethod
    def _none_is_nothing(cls, value: Any, info: Any) -> Any:
        return ([] if info.field_name == "origins" else {}) if value is None else value


class PinsQuery(BaseModel):
    """Which pins; without a status those that are pinned."""

    cid: str | None = Field(None, description=f"Up to {MAX_CIDS}, joined by commas.")
    name: Text | None = Field(None, max_length=MAX_NAME)
    match: Literal["exact", "iexact", "partial", "ipartial"] = "exact"
    status: str = "pinned"
    before: Since | None = None
    after: Since | None = None
    limit: int = Field(10, ge=1, le=MAX_PAGE)
    meta: str | None = Field(None, max_length=8_192, description="A JSON object of strings.")

    @field_validator("cid")
    @classmethod
    def _few_cids(cls, value: str | None) -> str | None:
        if value is not None and not 1 <= len(value.split(",")) <= MAX_CIDS:
            raise ValueError(f"1 to {MAX_CIDS} CIDs")
        return value

    @field_validator("status")
    @classmethod
    def _known_status(cls, value: str) -> str:
        unknown = set(value.split(",")) - set(PinState)
        if unknown:
            raise ValueError(f"is none of {', '.join(PinState)}")
        return value

    @field_validator("meta")
    @classmethod
    def _string_map(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                found = orjson.loads(value)
            except orjson.JSONDecodeError:
                raise ValueError("is no JSON") from None
            if not isinstance(found, dict) or not all(
                isinstance(text, str) for text in found.values()
            ):
                raise ValueError("is no object of strings")
            for text in (*found, *found.values()):
                _storable(text)
        return value

    @property
    def cids(self) -> list[str]:
        """As they were given."""
        return self.cid.split(",") if self.cid else []

    @property
    def statuses(self) -> list[str]:
        """Any of these."""
        return self.status.split(",")

    @property
    def pairs(self) -> dict[str, str]:
        """All of these."""
        return dict(orjson.loads(self.meta)) if self.meta else {}


class PinOut(Model):
    """What is kept."""

    cid: str
    name: str | None = None
    origins: list[str] = Field(default_factory=list)
    meta: dict[str, str] = Field(default_factory=dict)


class PinStatus(Model):
    """A pin request and where it stands."""

    requestid: str
    status: PinState
    created: Moment
    pin: PinOut
    delegates: list[str]  # multiaddrs that a client may connect to, to send it
    info: dict[str, str] | None = None


class PinResults(Model):
    """Newest first; `count` counts all that match."""

    count: int
    results: list[PinStatus]
