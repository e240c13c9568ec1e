"""Versions of a tree: kept, restored, pruned; and what all of them count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from api.db import begin, db, utc_now, writing
from api.files.models import FileVersion
from api.holds.models import Hold
from api.jobs.scheduler import clear_expired
from api.settings import ApiSettings
from api.storage.unixfs import parse_cid
from api.storage.unixfs.walk import walk_blocks
from tests.api.files.keeping import SERVICE, TIER, Keeper, built
from tests.api.world import Mirror, slug

MIB = 2**20


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


class TestHistory:
    def test_each_change_is_a_version_that_tells_what_made_it(self, keeper: Keeper) -> None:
        keeper.put("/a", b"one")
        keeper.upload({"x": b"x", "y/z": b"z"}, "/d")
        keeper.post("/move", {"from": "/a", "to": "/b"})
        keeper.post("/copy", {"from": "/b", "to": "/c"})
        keeper.post("/folders", {"path": "/e"})
        keeper.delete("/c")
        keeper.restore(keeper.versions()[-1])
        found = keeper.versions()
        assert [version["number"] for version in found] == [7, 6, 5, 4, 3, 2, 1]
        assert [version["is_head"] for version in found] == [True] + [False] * 6
        assert [version["change"] for version in found] == [
            "restore / of version 1",
            "delete /c",
            "make folder /e",
            "copy /b to /c",
            "move /a to /b",
            "upload 2 files into /d",
            "put /a",
        ]

    def test_it_comes_page_by_page(self, keeper: Keeper) -> None:
        for number in range(5):
            keeper.put("/a", b"%d" % number)
        seen, cursor = [], ""
        while cursor is not None:
            page = keeper.wallet.get(f"/v1/file-versions?limit=2{cursor}").json
            seen += [version["number"] for version in page["items"]]
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        assert seen == [5, 4, 3, 2, 1]

    def test_an_older_one_can_be_read(self, keeper: Keeper) -> None:
        first = keeper.put("/a", b"one").json["version"]
        keeper.put("/a", b"two")
        keeper.put("/b", b"b")
        assert keeper.get(f"/a?version={first}").data == b"one"
        assert [item["name"] for item in keeper.get(f"?version={first}").json["items"]] == ["a"]

    def test_restore__the_tree_or_one_path(self, keeper: Keeper) -> None:
        keeper.upload({"a/x": b"x", "b": b"b"})
        old = keeper.head()
        keeper.put("/a/x", b"changed")
        keeper.delete("/b")
        keeper.put("/new", b"new")
        answer = keeper.restore(old, "/a/x")
        assert (answer.status_code, answer.json["path"]) == (200, "/a/x")
        assert keeper.head()["cid"] == str(built({"a/x": b"x", "new": b"new"})[0].cid)
        assert slug(keeper.restore(old, "/new")) == "unknown-path"
        assert keeper.restore(old).json["cid"] == old["cid"]
        assert keeper.names() == ["a", "b"]
        assert slug(keeper.restore({"id": "0" * 32})) == "unknown-version"


class TestWhatCounts:
    def test_the_head_whole_and_what_was_dropped_from_it(self, keeper: Keeper) -> None:
        keeper.upload({"a": bytes(MIB), "b": bytes(100)})
        assert keeper.used() == keeper.head()["size"]
        keeper.put("/c", b"c" * 1_000)
        assert keeper.used() == keeper.head()["size"]
        keeper.delete("/a")
        assert keeper.used() == keeper.head()["size"] + MIB  # it can be restored
        keeper.post("/move", {"from": "/b", "to": "/moved/b"})
        assert keeper.used() == keeper.head()["size"] + MIB
        keeper.put("/c", b"other")
        assert keeper.used() == keeper.head()["size"] + MIB + 1_000

    def test_a_restore__counts_what_it_drops(self, keeper: Keeper) -> None:
        keeper.put("/a", bytes(MIB))
        first = keeper.head()
        keeper.post("/move", {"from": "/a", "to": "/b"})
        keeper.put("/c", b"c" * 1_000)
        keeper.restore(first)
        assert keeper.used() == keeper.head()["size"] + 1_000

    def test_beyond_the_allowance__nothing_is_changed(self, keeper: Keeper, mirror: Mirror) -> None:
        mirror.tier(TIER, storage=3 * MIB)
        keeper.put("/a", bytes(2 * MIB))
        before = keeper.head()
        for answer in (
            keeper.put("/b", bytes(MIB)),
            keeper.put("/a", bytes(MIB)),  # the one before would be kept beside it
            keeper.upload({"b": bytes(MIB)}),
            keeper.post("/copy", {"from": "/a", "to": "/b"}),
        ):
            assert (slug(answer), answer.status_code) == ("allowance-exceeded", 402)
        assert keeper.head() == before
        assert keeper.delete("/a").status_code == 204  # room is always given back
        shown = keeper.wallet.get("/v1/account/storage").json
        assert shown["allowed_bytes"] == str(3 * MIB)

    def test_less_than_is_held__still_lets_things_be_deleted(
        self, keeper: Keeper, mirror: Mirror
    ) -> None:
        keeper.upload({"a/b": bytes(MIB), "a/c": b"c"})
        mirror.tier(TIER, storage=1)
        assert keeper.delete("/a/b").status_code == 204
        assert slug(keeper.put("/d", b"d")) == "allowance-exceeded"


class TestRetention:
    def test_beyond_the_most__the_oldest_go(
        self, app: Flask, keeper: Keeper, settings: ApiSettings
    ) -> None:
        app.config["DSPACE"] = settings.model_copy(update={"max_file_versions": 3})
        for number in range(6):
            keeper.put("/a", b"%d" % number)
        assert [version["number"] for version in keeper.versions()] == [6, 5, 4]
        assert held(app) == {version["id"] for version in keeper.versions()}

    def test_after_their_time__they_go_and_the_head_stays(self, app: Flask, keeper: Keeper) -> None:
        for data in (bytes(MIB), b"two", b"three"):
            keeper.put("/a", data)
        past = utc_now() - timedelta(days=31)
        with app.app_context(), writing():
            number = FileVersion.number
            db.session.execute(update(FileVersion).where(number == 1).values(superseded_at=past))
            db.session.execute(update(FileVersion).where(number == 3).values(created_at=past))
        with app.app_context():
            clear_expired()
        assert [version["number"] for version in keeper.versions()] == [3, 2]
        assert held(app) == {version["id"] for version in keeper.versions()}
        assert keeper.used() < MIB
        assert keeper.get("/a").data == b"three"


def test_every_version__has_a_hold_and_all_its_blocks(app: Flask, keeper: Keeper) -> None:
    keeper.upload({"a/b": bytes(2 * MIB), "c": b"c"})
    keeper.put("/a/b", b"other")
    keeper.post("/move", {"from": "/a", "to": "/d"})
    with app.app_context():
        begin(writes=False)
        holds = list(db.session.scalars(select(Hold)))
        store = app.extensions["dspace_store"]
        for hold in holds:
            assert list(walk_blocks(store, [parse_cid(hold.cid)]))
    assert {(hold.kind, hold.subject, hold.service_id, hold.cid) for hold in holds} == {
        ("folder", version["id"], SERVICE, version["cid"]) for version in keeper.versions()
    }


def held(app: Flask) -> set[str]:
    with app.app_context():
        begin(writes=False)
        return set(db.session.scalars(select(Hold.subject).where(Hold.released_at.is_(None))))
