"""Files and folders of an account by path: put, get, list, move, copy, delete."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from tests.api.files.keeping import SERVICE, Keeper, built, unpacked
from tests.api.world import Mirror, Wallet, slug


class TestPut:
    def test_a_file__is_there_under_its_cid(self, keeper: Keeper) -> None:
        answer = keeper.put("/a/b.txt", b"hello")
        assert answer.status_code == 201, answer.text
        made = answer.json
        root, store = built({"b.txt": b"hello"})
        cid = next(cid for cid, data in store.blocks.items() if data == b"hello")
        assert (made["cid"], made["size"], made["path"]) == (cid, 5, "/a/b.txt")
        assert answer.headers["ETag"] == f'"{cid}"'
        assert made["version"] == keeper.head()["id"]
        got = keeper.get("/a/b.txt")
        assert (got.status_code, got.data) == (200, b"hello")
        assert got.headers["ETag"] == f'"{cid}"'
        assert got.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert got.headers["Content-Disposition"] == "attachment; filename*=UTF-8''b.txt"
        assert keeper.get("/a").json["cid"] == str(root.cid)

    def test_another_one__replaces_it(self, keeper: Keeper) -> None:
        keeper.put("/a", b"one")
        assert keeper.put("/a", b"two").status_code == 200
        assert keeper.get("/a").data == b"two"

    def test_the_same_again__is_no_new_version(self, keeper: Keeper) -> None:
        first = keeper.put("/a", b"one").json["version"]
        assert keeper.put("/a", b"one").json["version"] == first

    def test_if_match__keeps_two_writers_apart(self, keeper: Keeper) -> None:
        etag = keeper.put("/a", b"one").headers["ETag"]
        assert keeper.put("/a", b"two", headers={"If-Match": etag}).status_code == 200
        late = keeper.put("/a", b"three", headers={"If-Match": etag})
        assert (slug(late), late.status_code) == ("precondition-failed", 412)
        assert late.headers["ETag"] == keeper.get("/a").headers["ETag"]
        assert slug(keeper.put("/none", b"x", headers={"If-Match": "*"})) == "precondition-failed"
        assert slug(keeper.delete("/a", headers={"If-Match": etag})) == "precondition-failed"
        assert keeper.get("/a").data == b"two"

    def test_if_none_match__puts_new_files_alone(self, keeper: Keeper) -> None:
        only_new = {"If-None-Match": "*"}
        assert keeper.put("/a", b"one", headers=only_new).status_code == 201
        assert slug(keeper.put("/a", b"two", headers=only_new)) == "precondition-failed"

    def test_an_idempotency_key__gives_the_first_answer_again(self, keeper: Keeper) -> None:
        key = {"Idempotency-Key": "one", "If-None-Match": "*"}
        first = keeper.put("/a", b"one", headers=key)
        keeper.put("/a", b"two")
        again = keeper.put("/a", b"one", headers=key)
        assert (again.status_code, again.json) == (201, first.json)
        assert keeper.get("/a").data == b"two"
        assert slug(keeper.put("/a", b"other", headers=key)) == "idempotency-key-reused"

    def test_a_folder__is_not_replaced_and_a_file_is_none(self, keeper: Keeper) -> None:
        keeper.put("/a/b", b"one")
        assert slug(keeper.put("/a", b"two")) == "path-taken"
        assert slug(keeper.put("/a/b/c", b"two")) == "path-taken"
        assert keeper.get("/a/b").data == b"one"

    def test_the_older_profile__gives_its_cid(self, keeper: Keeper) -> None:
        made = keeper.put("/a?profile=unixfs-v0-2015", b"hello")
        # `ipfs add` of these five bytes
        assert made.json["cid"] == "QmWfVY9y3xjsixTgbd9AorQxH7VtMpzfx2HaWtsoUYecaX"
        tags = {"If-Match": '"QmWfVY9y3xjsixTgbd9AorQxH7VtMpzfx2HaWtsoUYecaX"'}
        assert keeper.put("/a", b"other", headers=tags).status_code == 200

    @pytest.mark.parametrize(
        "path", ["/a/%2e%2e/b", "/a%00b", "/a%01b", "/" + "x" * 256, "/d" * 33, "/a%5cb"]
    )
    def test_a_bad_path__is_refused_and_named(self, keeper: Keeper, path: str) -> None:
        answer = keeper.put(path, b"x")
        assert (slug(answer), answer.status_code) == ("path-rejected", 422)
        assert answer.json["entry"]

    def test_a_name__is_kept_as_given(self, keeper: Keeper) -> None:
        names = ["e\u0301", "ü ß.txt", "é", "日本 語", "a+b&c=%", "move", ".hidden"]
        for name in names:
            assert (
                keeper.wallet.ask("PUT", f"/v1/files/{quote(name)}", data=b"x").status_code == 201
            )
        assert keeper.names() == sorted(names)

    def test_a_body_that_is_cut_off__leaves_nothing(self, keeper: Keeper) -> None:
        told = {"CONTENT_LENGTH": "200", "wsgi.input_terminated": True}
        answer = keeper.put("/a", b"x" * 100, environ_overrides=told)
        assert answer.status_code == 400
        unknown = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        answer = keeper.put("/a", b"x", environ_overrides=unknown | {"CONTENT_LENGTH": ""})
        assert (slug(answer), answer.status_code) == ("length-required", 411)
        assert keeper.get("/a").status_code == 404


class TestGet:
    def test_conditions_and_ranges(self, keeper: Keeper) -> None:
        data = bytes(range(256)) * 5_000  # two blocks
        etag = keeper.put("/a.bin", data).headers["ETag"]
        assert keeper.get("/a.bin", headers={"If-None-Match": etag}).status_code == 304
        part = keeper.get("/a.bin", headers={"Range": "bytes=1048570-1048585"})
        assert (part.status_code, part.data) == (206, data[1048570:1048586])
        assert part.headers["Content-Range"] == f"bytes 1048570-1048585/{len(data)}"
        assert keeper.get("/a.bin", headers={"Range": "bytes=-3"}).data == data[-3:]
        past = keeper.get("/a.bin", headers={"Range": "bytes=9999999-"})
        assert (slug(past), past.headers["Content-Range"]) == (
            "range-not-satisfiable",
            f"bytes */{len(data)}",
        )
        stale = {"Range": "bytes=0-1", "If-Range": '"other"'}
        assert keeper.get("/a.bin", headers=stale).data == data
        head = keeper.wallet.ask("HEAD", "/v1/files/a.bin")
        assert (head.data, head.headers["Content-Length"]) == (b"", str(len(data)))

    def test_as_a_car__is_the_whole_of_it(self, keeper: Keeper) -> None:
        files = {"a/b": b"b" * 3_000_000, "a/c/d": b"d", "e": b"e"}
        keeper.upload(files)
        expected, store = built(files)
        for path in ("?format=car", "/a?format=car", "/e?format=car"):
            answer = keeper.get(path)
            assert (answer.status_code, answer.mimetype) == (200, "application/vnd.ipld.car")
            _, blocks = unpacked(answer.data)
            assert set(map(str, blocks)) <= set(store.blocks)
        whole, blocks = unpacked(keeper.get("?format=car").data)
        assert (whole, set(map(str, blocks))) == (expected.cid, set(store.blocks))

    def test_what_is_not_there(self, keeper: Keeper) -> None:
        assert slug(keeper.get("/none")) == "unknown-path"
        keeper.put("/a", b"a")
        assert slug(keeper.get("/none")) == "unknown-path"
        assert slug(keeper.get("/a/b")) == "unknown-path"
        assert slug(keeper.get(f"?version={'0' * 32}")) == "unknown-version"


class TestList:
    def test_an_empty_tree(self, keeper: Keeper) -> None:
        root, _ = built({})
        shown = keeper.get("").json
        assert (shown["path"], shown["cid"], shown["items"]) == ("/", str(root.cid), [])
        assert shown["as_of"]["block_number"] == 10
        assert unpacked(keeper.get("?format=car").data)[0] == root.cid

    def test_entries_with_their_kinds_and_sizes(self, keeper: Keeper) -> None:
        keeper.upload({"a.txt": b"abc", "big": bytes(2**20 + 1), "dir/x": b"x"})
        shown = keeper.get("").json["items"]
        told = [(item["name"], item["path"], item["kind"], item["size"]) for item in shown]
        assert told[:2] == [("a.txt", "/a.txt", "file", 3), ("big", "/big", "file", 2**20 + 1)]
        assert told[2][:3] == ("dir", "/dir", "directory")

    def test_a_big_folder_page_by_page(self, keeper: Keeper) -> None:
        names = [f"a file with a name that is long, number {n:05}.txt" for n in range(3_000)]
        assert keeper.upload(dict.fromkeys(names, b"x"), "/many").status_code == 201
        expected, _ = built(dict.fromkeys(names, b"x"))
        page = keeper.get("?path=/many&limit=100").json
        assert page["cid"] == str(expected.cid)  # in shards
        found = page["items"]
        while page["next_cursor"]:
            page = keeper.get(f"?path=/many&limit=100&cursor={page['next_cursor']}").json
            found += page["items"]
        assert [item["name"] for item in found] == names


class TestMoveCopyDelete:
    def test_a_move__keeps_the_content(self, keeper: Keeper) -> None:
        keeper.upload({"a/b": b"b", "a/c": b"c"})
        answer = keeper.post("/move", {"from": "/a/b", "to": "/new/name"})
        assert (answer.status_code, answer.json["path"], answer.json["size"]) == (
            200,
            "/new/name",
            1,
        )
        assert keeper.head()["cid"] == str(built({"a/c": b"c", "new/name": b"b"})[0].cid)

    def test_a_copy__is_there_twice(self, keeper: Keeper) -> None:
        keeper.upload({"a/b": b"b"})
        assert keeper.post("/copy", {"from": "/a", "to": "/c"}).status_code == 200
        cid = keeper.get("/a").json["cid"]
        assert keeper.post("/copy", {"cid": cid, "to": "/d/e"}).status_code == 200
        files = {"a/b": b"b", "c/b": b"b", "d/e/b": b"b"}
        assert keeper.head()["cid"] == str(built(files)[0].cid)
        unknown = str(built({"other": b"x"})[0].cid)
        assert slug(keeper.post("/copy", {"cid": unknown, "to": "/x"})) == "unknown-content"

    @pytest.mark.parametrize("what", ["move", "copy"])
    def test_what_has_no_place__is_refused(self, keeper: Keeper, what: str) -> None:
        keeper.upload({"a/b": b"b", "c": b"c"})
        before = keeper.head()["cid"]

        def ask(source: str, target: str) -> TestResponse:
            return keeper.post(f"/{what}", {"from": source, "to": target})

        assert slug(ask("/a", "/a/b/c")) == "folder-into-itself"
        assert slug(ask("/a", "/a")) == "folder-into-itself"
        assert slug(ask("/a", "/c")) == "path-taken"
        assert slug(ask("/c", "/a/b/c")) == "path-taken"
        assert slug(ask("/none", "/d")) == "unknown-path"
        assert slug(ask("/c", "/../d")) == "path-rejected"
        assert keeper.head()["cid"] == before
        over = keeper.post(f"/{what}", {"from": "/a", "to": "/c", "overwrite": True})
        assert over.status_code == 200
        assert keeper.get("/c/b").data == b"b"

    def test_a_folder__is_never_replaced_by_what_is_in_it(self, keeper: Keeper) -> None:
        keeper.upload({"a/b": b"b"})
        body = {"from": "/a/b", "to": "/a", "overwrite": True}
        assert slug(keeper.post("/move", body)) == "folder-into-itself"

    def test_an_empty_folder(self, keeper: Keeper) -> None:
        answer = keeper.post("/folders", {"path": "/a/b"})
        assert (answer.status_code, answer.json["path"]) == (201, "/a/b")
        assert keeper.head()["cid"] == str(built({"a/b": None})[0].cid)
        assert slug(keeper.post("/folders", {"path": "/a"})) == "path-taken"

    def test_delete(self, keeper: Keeper) -> None:
        keeper.upload({"a/b": b"b", "a/c": b"c", "d": b"d"})
        assert keeper.delete("/a/b").status_code == 204
        assert keeper.names("/a") == ["c"]
        assert keeper.delete("/a").status_code == 204
        assert keeper.names() == ["d"]
        assert slug(keeper.delete("/a")) == "unknown-path"


class TestWhoMay:
    def test_one_account_never_sees_anothers(
        self, keeper: Keeper, wallet: Callable[..., Wallet], mirror: Mirror
    ) -> None:
        keeper.put("/a", b"mine")
        other = wallet(rate=1_000)
        mirror.service(SERVICE + 1, other.address, plan=3)
        version = keeper.head()["id"]
        assert slug(Keeper(other).get("/a")) == "unknown-path"
        assert slug(Keeper(other).get(f"/a?version={version}")) == "unknown-version"
        assert slug(Keeper(other).restore({"id": version})) == "unknown-version"

    @pytest.mark.parametrize(("state", "reads"), [(1, True), (2, True), (4, False)])
    def test_by_the_service__paused_reads_and_stopped_does_not(
        self, keeper: Keeper, mirror: Mirror, state: int, reads: bool
    ) -> None:
        keeper.put("/a", b"a")
        mirror.service(SERVICE, keeper.address, plan=3, state=state)
        assert (keeper.get("/a").status_code == 200) is reads
        written = keeper.put("/b", b"b")
        if state == 1:
            assert written.status_code == 201
        else:
            assert (slug(written), written.status_code) == ("storage-not-active", 402)
            assert slug(keeper.upload({"b": b"b"})) == "storage-not-active"
            assert slug(keeper.delete("/a")) == "storage-not-active"

    def test_a_key__needs_the_scope(self, keeper: Keeper) -> None:
        made = keeper.wallet.post("/v1/auth/keys", json={"name": "ci", "scopes": ["files:read"]})
        assert made.status_code == 201, made.text
        key = {"Authorization": f"Bearer {made.json['key']}"}
        assert keeper.get("", headers=key).status_code == 200
        assert slug(keeper.put("/a", b"a", headers=key)) == "scope-missing"
