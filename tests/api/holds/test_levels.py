"""Byte-seconds: the integral of what a service held."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update

from api.db import begin, db, writing
from api.holds.levels import StorageLevel, _by_day, read_usage
from api.holds.models import HoldKind
from api.holds.repository import (
    add_hold,
    drop_hold,
    move_holds,
    release_holds,
    resize_hold,
    take_back_holds,
)
from api.storage.unixfs import Cid
from api.storage.unixfs.cid import RAW
from tests.api.world import Mirror, Wallet

DAY_MS = 86_400_000


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@given(
    st.lists(st.tuples(st.integers(0, 5 * DAY_MS), st.integers(0, 10**6)), max_size=12),
    st.integers(0, 5 * DAY_MS),
    st.integers(0, 5 * DAY_MS),
)
def test_the_days_add_up_to_the_plain_integral(
    steps: list[tuple[int, int]], one: int, other: int
) -> None:
    start, end = sorted((one, other))
    ordered = sorted(steps, key=lambda step: step[0])
    days = dict(_by_day(ordered, start, end))
    expected = 0
    for index, (at, size) in enumerate(ordered):
        until = ordered[index + 1][0] if index + 1 < len(ordered) else end
        expected += size * max(0, min(until, end) - max(at, start))
    assert sum(days.values()) == expected
    assert all(day.timestamp() % 86_400 == 0 for day in days)


@pytest.mark.usefixtures("context")
def test_every_change_of_a_hold__is_a_step(mirror: Mirror) -> None:
    one, two = Cid(RAW, bytes(32)), Cid(RAW, b"\1" * 32)
    kind = HoldKind.PIN
    changes: list[Callable[[], object]] = [
        lambda: add_hold(kind, "a", 1, one, 100, None),
        lambda: add_hold(kind, "b", 1, two, 30, None),
        lambda: add_hold(kind, "c", 1, two, 30, None),  # the same content counts once
        lambda: resize_hold(kind, "a", 150),
        lambda: release_holds(kind, ["a"]),
        lambda: take_back_holds(kind, ["a"]),
        lambda: move_holds(kind, ["a"], 2),
        lambda: drop_hold(kind, "a"),
    ]
    for change in changes:
        with writing():
            change()
    begin(writes=False)
    rows = db.session.query(StorageLevel).order_by(StorageLevel.id)
    assert [(int(row.service_id), row.size_bytes) for row in rows] == [
        (1, 100), (1, 130), (1, 130), (1, 180), (1, 30), (1, 180), (1, 30), (2, 150), (2, 0),
    ]  # fmt: skip


@pytest.mark.usefixtures("context")
def test_usage__is_of_the_services_that_are_the_accounts_now(mirror: Mirror) -> None:
    mirror.service(1, "0x" + "11" * 20)
    mirror.service(2, "0x" + "22" * 20)
    midnight = datetime(2026, 5, 1, tzinfo=UTC)
    at = int(midnight.timestamp()) * 1_000
    steps = [(1, at - DAY_MS, 10), (1, at + 3_600_000, 1_000), (2, at, 7)]
    with writing():
        db.session.execute(
            insert(StorageLevel),
            [{"service_id": s, "at_ms": ms, "size_bytes": size} for s, ms, size in steps],
        )
    begin(writes=False)
    used = read_usage(
        "0x" + "11" * 20, midnight, midnight + timedelta(days=2), midnight + timedelta(days=1.5)
    )
    assert [(use.day.day, use.byte_seconds) for use in used] == [
        (1, 10 * 3_600 + 1_000 * 23 * 3_600),
        (2, 1_000 * 12 * 3_600),
    ]


def test_the_account_reads_its_usage_by_day(
    app: Flask, wallet: Callable[..., Wallet], mirror: Mirror
) -> None:
    owner = wallet(rate=1_000)
    mirror.service(7, owner.address, plan=3)
    owner.ask("PUT", "/v1/files/a", data=bytes(100_000))
    with app.app_context(), writing():  # as if it had been put a minute ago
        db.session.execute(update(StorageLevel).values(at_ms=StorageLevel.at_ms - 60_000))
    items = owner.get("/v1/account/storage/usage").json["items"]
    assert {item["service_id"] for item in items} == {"7"}
    assert sum(int(item["byte_seconds"]) for item in items) >= 6_000_000
    assert owner.get("/v1/account/storage/usage?from=2026-02-01&to=2026-01-01").status_code == 422
    assert owner.get("/v1/account/storage/usage?from=nonsense").status_code == 422
