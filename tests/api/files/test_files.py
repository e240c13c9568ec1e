"""Folders over HTTP: upload, read, change, and who may."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.storage.car import read_car, write_car
from api.storage.nowhere import Nowhere
from api.storage.ports import BlockStore
from api.storage.unixfs import UNIXFS_V0_2015, import_file, parse_cid
from api.storage.unixfs.walk import walk_blocks
from tests.api.deploying import tarred, zipped
from tests.api.world import Mirror, Wallet, slug

FILES = "/v1/files"


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


def put(wallet: Wallet, path: str, data: bytes, **headers: str) -> TestResponse:
    return wallet.ask("PUT", f"{FILES}/{path}", data=data, headers=headers)


def add(wallet: Wallet, *files: tuple[str, bytes], path: str = "/", field: str = "file") -> Any:
    form = {field: [(io.BytesIO(data), name) for name, data in files]}
    return wallet.post(f"{FILES}?path={path}", data=form)


def listed(wallet: Wallet, path: str = "/", **query: str) -> dict[str, Any]:
    answer = wallet.get(FILES, query_string={"path": path, **query})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def names(wallet: Wallet, path: str = "/") -> list[str]:
    return [item["name"] for item in listed(wallet, path)["items"]]


def cid_of(data: bytes) -> str:
    return str(import_file(io.BytesIO(data), Nowhere()).cid)


class TestPut:
    def test_a_file__is_there_with_its_cid(self, owner: Wallet) -> None:
        answer = put(owner, "docs/a%20b.txt", b"hello")
        assert answer.status_code == 201
        saved = answer.json
        assert (saved["cid"], saved["size"], saved["path"]) == (
            cid_of(b"hello"),
            5,
            "/docs/a b.txt",
        )
        assert answer.headers["ETag"] == f'"{saved["cid"]}"'
        read = owner.get(f"{FILES}/docs/a%20b.txt")
        assert read.data == b"hello"
        assert read.headers["ETag"] == answer.headers["ETag"]
        assert read.content_type == "text/plain; charset=utf-8"
        assert read.headers["Content-Disposition"].startswith("attachment")

    def test_a_file_that_is_replaced__answers_200(self, owner: Wallet) -> None:
        put(owner, "a", b"1")
        assert put(owner, "a", b"2").status_code == 200
        assert owner.get(f"{FILES}/a").data == b"2"

    def test_if_match__guards_the_file_that_was_seen(self, owner: Wallet) -> None:
        seen = put(owner, "a", b"1").headers["ETag"]
        assert put(owner, "other", b"x").status_code == 201
        assert put(owner, "a", b"2", **{"If-Match": seen}).status_code == 200
        late = put(owner, "a", b"3", **{"If-Match": seen})
        assert (late.status_code, slug(late)) == (412, "precondition-failed")
        assert owner.get(f"{FILES}/a").data == b"2"

    def test_if_none_match__only_makes_what_is_new(self, owner: Wallet) -> None:
        assert put(owner, "a", b"1", **{"If-None-Match": "*"}).status_code == 201
        assert put(owner, "a", b"2", **{"If-None-Match": "*"}).status_code == 412
        assert put(owner, "b", b"2", **{"If-Match": "*"}).status_code == 412

    def test_a_folder_and_what_is_in_it__is_never_lost_to_a_file(self, owner: Wallet) -> None:
        put(owner, "a/b", b"1")
        for path in ("a", "a/b/c"):
            answer = put(owner, path, b"2")
            assert (answer.status_code, slug(answer)) == (409, "path-taken")

    @pytest.mark.parametrize("path", ["../x", "a/../../x", "a%00b", "a%5Cb", "x" * 300, "C:/x"])
    def test_a_path_that_could_lead_elsewhere__is_refused(self, owner: Wallet, path: str) -> None:
        answer = put(owner, path, b"1")
        assert answer.status_code in (404, 422), answer.text
        assert names(owner) == []

    def test_the_profile_of_2015__makes_its_cid(self, owner: Wallet) -> None:
        data = bytes(300_000)
        answer = owner.ask("PUT", f"{FILES}/old?profile=unixfs-v0-2015", data=data)
        expected = import_file(io.BytesIO(data), Nowhere(), UNIXFS_V0_2015).cid
        assert answer.json["cid"] == str(expected)

    def test_a_repeat_under_the_same_key__is_done_once(self, owner: Wallet) -> None:
        key = {"Idempotency-Key": "one"}
        first = put(owner, "a", b"1", **key)
        put(owner, "a", b"2")
        again = put(owner, "a", b"1", **key)
        assert again.json == first.json
        assert owner.get(f"{FILES}/a").data == b"2"


class TestUpload:
    def test_one_file__has_its_cid_size_and_path_on_top(self, owner: Wallet) -> None:
        answer = add(owner, ("a.txt", b"hello"), path="/docs")
        assert answer.status_code == 201, answer.text
        saved = answer.json
        assert (saved["cid"], saved["size"]) == (cid_of(b"hello"), 5)
        assert saved["path"] == "/docs/a.txt"

    def test_a_whole_folder__keeps_its_paths_in_one_version(self, owner: Wallet) -> None:
        files = [(f"site/p{number}/index.html", b"%d" % number) for number in range(40)]
        answer = add(owner, *files, ("site/.DS_Store", b"litter"))
        assert answer.status_code == 201
        assert len(answer.json["items"]) == 40
        assert len(names(owner, "/site")) == 40
        assert owner.get(f"{FILES}/site/p7/index.html").data == b"7"
        assert len(owner.get("/v1/file-versions").json["items"]) == 1

    @pytest.mark.parametrize("pack", [zipped, tarred])
    def test_an_archive__is_unpacked_into_what_is_there(
        self, owner: Wallet, pack: Callable[[dict[str, bytes]], bytes]
    ) -> None:
        put(owner, "dir/kept", b"kept")
        put(owner, "dir/a", b"old")
        archive = pack({"a": b"new", "sub/b": b"b"})
        answer = add(owner, ("x", archive), path="/dir", field="archive")
        assert answer.status_code == 201, answer.text
        assert names(owner, "/dir") == ["a", "kept", "sub"]
        assert owner.get(f"{FILES}/dir/a").data == b"new"
        root = add(owner, ("x", pack({"top": b"t"})), field="archive")
        assert root.status_code == 201
        assert names(owner) == ["dir", "top"]

    @pytest.mark.parametrize("as_form", [True, False])
    def test_a_car__is_grafted_whole(self, owner: Wallet, app: Flask, as_form: bool) -> None:
        put(owner, "made/a/b", b"deep")
        put(owner, "made/c", bytes(2_000_000))
        car = owner.get(f"{FILES}/made?format=car").data
        cid = listed(owner, "/made")["cid"]
        if as_form:
            answer = add(owner, ("x.car", car), path="/copy", field="car")
        else:
            answer = owner.post(
                f"{FILES}?path=/copy", data=car, content_type="application/vnd.ipld.car"
            )
        assert answer.status_code == 201, answer.text
        assert listed(owner, "/copy")["cid"] == cid

    def test_a_car_that_lacks_a_block__is_refused_by_its_name(
        self, owner: Wallet, app: Flask
    ) -> None:
        root = import_file(io.BytesIO(bytes(3 * 2**20)), app.extensions["dspace_store"])
        app.extensions["dspace_store"].flush()
        blocks = list(walk_blocks(app.extensions["dspace_store"], [root.cid]))
        app.extensions["dspace_store"].remove_older(
            [str(cid) for cid, _ in blocks], put_before=2**40
        )
        car = b"".join(write_car([root.cid], blocks[:1]))
        answer = add(owner, ("x", car), path="/x", field="car")
        assert (answer.status_code, slug(answer)) == (422, "car-rejected")
        assert answer.json["entry"] == str(blocks[1][0])

    def test_a_forged_car__leaves_nothing(self, owner: Wallet, app: Flask) -> None:
        store: BlockStore = app.extensions["dspace_store"]
        before = list(store.cids())
        cid = parse_cid(cid_of(b"honest"))
        car = b"".join(write_car([cid], [(cid, b"forged")]))
        answer = add(owner, ("x", car), path="/x", field="car")
        assert (answer.status_code, slug(answer)) == (422, "car-rejected")
        assert list(store.cids()) == before

    @pytest.mark.parametrize("name", ["../up", "/abs", "a/../../b", "C:/x", "n" * 300])
    def test_a_name_that_could_lead_elsewhere__is_refused(self, owner: Wallet, name: str) -> None:
        answer = add(owner, ("good", b"x"), (name, b"y"))
        assert (answer.status_code, slug(answer)) == (422, "archive-rejected")
        assert names(owner) == []

    def test_the_same_name_twice__is_refused_by_its_name(self, owner: Wallet) -> None:
        answer = add(owner, ("a", b"x"), ("a", b"y"))
        assert (answer.status_code, slug(answer)) == (422, "archive-rejected")
        assert answer.json["entry"] == "a"

    def test_another_kind_of_body__is_refused(self, owner: Wallet) -> None:
        answer = owner.post(FILES, json={})
        assert (answer.status_code, slug(answer)) == (415, "unsupported-media-type")
        answer = owner.post(FILES, data={"other": (io.BytesIO(b"x"), "x")})
        assert (answer.status_code, slug(answer)) == (422, "validation-failed")


class TestRead:
    def test_ranges__are_cut_from_the_file(self, owner: Wallet) -> None:
        data = bytes(range(256)) * 10_000
        put(owner, "big", data)
        for header, start, end in [
            ("bytes=0-9", 0, 10),
            ("bytes=1048570-1048590", 1_048_570, 1_048_591),
            ("bytes=-5", len(data) - 5, len(data)),
        ]:
            answer = owner.get(f"{FILES}/big", headers={"Range": header})
            assert answer.status_code == 206
            assert answer.data == data[start:end]
            assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(data)}"
        answer = owner.get(f"{FILES}/big", headers={"Range": "bytes=9999999999-"})
        assert (answer.status_code, slug(answer)) == (416, "range-not-satisfiable")

    def test_what_is_known_already__is_not_sent_again(self, owner: Wallet) -> None:
        etag = put(owner, "a", b"1").headers["ETag"]
        assert owner.get(f"{FILES}/a", headers={"If-None-Match": etag}).status_code == 304

    def test_a_head__tells_what_a_get_would(self, owner: Wallet) -> None:
        put(owner, "a", b"12345")
        answer = owner.ask("HEAD", f"{FILES}/a")
        assert (answer.status_code, answer.data) == (200, b"")
        assert answer.headers["Content-Length"] == "5"

    def test_a_folder__comes_in_pages_by_name(self, owner: Wallet) -> None:
        add(owner, *[(f"n{number:03}", b"%d" % number) for number in range(130)])
        found: list[str] = []
        cursor = ""
        while True:
            page = listed(owner, limit="50", **({"cursor": cursor} if cursor else {}))
            found += [item["name"] for item in page["items"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
        assert found == [f"n{number:03}" for number in range(130)]

    def test_an_empty_account__has_an_empty_root(self, owner: Wallet) -> None:
        page = listed(owner)
        assert (page["items"], page["version"], page["next_cursor"]) == ([], None, None)

    def test_a_car__holds_every_block_of_what_was_asked_for(self, owner: Wallet) -> None:
        put(owner, "d/a", b"one")
        put(owner, "d/e/b", bytes(2_000_000))
        answer = owner.get(f"{FILES}/d?format=car")
        assert answer.content_type == "application/vnd.ipld.car; version=1"
        car = read_car(io.BytesIO(answer.data))
        blocks = dict(car.blocks)
        assert str(car.roots[0]) == listed(owner, "/d")["cid"]
        assert blocks[parse_cid(cid_of(b"one"))] == b"one"

    def test_content_is_read_by_its_cid__by_whoever_holds_it(
        self, owner: Wallet, wallet: Callable[..., Wallet], mirror: Mirror
    ) -> None:
        cid = put(owner, "d/a", b"mine")
        folder = listed(owner, "/d")["cid"]
        assert owner.get(FILES, query_string={"cid": cid.json["cid"]}).data == b"mine"
        assert owner.get(FILES, query_string={"cid": folder}).json["items"][0]["name"] == "a"
        other = wallet(rate=1_000)
        mirror.service(8, other.address, plan=3)
        answer = other.get(FILES, query_string={"cid": folder})
        assert (answer.status_code, slug(answer)) == (404, "unknown-file")

    def test_a_path_that_is_not_there__is_404(self, owner: Wallet) -> None:
        put(owner, "a", b"1")
        for path in ("b", "a/b"):
            answer = owner.get(f"{FILES}/{path}")
            assert (answer.status_code, slug(answer)) == (404, "unknown-file")


class TestChange:
    def test_a_deleted_folder__is_gone_with_all_in_it(self, owner: Wallet) -> None:
        put(owner, "d/a", b"1")
        put(owner, "e", b"2")
        assert owner.ask("DELETE", f"{FILES}/d").status_code == 204
        assert names(owner) == ["e"]
        assert owner.ask("DELETE", f"{FILES}/d").status_code == 404

    def test_a_delete__honours_if_match(self, owner: Wallet) -> None:
        etag = put(owner, "a", b"1").headers["ETag"]
        put(owner, "a", b"2")
        answer = owner.ask("DELETE", f"{FILES}/a", headers={"If-Match": etag})
        assert answer.status_code == 412
        assert names(owner) == ["a"]

    def test_a_move__is_one_version(self, owner: Wallet) -> None:
        put(owner, "d/a", b"1")
        answer = owner.post(f"{FILES}/move", json={"from": "/d", "to": "/x/y"})
        assert answer.status_code == 200, answer.text
        assert (answer.json["path"], answer.json["kind"]) == ("/x/y", "directory")
        assert names(owner) == ["x"]
        assert owner.get(f"{FILES}/x/y/a").data == b"1"
        assert [row["change"] for row in owner.get("/v1/file-versions").json["items"]] == [
            "move /d to /x/y",
            "put /d/a",
        ]

    def test_a_folder__cannot_go_into_itself(self, owner: Wallet) -> None:
        put(owner, "d/a", b"1")
        answer = owner.post(f"{FILES}/move", json={"from": "/d", "to": "/d/e"})
        assert (answer.status_code, slug(answer)) == (422, "validation-failed")

    def test_a_target_that_is_there__stops_a_move_unless_told(self, owner: Wallet) -> None:
        put(owner, "a", b"1")
        put(owner, "b", b"2")
        body = {"from": "a", "to": "b"}
        answer = owner.post(f"{FILES}/move", json=body)
        assert (answer.status_code, slug(answer)) == (409, "path-taken")
        assert owner.post(f"{FILES}/move", json=body | {"overwrite": True}).status_code == 200
        assert names(owner) == ["b"]
        assert owner.get(f"{FILES}/b").data == b"1"

    def test_a_copy__is_made_of_a_path_or_of_a_cid(self, owner: Wallet) -> None:
        cid = put(owner, "a", b"1").json["cid"]
        for body in ({"from": "/a", "to": "/b"}, {"cid": cid, "to": "/c/d"}):
            answer = owner.post(f"{FILES}/copy", json=body)
            assert (answer.status_code, answer.json["cid"]) == (200, cid)
        assert names(owner) == ["a", "b", "c"]
        assert owner.post(f"{FILES}/copy", json={"to": "/x"}).status_code == 422

    def test_an_empty_folder__is_made_once(self, owner: Wallet) -> None:
        for _ in range(2):
            answer = owner.post(f"{FILES}/folders", json={"path": "/d/e"})
            assert (answer.status_code, answer.json["kind"]) == (201, "directory")
        assert names(owner, "/d") == ["e"]
        assert listed(owner, "/d/e")["items"] == []
        assert len(owner.get("/v1/file-versions").json["items"]) == 1


class TestVersions:
    def test_an_older_version__is_read_and_restored(self, owner: Wallet) -> None:
        first = put(owner, "a", b"1").json["version"]
        put(owner, "a", b"2")
        put(owner, "b", b"3")
        assert owner.get(f"{FILES}/a", query_string={"version": first}).data == b"1"
        one = owner.post(f"/v1/file-versions/{first}/restore", json={"path": "/a"})
        assert one.status_code == 200, one.text
        assert owner.get(f"{FILES}/a").data == b"1"
        assert names(owner) == ["a", "b"]
        whole = owner.post(f"/v1/file-versions/{first}/restore", json={})
        assert whole.json["number"] == 5
        assert names(owner) == ["a"]

    def test_what_was_not_there_then__is_gone_after_its_restore(self, owner: Wallet) -> None:
        first = put(owner, "a", b"1").json["version"]
        put(owner, "b", b"2")
        answer = owner.post(f"/v1/file-versions/{first}/restore", json={"path": "/b"})
        assert answer.status_code == 200
        assert names(owner) == ["a"]

    def test_anothers_version__is_unknown(
        self, owner: Wallet, wallet: Callable[..., Wallet], mirror: Mirror
    ) -> None:
        theirs = put(owner, "a", b"1").json["version"]
        other = wallet(rate=1_000)
        mirror.service(8, other.address, plan=3)
        for answer in (
            other.get(FILES, query_string={"version": theirs}),
            other.post(f"/v1/file-versions/{theirs}/restore", json={}),
        ):
            assert (answer.status_code, slug(answer)) == (404, "unknown-version")

    def test_versions__come_in_pages(self, owner: Wallet) -> None:
        for number in range(5):
            put(owner, "a", b"%d" % number)
        first = owner.get("/v1/file-versions?limit=3").json
        second = owner.get(f"/v1/file-versions?limit=3&cursor={first['next_cursor']}").json
        assert [row["number"] for row in first["items"] + second["items"]] == [5, 4, 3, 2, 1]
        assert second["next_cursor"] is None


class TestService:
    @pytest.mark.parametrize("state", [2, 3, 4])
    def test_what_is_not_active__takes_nothing(
        self, owner: Wallet, mirror: Mirror, state: int
    ) -> None:
        put(owner, "a", b"1")
        mirror.service(7, owner.address, plan=3, state=state)
        for answer in (
            put(owner, "b", b"2"),
            add(owner, ("b", b"2")),
            owner.ask("DELETE", f"{FILES}/a"),
            owner.post(f"{FILES}/move", json={"from": "a", "to": "b"}),
            owner.post(f"{FILES}/folders", json={"path": "x"}),
        ):
            assert (answer.status_code, slug(answer)) == (402, "storage-not-active")

    @pytest.mark.parametrize("state", [2, 3])
    def test_what_is_paused_or_suspended__is_read_by_its_owner(
        self, owner: Wallet, mirror: Mirror, state: int
    ) -> None:
        put(owner, "a", b"1")
        mirror.service(7, owner.address, plan=3, state=state)
        assert owner.get(f"{FILES}/a").data == b"1"

    def test_what_has_lapsed__is_back_at_once_with_credit(
        self, owner: Wallet, mirror: Mirror
    ) -> None:
        put(owner, "a", b"1")
        mirror.account(owner.address, paid=0, rate=1_000, updated_at=mirror.now - 10)
        assert put(owner, "b", b"2").status_code == 402
        assert owner.get(f"{FILES}/a").data == b"1"
        mirror.account(owner.address, rate=1_000)
        assert put(owner, "b", b"2").status_code == 201

    def test_an_account_without_storage__is_told(self, wallet: Callable[..., Wallet]) -> None:
        made = wallet()
        for answer in (put(made, "a", b"1"), made.get(FILES)):
            assert (answer.status_code, slug(answer)) == (402, "storage-not-active")

    def test_the_allowance__is_never_exceeded(self, owner: Wallet, mirror: Mirror) -> None:
        mirror.tier(0, rate=0, discount=0, storage=100_000)
        assert put(owner, "a", bytes(60_000)).status_code == 201
        used = owner.get("/v1/account/storage").json
        assert 60_000 <= int(used["used_bytes"]) < 61_000
        assert used["allowed_bytes"] == "100000"
        answer = put(owner, "b", b"x" * 60_000)
        assert (answer.status_code, slug(answer)) == (402, "allowance-exceeded")
        assert names(owner) == ["a"]
        assert put(owner, "c", b"y" * 30_000).status_code == 201

    def test_what_was_replaced__still_counts_as_long_as_it_is_kept(
        self, owner: Wallet, mirror: Mirror
    ) -> None:
        mirror.tier(0, rate=0, discount=0, storage=100_000)
        put(owner, "a", b"1" * 60_000)
        assert put(owner, "a", b"2" * 60_000).status_code == 402
        assert put(owner, "a", b"2" * 30_000).status_code == 200
        assert 90_000 <= int(owner.get("/v1/account/storage").json["used_bytes"]) < 91_000
