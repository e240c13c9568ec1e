"""Filters and pages of `GET /v1/pins`, held against a plain model of the same rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.db import db, writing
from api.pins.models import Pin, PinMeta
from api.pins.repository import add_pin
from api.storage.unixfs.cid import RAW, Cid
from tests.api.pins.world import STORAGE, reason
from tests.api.world import Wallet

CIDS = [Cid(RAW, sha256(bytes([number])).digest()) for number in range(4)]
NAMES = ["", "a", "A", "aB", "Straße", "STRASSE", "100%", "a_b", "ab", "日本", None]
STATUSES = ["queued", "pinning", "pinned", "failed"]
PAIRS = st.dictionaries(st.sampled_from("xyz"), st.sampled_from(["", "1", "%"]), max_size=3)
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@dataclass(frozen=True)
class Row:
    cid: Cid
    name: str | None
    status: str
    at: datetime
    service: int
    meta: dict[str, str]
    id: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True)
class Asked:
    cids: list[Cid] | None
    name: str | None
    match: str | None
    statuses: list[str] | None
    before: datetime | None
    after: datetime | None
    limit: int | None
    meta: dict[str, str] | None

    def query(self) -> dict[str, str]:
        parts: dict[str, str | None] = {
            "cid": ",".join(map(str, self.cids)) if self.cids else None,
            "name": self.name,
            "match": self.match,
            "status": ",".join(self.statuses) if self.statuses else None,
            "before": self.before.isoformat() if self.before else None,
            "after": self.after.isoformat() if self.after else None,
            "limit": str(self.limit) if self.limit else None,
            "meta": json.dumps(self.meta) if self.meta is not None else None,
        }
        return {name: value for name, value in parts.items() if value is not None}

    def lets_pass(self, row: Row) -> bool:
        return (
            row.service == STORAGE
            and (not self.cids or row.cid in self.cids)
            and (self.name is None or self._is_called(row.name))
            and row.status in (self.statuses or ["pinned"])
            and (self.before is None or row.at < self.before)
            and (self.after is None or row.at > self.after)
            and all(row.meta.get(key) == value for key, value in (self.meta or {}).items())
        )

    def _is_called(self, name: str | None) -> bool:
        assert self.name is not None
        if name is None:
            return False
        match = self.match or "exact"
        folds = match.startswith("i")
        asked, given = (self.name.casefold(), name.casefold()) if folds else (self.name, name)
        return asked in given if match.endswith("partial") else asked == given


def times() -> st.SearchStrategy[datetime]:
    return st.integers(0, 30).map(lambda number: START + timedelta(milliseconds=number))


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    moments = draw(st.lists(times(), unique=True, max_size=25))
    return [
        Row(
            cid=draw(st.sampled_from(CIDS)),
            name=draw(st.sampled_from(NAMES)),
            status=draw(st.sampled_from([*STATUSES, "pinned"])),
            at=moment,
            service=draw(st.sampled_from([STORAGE, STORAGE, STORAGE, 99])),
            meta=draw(PAIRS),
        )
        for moment in moments
    ]


def asked() -> st.SearchStrategy[Asked]:
    return st.builds(
        Asked,
        cids=st.none() | st.lists(st.sampled_from(CIDS), min_size=1, max_size=3),
        name=st.none() | st.sampled_from([name for name in NAMES if name is not None]),
        match=st.none() | st.sampled_from(["exact", "iexact", "partial", "ipartial"]),
        statuses=st.none() | st.lists(st.sampled_from(STATUSES), min_size=1, max_size=4),
        before=st.none() | times(),
        after=st.none() | times(),
        limit=st.none() | st.integers(1, 30),
        meta=st.none() | PAIRS,
    )


@contextmanager
def stored(app: Flask, pins: list[Row]) -> Iterator[None]:
    with app.app_context():
        with writing():
            for row in pins:
                add_pin(
                    Pin(
                        id=row.id,
                        service_id=row.service,
                        cid=str(row.cid),
                        root=str(row.cid),
                        name=row.name,
                        name_folded=None if row.name is None else row.name.casefold(),
                        origins=[],
                        meta=row.meta,
                        status=row.status,
                        created_at=row.at,
                        queued_at=row.at,
                    )
                )
        try:
            yield
        finally:
            with writing():
                db.session.query(PinMeta).delete()
                db.session.query(Pin).delete()


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(pins=rows(), asked=asked())
def test_what_is_listed_is_what_the_filters_let_pass(
    app: Flask, pinner: Wallet, pins: list[Row], asked: Asked
) -> None:
    expected = sorted(filter(asked.lets_pass, pins), key=lambda row: row.at, reverse=True)
    with stored(app, pins):
        answer = pinner.get("/v1/pins", query_string=asked.query())
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    assert answer.json["count"] == len(expected)
    listed = [pin["requestid"] for pin in answer.json["results"]]
    assert listed == [row.id for row in expected[: asked.limit or 10]]


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pins=rows(), limit=st.integers(1, 7))
def test_paging_by_created_shows_every_pin_once(
    app: Flask, pinner: Wallet, pins: list[Row], limit: int
) -> None:
    seen: list[str] = []
    query: dict[str, Any] = {"status": ",".join(STATUSES), "limit": str(limit)}
    with stored(app, pins):
        while True:
            answer = pinner.get("/v1/pins", query_string=query).json
            assert answer is not None
            seen += [pin["requestid"] for pin in answer["results"]]
            if answer["count"] <= len(answer["results"]):
                break
            query["before"] = answer["results"][-1]["created"]
    mine = sorted((row for row in pins if row.service == STORAGE), key=lambda row: row.at)
    assert seen == [row.id for row in reversed(mine)]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "status=gone",
        "status=",
        "match=like&name=x",
        "before=yesterday",
        "before=2026-01-01",
        "before=1767225600",
        "before=2026-01-01T00:00:00",
        "after=0001-01-01T00:00:00%2B14:00",
        "name=a%00b",
        "name=" + "x" * 256,
        "meta=1",
        "meta={}x",
        'meta={"a":1}',
        'meta={"a":"\\u0000"}',
        "cid=nonsense",
        "cid=" + ",".join([str(CIDS[0])] * 11),
    ],
)
def test_a_filter_that_makes_no_sense_is_a_bad_request(pinner: Wallet, query: str) -> None:
    answer = pinner.get(f"/v1/pins?{query}")
    assert answer.status_code == 400
    assert reason(answer) == "BAD_REQUEST"


def test_a_cid_of_a_kind_that_is_not_kept_is_nobody_s(pinner: Wallet) -> None:
    cid = "bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
    assert pinner.get(f"/v1/pins?cid={cid}").json == {"count": 0, "results": []}


def test_lists_may_repeat_their_name_as_the_older_specification_did(pinner: Wallet) -> None:
    pinner.post("/v1/pins", json={"cid": str(CIDS[0])})
    found = pinner.get(f"/v1/pins?status=failed&status=queued&cid={CIDS[1]}&cid={CIDS[0]}").json
    assert found is not None
    assert found["count"] == 1
