"""Whole folders at once: many parts, archives, CARs, and everything that is wrong with them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from api.files.schemas import PROFILES
from api.settings import ApiSettings
from api.storage.car import write_car
from api.storage.ports import StoreFull
from api.storage.unixfs import UNIXFS_V1_2025, Cid, Profile, parse_cid
from api.storage.unixfs.cid import DAG_PB, RAW, pack_cid
from api.storage.unixfs.dagpb import Link, encode_node
from api.storage.unixfs.data import Data, Kind, encode_data
from tests.api.deploying import PATH as DEPLOYMENTS
from tests.api.deploying import show, tarred, work, zipped
from tests.api.files.keeping import Keeper, built
from tests.api.storage.packing import pack_tar
from tests.api.world import Mirror, slug

FILES = {"index.html": b"<p>hi", "css/site.css": b"p {}", "css/deep/er.bin": bytes(2**20 + 7)}


def car_of(files: dict[str, bytes | None]) -> bytes:
    root, store = built(files)
    blocks = ((parse_cid(cid), data) for cid, data in store.blocks.items())
    return b"".join(write_car([root.cid], blocks))


def blocks_in(settings: ApiSettings) -> list[Path]:
    folder = settings.data_dir / "blocks"
    return [path for path in folder.rglob("*") if path.is_file() and path.name.startswith("b")]


@pytest.fixture
def nothing_left(settings: ApiSettings) -> Iterator[None]:
    """After a refusal no block and no spooled file is left."""
    yield
    assert blocks_in(settings) == []
    assert list((settings.data_dir / "blocks" / "tmp").glob("*/[0-9]*")) == []
    assert list(settings.uploads_dir.glob("*")) == []


class TestParts:
    def test_one_file__is_answered_for_by_itself(self, keeper: Keeper) -> None:
        answer = keeper.upload({"a.txt": b"hello"}, "/dir")
        assert answer.status_code == 201, answer.text
        made = answer.json
        assert (made["path"], made["size"], made["items"]) == ("/dir/a.txt", 5, None)
        assert answer.headers["Location"] == "/v1/files/dir/a.txt"
        assert keeper.get("/dir/a.txt").headers["ETag"] == f'"{made["cid"]}"'

    def test_many_with_paths__are_a_folder(self, keeper: Keeper) -> None:
        made = keeper.upload(FILES, "/site").json
        assert [(item["path"], item["size"]) for item in made["items"]] == [
            (f"/site/{name}", len(data)) for name, data in FILES.items()
        ]
        assert (made["path"], made["cid"]) == ("/site", str(built(FILES)[0].cid))
        assert len(keeper.versions()) == 1

    def test_into_a_folder_that_is_there__they_join_it(self, keeper: Keeper) -> None:
        keeper.upload({"a": b"old", "keep": b"kept"}, "/x")
        keeper.upload({"a": b"new", "b/c": b"c"}, "/x")
        expected = {"x/a": b"new", "x/keep": b"kept", "x/b/c": b"c"}
        assert keeper.head()["cid"] == str(built(expected)[0].cid)

    def test_the_same_again_with_its_key__is_answered_the_same(self, keeper: Keeper) -> None:
        key = {"Idempotency-Key": "k"}
        first = keeper.upload(FILES, headers=key)
        again = keeper.upload(FILES, headers=key)
        assert again.json == first.json
        assert again.headers["Idempotency-Replayed"] == "true"
        assert slug(keeper.upload({"x": b"x"}, headers=key)) == "idempotency-key-reused"

    @pytest.mark.usefixtures("nothing_left")
    @pytest.mark.parametrize(
        "name", ["../up", "/etc/passwd", "a/../../b", "C:\\x", "x" * 256, "d/" * 33 + "f", "a\x01b"]
    )
    def test_a_bad_name__is_refused_and_named(self, keeper: Keeper, name: str) -> None:
        answer = keeper.upload({"good": b"x" * 2_000_000, name: b"y"})
        assert (slug(answer), answer.status_code) == ("path-rejected", 422)
        assert answer.json["entry"]

    @pytest.mark.usefixtures("nothing_left")
    @pytest.mark.parametrize(
        ("form", "problem"),
        [
            ({}, "validation-failed"),
            ({"other": (b"x", "x")}, "validation-failed"),
            ({"file": "no file"}, "validation-failed"),
            ({"file": [(b"x", "a"), (b"y", "a")]}, "path-rejected"),
            ({"file": [(b"x", "a"), (b"y", "a/b")]}, "path-rejected"),
            ({"archive": (b"none", "a.zip")}, "archive-rejected"),
            ({"car": (b"none", "a.car")}, "car-rejected"),
        ],
    )
    def test_what_is_no_upload__is_refused(
        self, keeper: Keeper, form: dict[str, Any], problem: str
    ) -> None:
        form = {name: _streams(value) for name, value in form.items()}
        answer = keeper.send(form, content_type="multipart/form-data")
        assert slug(answer) == problem

    @pytest.mark.usefixtures("nothing_left")
    def test_a_form_that_is_cut_off__leaves_nothing(self, keeper: Keeper) -> None:
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for body in (head + bytes(3 * 2**20), head[:30], b"x" * 2**21):
            answer = keeper.wallet.post(
                "/v1/files", data=body, content_type="multipart/form-data; boundary=x"
            )
            assert answer.status_code in (400, 413), answer.text

    @pytest.mark.usefixtures("nothing_left")
    def test_more_than_fits__is_refused(self, keeper: Keeper, settings: ApiSettings) -> None:
        settings.max_upload_bytes = 2**20
        settings.max_archive_files = 5
        assert slug(keeper.upload({"a": bytes(2**20 - 10), "b": bytes(11)})) == "payload-too-large"
        assert slug(keeper.upload({f"{n}": b"x" for n in range(6)})) == "payload-too-large"
        assert slug(keeper.put("/a", bytes(2**20 + 1))) == "payload-too-large"

    @pytest.mark.usefixtures("nothing_left")
    def test_a_full_disk__keeps_nothing(
        self, app: Flask, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full() -> None:
            raise StoreFull

        monkeypatch.setattr(app.extensions["dspace_store"], "flush", full)
        assert slug(keeper.upload({"a": bytes(2**21)})) == "storage-full"
        assert slug(keeper.put("/a", bytes(2**21))) == "storage-full"


class TestArchives:
    @pytest.mark.parametrize("pack", [zipped, tarred, lambda files: tarred(files, "w")])
    def test_it_is_unpacked_into_the_path(
        self, keeper: Keeper, pack: Callable[[dict[str, bytes]], bytes]
    ) -> None:
        top = {f"top/{name}": data for name, data in FILES.items()}
        answer = keeper.send({"archive": (io.BytesIO(pack(top)), "x")}, "/in/here")
        assert answer.status_code == 201, answer.text
        assert answer.json["path"] == "/in/here"
        assert {item["path"] for item in answer.json["items"]} == {
            f"/in/here/{name}" for name in top
        }
        assert answer.json["cid"] == str(built(top)[0].cid)  # its one top folder stays

    @pytest.mark.usefixtures("nothing_left")
    def test_a_hostile_one__names_its_entry(self, keeper: Keeper) -> None:
        answer = keeper.send({"archive": (io.BytesIO(pack_tar({"a": b"x", "../b": b"y"})), "x")})
        assert (slug(answer), answer.json["entry"]) == ("archive-rejected", "../b")


class TestCars:
    @pytest.mark.parametrize("as_field", [True, False])
    def test_its_root_takes_the_path(self, keeper: Keeper, as_field: bool) -> None:
        car = car_of(dict(FILES))
        if as_field:
            answer = keeper.send({"car": (io.BytesIO(car), "x.car")}, "/grafted")
        else:
            answer = keeper.graft(car, "/grafted")
        assert answer.status_code == 201, answer.text
        assert (answer.json["path"], answer.json["cid"]) == ("/grafted", str(built(FILES)[0].cid))
        assert keeper.get("/grafted/css/site.css").data == b"p {}"
        keeper.put("/grafted/css/site.css", b"changed")
        changed = built(FILES | {"css/site.css": b"changed"})[0].cid
        assert keeper.get("?path=/grafted").json["cid"] == str(changed)

    def test_what_was_taken_out_can_be_put_back(self, keeper: Keeper) -> None:
        keeper.upload(FILES)
        car = keeper.get("?format=car").data
        cid = keeper.head()["cid"]
        for name in ("index.html", "css"):
            keeper.delete(f"/{name}")
        keeper.put("/other", b"x")
        assert slug(keeper.graft(car, "/")) == "path-taken"
        assert keeper.graft(car, "/", overwrite="true").status_code == 201
        assert keeper.head()["cid"] == cid

    @pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
    def test_a_big_folder_of_either_profile__is_taken_and_changed(
        self, keeper: Keeper, profile: Profile
    ) -> None:
        names = [f"a file with a name that is long, number {n:05}" for n in range(3_000)]
        root, store = built(dict.fromkeys(names, b"x"), profile)
        blocks = [(parse_cid(cid), data) for cid, data in store.blocks.items()]
        answer = keeper.graft(b"".join(write_car([root.cid], blocks)), "/x")
        assert (answer.status_code, answer.json["cid"]) == (201, str(root.cid)), answer.text
        keeper.delete(f"/x/{names.pop()}")
        expected, _ = built(dict.fromkeys([f"x/{name}" for name in names], b"x"))
        if profile is UNIXFS_V1_2025:  # else its files are the other profile's still
            assert keeper.head()["cid"] == str(expected.cid)
        assert keeper.get(f"/x/{names[0]}").data == b"x"
        assert slug(keeper.get("/x/none")) == "unknown-path"

    @pytest.mark.usefixtures("nothing_left")
    @pytest.mark.parametrize("wrong", ["flipped", "cut", "two roots", "no root", "missing"])
    def test_a_broken_one__is_refused(self, keeper: Keeper, wrong: str) -> None:
        root, store = built({"a": b"a" * 50, "b": b"b"})
        blocks = [(parse_cid(cid), data) for cid, data in store.blocks.items()]
        roots = {"two roots": [root.cid, blocks[0][0]], "no root": []}.get(wrong, [root.cid])
        if wrong == "missing":
            del blocks[0]
        car = b"".join(write_car(roots, blocks))
        if wrong == "flipped":
            car = car[:-100] + bytes([car[-100] ^ 1]) + car[-99:]
        answer = keeper.graft(car[:-1] if wrong == "cut" else car, "/x")
        assert (slug(answer), answer.status_code) == ("car-rejected", 422)

    @pytest.mark.usefixtures("nothing_left")
    @pytest.mark.parametrize("name", [b"..", b"", b"a/b", b"\xff", b"a\0", b"."])
    def test_a_name_that_leads_elsewhere__is_refused(self, keeper: Keeper, name: bytes) -> None:
        assert slug(keeper.graft(_one_node([_link(name, 1)]), "/x")) == "car-rejected"

    @pytest.mark.usefixtures("nothing_left")
    def test_sizes_that_lie__are_refused(self, keeper: Keeper) -> None:
        lying = _one_node([_link(b"small", 0)])
        assert "wrong about the size" in keeper.graft(lying, "/x").json["detail"]
        twice = _one_node([_link(b"a", 1), _link(b"a", 1)])
        assert "comes twice" in keeper.graft(twice, "/x").json["detail"]
        link = encode_node([], encode_data(Data(Kind.SYMLINK, data=b"/etc/passwd")))
        assert slug(keeper.graft(_car(link), "/x")) == "car-rejected"
        shard = Data(Kind.SHARD, data=b"\x01", hash_type=0x22, fanout=256)
        misplaced = encode_node([_link(b"00name", 1)], encode_data(shard))
        assert "another's shard" in keeper.graft(_car(misplaced), "/x").json["detail"]


class TestDeploying:
    def test_a_folder_goes_live_as_it_was_at_that_moment(
        self, app: Flask, keeper: Keeper, mirror: Mirror
    ) -> None:
        mirror.service(1, keeper.address)
        keeper.wallet.post("/v1/sites", json={"name": "hello", "service_id": 1})
        keeper.upload(FILES, "/site")
        before = keeper.head()
        answer = keeper.wallet.post(DEPLOYMENTS, json={"folder": "/site"})
        assert (answer.status_code, answer.json["source"]) == (202, "folder")
        keeper.put("/site/index.html", b"changed")
        work(app)
        made = show(keeper.wallet, answer.json)
        assert (made["state"], made["cid"]) == ("live", str(built(FILES)[0].cid))
        older = {"folder": "/site", "version": before["id"]}
        again = keeper.wallet.post(DEPLOYMENTS, json=older)
        work(app)
        assert show(keeper.wallet, again.json)["cid"] == made["cid"]

    @pytest.mark.parametrize(
        ("body", "problem"),
        [
            ({"folder": "/none"}, "unknown-path"),
            ({"folder": "/site/index.html"}, "content-not-held"),
            ({"folder": "/../x"}, "path-rejected"),
            ({"folder": "/site", "version": "0" * 32}, "unknown-version"),
            ({"folder": "/site", "cid": "bafy"}, "validation-failed"),
            ({"cid": "bafy", "version": "0" * 32}, "validation-failed"),
        ],
    )
    def test_what_is_no_folder__is_refused(
        self, keeper: Keeper, mirror: Mirror, body: dict[str, str], problem: str
    ) -> None:
        mirror.service(1, keeper.address)
        keeper.wallet.post("/v1/sites", json={"name": "hello", "service_id": 1})
        keeper.upload(FILES, "/site")
        assert slug(keeper.wallet.post(DEPLOYMENTS, json=body)) == problem


def _link(name: bytes, tsize: int) -> Link:
    cid = Cid(RAW, sha256(b"x").digest())
    return Link(pack_cid(cid, 1), name, tsize)


def _one_node(links: list[Link]) -> bytes:
    return _car(encode_node(links, encode_data(Data(Kind.DIRECTORY))))


def _car(block: bytes) -> bytes:
    root = Cid(DAG_PB, sha256(block).digest())
    leaf = Cid(RAW, sha256(b"x").digest())
    return b"".join(write_car([root], [(root, block), (leaf, b"x")]))


def _streams(value: Any) -> Any:
    """A field's file, or files, as the client sends them."""
    if isinstance(value, list):
        return [_streams(each) for each in value]
    return (io.BytesIO(value[0]), value[1]) if isinstance(value, tuple) else value
