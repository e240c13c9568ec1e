"""What goes into and comes out of pins, member by member as the specification names them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal

from multiaddr import Multiaddr
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from api.http.schemas import Model
from api.pins.cids import MAX_CID_LENGTH, CidNotKept, NoCid, read_cid
from api.pins.models import Pin, PinStatus

MAX_ORIGINS = 20
MAX_META = 1_000  # pairs
MAX_CIDS_ASKED = 10
MAX_META_ASKED = 20  # pairs of a filter
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def _check_text(value: str) -> str:
    if "\0" in value:
        raise ValueError("has a NUL character, which no text has")
    return value


def _check_cid(value: str) -> str:
    try:
        read_cid(value)
    except NoCid:
        raise ValueError("is no CID") from None
    except CidNotKept as kind:
        raise ValueError(
            f"is a CID of a kind that is not kept here ({kind}); codecs raw and dag-pb with "
            "hash sha2-256 are"
        ) from None
    return value


def _check_origin(value: str) -> str:
    try:
        Multiaddr(value)
    except Exception:  # its parsers raise what they like
        raise ValueError(f"{value[:80]} is no multiaddr") from None
    return value


def _check_unique(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ValueError("has the same twice")
    return values


def _split(values: Any) -> Any:
    """Lists come comma separated; earlier versions of the specification repeated the name."""
    return [part for value in values for part in value.split(",")] if values else values


def _read_moment(value: Any) -> Any:
    if isinstance(value, str) and not _RFC3339.fullmatch(value):
        raise ValueError("must be a time by RFC 3339, such as 2026-01-31T12:00:00.123Z")
    return value


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is before or after all time") from None


def _read_map(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        raise ValueError("must be a JSON object of strings") from None


def _to_milliseconds(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Status = Literal["queued", "pinning", "pinned", "failed"]
Text = Annotated[str, AfterValidator(_check_text)]
CidText = Annotated[
    str,
    Field(min_length=1, max_length=MAX_CID_LENGTH, description="raw or dag-pb, sha2-256."),
    AfterValidator(_check_cid),
]
Name = Annotated[Text, StringConstraints(max_length=255)]
Origin = Annotated[str, StringConstraints(max_length=1_024), AfterValidator(_check_origin)]
MetaKey = Annotated[Text, StringConstraints(max_length=255)]
Instant = Annotated[datetime, BeforeValidator(_read_moment), AfterValidator(_to_utc)]
Created = Annotated[
    datetime,
    PlainSerializer(_to_milliseconds, return_type=str),
    Field(description="RFC 3339, UTC, to the millisecond; no two pins have the same."),
]


class PinRequest(BaseModel):
    """The specification's `Pin`. Members that it may get one day are let pass."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    cid: CidText
    name: Name | None = None
    origins: Annotated[list[Origin], AfterValidator(_check_unique)] | None = Field(
        None, max_length=MAX_ORIGINS, description="Multiaddrs of peers that have the data."
    )
    meta: dict[MetaKey, Text] | None = Field(None, max_length=MAX_META)


class PinsQuery(BaseModel):
    """Which pins are listed: those that every filter lets pass."""

    repeatable: ClassVar = ("cid", "status")

    cid: Annotated[list[str], BeforeValidator(_split)] | None = Field(
        None, min_length=1, max_length=MAX_CIDS_ASKED, description="Comma separated, up to 10."
    )
    name: Name | None = None
    match: str = Field("exact", pattern="^(exact|iexact|partial|ipartial)$")
    status: Annotated[list[Status], BeforeValidator(_split)] = Field(
        ["pinned"], min_length=1, description="Comma separated."
    )
    before: Instant | None = Field(None, description="Created before this time.")
    after: Instant | None = Field(None, description="Created after this time.")
    limit: int = Field(10, ge=1, le=1_000)
    meta: Annotated[dict[MetaKey, Text], BeforeValidator(_read_map)] | None = Field(
        None, max_length=MAX_META_ASKED, description="A JSON object of strings."
    )


class CarQuery(BaseModel):
    """What a pin that is made of a CAR is called."""

    name: Name | None = None
    meta: Annotated[dict[MetaKey, Text], BeforeValidator(_read_map)] | None = Field(
        None, max_length=MAX_META, description="A JSON object of strings."
    )


class _Sparse(Model):
    """The specification leaves out what isn't there; it never says null."""

    def model_dump_json(self, **options: Any) -> str:
        return super().model_dump_json(**(options | {"exclude_none": True}))


class PinOut(Model):
    """What was asked for, as it was written."""

    cid: str
    name: str | None = None
    origins: list[str] | None = None
    meta: dict[str, str] | None = None


class PinStatusOut(_Sparse):
    """The specification's `PinStatus`."""

    requestid: str
    status: PinStatus
    created: Created
    pin: PinOut
    delegates: list[str]
    info: dict[str, str] | None = None


class PinResults(_Sparse):
    """Newest first; `count` is of all that the filters let pass."""

    count: int
    results: list[PinStatusOut]


def pin_out(pin: Pin, delegates: list[str]) -> PinStatusOut:
    """A row as it is shown."""
    info: dict[str, str] = {}
    if pin.details is not None:
        info["status_details"] = pin.details
    if pin.size_bytes is not None:
        info["dag_size"] = str(pin.size_bytes)
    return PinStatusOut(
        requestid=pin.id,
        status=PinStatus(pin.status),
        created=pin.created_at,
        pin=PinOut(cid=pin.cid, name=pin.name, origins=pin.origins or None, meta=pin.meta or None),
        delegates=delegates,
        info=info or None,
    )
