"""Byte-seconds: the integral of what a service held, to the last one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, insert

from api.db import begin, db, utc_now, writing
from api.holds import levels
from api.holds.levels import HoldLevel
from api.holds.models import HoldKind
from api.holds.repository import (
    add_hold,
    drop_hold,
    held_bytes,
    move_holds,
    release_holds,
    resize_hold,
    take_back_holds,
)
from api.storage.unixfs.cid import RAW, Cid
from api.usage import repository, service
from api.usage.models import StorageUsage
from tests.api.world import Mirror, Wallet, slug

FIRST = date(2026, 3, 1)
DAYS = 5


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def root(number: int) -> Cid:
    return Cid(RAW, number.to_bytes(32))


def integral(changes: list[tuple[int, int]], start: int, end: int) -> int:
    """Byte by byte and second by second, as it is said: a level counts until the next."""
    total = 0
    for (at, size), (until, _) in zip(changes, [*changes, (2**60, 0)][1:], strict=True):
        total += size * max(0, min(until, end) - max(at, start))
    return total


@pytest.mark.parametrize("seed", range(4))
def test_days__are_the_integral_of_random_histories(
    context: None, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    start, _ = repository.seconds_of(FIRST)
    changes: dict[int, list[tuple[int, int]]] = {7: [], 2**200: []}
    rows = []
    for number, history in changes.items():
        at = start - 3 * 86_400
        for _ in range(chance.choice([0, 1, 40])):
            at += chance.choice([0, 1, 3_600, 86_400, chance.randrange(200_000)])
            history.append((at, chance.randrange(10**12)))
            rows.append({"service_id": number, "at": at, "bytes": history[-1][1]})
    with writing():
        if rows:
            db.session.execute(insert(HoldLevel), rows)
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    for _ in range(2):  # the second time changes nothing
        for day in days:
            with writing():
                repository.roll_up(day)
    begin(writes=False)
    found = {
        (row.service_id, row.day): row.byte_seconds
        for row in repository.list_usage(list(changes), FIRST, days[-1])
    }
    expected = {
        (number, day): spent
        for number, history in changes.items()
        for day in days
        if (spent := integral(history, *repository.seconds_of(day)))
    }
    assert found == expected


def test_every_change_of_a_hold__is_a_level(context: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random histories of holds against a model that is told the same, to the byte-second."""
    chance = random.Random(11)
    clock = [int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp())]
    now = clock[0]
    monkeypatch.setattr(levels, "utc_now", lambda: datetime.fromtimestamp(clock[0], UTC))
    model: dict[str, tuple[int, int, int, bool]] = {}  # subject: service, root, size, let go
    history: dict[int, list[tuple[int, int]]] = {1: [], 2: []}
    for step in range(120):
        clock[0] += chance.choice([0, 1, 60, 5_000])
        subject = chance.choice([f"s{number}" for number in range(8)])
        with writing():
            if subject not in model:
                new = (chance.choice([1, 2]), chance.randrange(4), chance.randrange(1_000), False)
                model[subject] = new
                add_hold(HoldKind.PIN, subject, new[0], root(new[1]), new[2], None)
            else:
                owner, cid, size, gone = model[subject]
                match chance.randrange(5):
                    case 0:
                        release_holds(HoldKind.PIN, [subject])
                        model[subject] = (owner, cid, size, True)
                    case 1:
                        assert take_back_holds(HoldKind.PIN, [subject]) == {subject}
                        model[subject] = (owner, cid, size, False)
                    case 2:
                        resize_hold(HoldKind.PIN, subject, step)
                        model[subject] = (owner, cid, step, gone)
                    case 3:
                        move_holds(HoldKind.PIN, [subject], 3 - owner)
                        model[subject] = (3 - owner, cid, size, gone)
                    case _:
                        drop_hold(HoldKind.PIN, subject)
                        del model[subject]
        for number, steps in history.items():
            largest: dict[int, int] = {}
            for owner, cid, size, gone in model.values():
                if owner == number and not gone:
                    largest[cid] = max(size, largest.get(cid, 0))
            steps.append((clock[0], sum(largest.values())))
    begin(writes=False)
    found = dict(repository.integrate(now, clock[0]))
    assert found == {number: integral(steps, now, clock[0]) for number, steps in history.items()}


def test_a_clock_that_is_set_back__takes_nothing_back(
    context: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [2_000_000]
    monkeypatch.setattr(levels, "utc_now", lambda: datetime.fromtimestamp(clock[0], UTC))
    with writing():
        add_hold(HoldKind.PIN, "a", 1, root(1), 10, None)
    clock[0] -= 500
    with writing():
        drop_hold(HoldKind.PIN, "a")
    begin(writes=False)
    assert repository.integrate(1_000_000, 3_000_000) == []


def test_the_same_root_held_twice_by_a_service__counts_once(context: None, mirror: Mirror) -> None:
    mirror.service(1, "0x" + "00" * 20)
    mirror.service(2, "0x" + "00" * 20)
    with writing():
        add_hold(HoldKind.PIN, "a", 1, root(1), 10, None)
        add_hold(HoldKind.DEPLOYMENT, "a", 1, root(1), 12, None)
        add_hold(HoldKind.PIN, "b", 2, root(1), 10, None)
    begin(writes=False)
    assert held_bytes("0x" + "00" * 20) == 22


class TestRoute:
    def levels(self, app: Flask, *rows: tuple[int, int, int]) -> None:
        with app.app_context(), writing():
            db.session.execute(
                insert(HoldLevel),
                [{"service_id": number, "at": at, "bytes": size} for number, at, size in rows],
            )

    def test_lines__are_the_callers_services_by_day(self, app: Flask, owner: Wallet) -> None:
        today = utc_now().date()
        before, start = (repository.seconds_of(today - timedelta(days=ago))[0] for ago in (2, 1))
        self.levels(app, (1, before + 86_390, 5), (1, start + 100, 0), (2, before, 1_000))
        with app.app_context():
            assert service.roll_up_days() == 2
            assert service.roll_up_days() in (0, 1)
        answer = owner.get(f"/v1/account/usage/storage?from={today - timedelta(days=2)}")
        assert answer.status_code == 200, answer.text
        assert answer.json["items"] == [
            {
                "service_id": "1",
                "day": str(today - timedelta(days=2)),
                "byte_seconds": "50",
                "complete": True,
            },
            {
                "service_id": "1",
                "day": str(today - timedelta(days=1)),
                "byte_seconds": "500",
                "complete": True,
            },
        ]

    def test_days_that_are_not_rolled_up__are_told_as_of_now(
        self, app: Flask, owner: Wallet
    ) -> None:
        now = int(utc_now().timestamp())
        self.levels(app, (1, now - 100, 5))
        items = owner.get("/v1/account/usage/storage").json["items"]
        assert not any(item["complete"] for item in items)
        assert 500 <= sum(int(item["byte_seconds"]) for item in items) <= 550

    @pytest.mark.parametrize(
        "asked", ["from=2026-01-02&to=2026-01-01", "from=2020-01-01", "from=nonsense"]
    )
    def test_a_bad_range__is_refused(self, owner: Wallet, asked: str) -> None:
        assert slug(owner.get(f"/v1/account/usage/storage?{asked}")) == "validation-failed"


def test_a_day_without_anything__has_no_row(context: None) -> None:
    with writing():
        db.session.execute(delete(StorageUsage))
        repository.roll_up(FIRST)
    begin(writes=False)
    assert repository.list_usage([7], FIRST, FIRST) == []
    assert service.roll_up_days() == 0
