"""What an account is told before anything of it is lost, and that nothing comes twice."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select, update

from api.collector.models import EndedService
from api.db import begin, db, utc_now, writing
from api.holds.models import HoldKind
from api.holds.repository import add_hold
from api.mirror import open_mirror
from api.notices.models import Notice
from api.notices.service import account_conditions, tell_removed, write_notices
from api.storage.unixfs.cid import RAW, Cid
from indexer.rules import Account
from tests.api.collector.kept import days_ago
from tests.api.world import GRACE, Mirror, Wallet

HOUR, DAY = 3_600, 86_400
RATE = 2_000


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def holder(app: Flask, owner: Wallet) -> Iterator[Wallet]:
    """The owner of service 1, which keeps something."""
    with app.app_context():
        with writing():
            add_hold(HoldKind.PIN, "a", 1, Cid(RAW, bytes(32)), 1, None)
        yield owner


def lasts(mirror: Mirror, wallet: Wallet, seconds: int) -> None:
    """The account's credit is used up in so many seconds, or was that long ago."""
    now = int(time.time())
    if seconds < 0:
        mirror.account(wallet.address, paid=0, rate=RATE, updated_at=now + seconds)
    else:
        mirror.account(wallet.address, paid=RATE * seconds, rate=RATE, updated_at=now)


def kinds(wallet: Wallet) -> list[tuple[str, bool]]:
    """What is told, newest first, and whether it still holds."""
    items = wallet.get("/v1/account/notices").json["items"]
    return [(item["kind"], item["over_at"] is None) for item in items]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (8 * DAY, []),
        (7 * DAY, ["runway_7d"]),
        (DAY + 1, ["runway_7d"]),
        (DAY, ["runway_1d"]),
        (HOUR, ["runway_1h"]),
        (1, ["runway_1h"]),
        (0, ["lapsed"]),
        (-GRACE + 7 * DAY, ["lapsed", "ends_7d"]),
        (-GRACE + DAY, ["lapsed", "ends_1d"]),
        (-GRACE + 1, ["lapsed", "ends_1d"]),
        (-GRACE, []),
    ],
)
def test_what_an_account_is_to_know__by_the_second(seconds: int, told: list[str]) -> None:
    now = 10**9
    account = Account(paid=RATE * max(0, seconds), rate=RATE, updated_at=now + min(0, seconds))
    assert [str(kind) for kind, _ in account_conditions(account, now, GRACE)] == told


def test_each_warning__comes_once_however_often_it_is_looked(
    holder: Wallet, mirror: Mirror
) -> None:
    lasts(mirror, holder, 9 * DAY)
    assert write_notices() == 0
    for seconds, new in ((6 * DAY, 1), (5 * DAY, 0), (DAY - 9, 1), (HOUR - 9, 1), (-5, 1), (-9, 0)):
        lasts(mirror, holder, seconds)
        assert write_notices() == new, seconds
    assert kinds(holder) == [
        ("lapsed", True),
        ("runway_1h", False),
        ("runway_1d", False),
        ("runway_7d", False),
    ]


def test_a_top_up__begins_anew(holder: Wallet, mirror: Mirror) -> None:
    for seconds, new in ((HOUR, 1), (30 * DAY, 0), (HOUR, 1)):
        lasts(mirror, holder, seconds)
        assert write_notices() == new
    assert kinds(holder) == [("runway_1h", True), ("runway_1h", False)]


def test_who_keeps_nothing__is_told_nothing(app: Flask, owner: Wallet, mirror: Mirror) -> None:
    lasts(mirror, owner, HOUR)
    with app.app_context():
        assert write_notices() == 0


def test_a_service_that_is_over__is_told_of_until_its_content_is_removed(
    holder: Wallet, mirror: Mirror
) -> None:
    mirror.service(1, holder.address, state=4)
    with writing():
        db.session.add(EndedService(service_id=1, since=utc_now(), state="stopped", block_number=9))
    assert write_notices() == 1
    with writing():
        db.session.execute(update(EndedService).values(since=days_ago(13.5)))
    assert write_notices() == 1
    with writing():
        holds = list(db.session.scalars(select(_hold())))
        tell_removed(open_mirror(), holds)
        tell_removed(open_mirror(), holds)
        for hold in holds:
            db.session.delete(hold)
    assert write_notices() == 0
    assert kinds(holder) == [("removed", True), ("removal_1d", False), ("ended", False)]
    texts = [item["text"] for item in holder.get("/v1/account/notices").json["items"]]
    assert texts[0] == "The content of service 1 was removed."
    assert texts[2].startswith("Service 1 is stopped. Its content is kept until 2")


def test_a_service_that_comes_back__takes_its_notices_along(holder: Wallet, mirror: Mirror) -> None:
    with writing():
        db.session.add(EndedService(service_id=1, since=utc_now(), state="expired", block_number=9))
    write_notices()
    with writing():
        db.session.delete(db.session.get(EndedService, 1))
    assert write_notices() == 0
    assert kinds(holder) == [("ended", False)]


def test_notices__come_in_pages(holder: Wallet, mirror: Mirror) -> None:
    for _ in range(3):
        for seconds in (HOUR, 30 * DAY):
            lasts(mirror, holder, seconds)
            write_notices()
    seen: list[str] = []
    cursor = ""
    while True:
        answer = holder.get(f"/v1/account/notices?limit=2{cursor}").json
        seen += [item["id"] for item in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    begin(writes=False)
    ids = db.session.scalars(select(Notice.id).order_by(Notice.id.desc()))
    assert seen == [str(number) for number in ids]


def test_anothers_notices__are_not_shown(holder: Wallet, mirror: Mirror, wallet) -> None:  # type: ignore[no-untyped-def]
    lasts(mirror, holder, HOUR)
    write_notices()
    assert kinds(wallet()) == []


def _hold():  # type: ignore[no-untyped-def]
    from api.holds.models import Hold

    return Hold
