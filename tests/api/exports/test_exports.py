"""Exports: everything of an account, and nothing of another's."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask

from api.storage.car import import_car, read_car
from api.storage.embedded import EmbeddedBlockStore
from api.storage.ports import BlockStore
from api.storage.unixfs import Dag, Directory, parse_cid
from tests.api.deploying import deploy, work
from tests.api.world import Mirror, Wallet, slug

EXPORT = "/v1/account/export"


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def full(app: Flask, owner: Wallet, mirror: Mirror) -> Wallet:
    """An account with a site of two deployments, a folder and a pin."""
    mirror.service(7, owner.address, plan=3)
    owner.post("/v1/sites", json={"name": "hello", "service_id": 1})
    for text in ("one", "two"):
        deploy(owner, text)
        work(app)
    owner.ask("PUT", "/v1/files/docs/a.txt", data=b"a file")
    pinned = owner.get("/v1/files").json["cid"]
    owner.post("/v1/pins", json={"cid": pinned, "name": "mine"})
    work(app)
    return owner


def exported(wallet: Wallet) -> zipfile.ZipFile:
    answer = wallet.get(EXPORT)
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.data))


def manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    return dict(json.loads(archive.read("manifest.json")))


def test_everything__is_there_and_each_car_is_whole_by_itself(
    full: Wallet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    archive = exported(full)
    told = manifest(archive)
    assert (told["format"], told["version"]) == ("decentraspace-export", 1)
    assert told["account"]["address"] == full.address
    assert {service["id"] for service in told["services"]} == {"1", "7"}
    (site,) = told["sites"]
    assert [found["number"] for found in site["deployments"]] == [2, 1]
    assert [found["change"] for found in told["files"]] == ["put /docs/a.txt"]
    assert [found["pin"]["name"] for found in told["pins"]] == ["mine"]
    roots = {found["cid"] for found in site["deployments"]} | {told["files"][0]["cid"]}
    assert set(told["cars"]) == roots
    sent = json.loads(archive.read("sent.json"))
    for cid, name in told["cars"].items():
        data = archive.read(name)
        assert sent[cid] == {
            "bytes": len(data),
            "sha256": sha256(data).hexdigest(),
            "missing": None,
        }
        store = EmbeddedBlockStore(tmp_path_factory.mktemp("blocks"))
        assert import_car(io.BytesIO(data), store).roots == (parse_cid(cid),)
        store.flush()
        assert isinstance(Dag(store).open(parse_cid(cid)), Directory)


@pytest.mark.parametrize("state", [2, 3])
def test_what_is_paused_or_suspended__can_be_taken_away(
    full: Wallet, mirror: Mirror, state: int
) -> None:
    for service, plan in ((1, 2), (7, 3)):
        mirror.service(service, full.address, plan=plan, state=state)
    assert len(manifest(exported(full))["cars"]) == 3


def test_a_lost_block__is_named_and_the_rest_comes(app: Flask, full: Wallet) -> None:
    store: BlockStore = app.extensions["dspace_store"]
    lost = next(cid for cid in store.cids() if store.get(cid) == b"a file")
    store.remove_older([lost], put_before=2**40)
    archive = exported(full)
    sent = json.loads(archive.read("sent.json"))
    assert sorted(found["missing"] or "" for found in sent.values()) == ["", "", lost]


def test_an_empty_account__has_an_empty_export(wallet: Callable[..., Wallet]) -> None:
    told = manifest(exported(wallet()))
    assert (told["sites"], told["files"], told["pins"], told["cars"]) == ([], [], [], {})


def test_a_site__is_a_car_of_what_is_live_or_of_any_deployment(full: Wallet) -> None:
    shown = full.get("/v1/sites/hello/deployments").json["items"]
    for query, deployment in (("", shown[0]), (f"?deployment={shown[1]['id']}", shown[1])):
        answer = full.get(f"/v1/sites/hello/export{query}")
        assert answer.content_type == "application/vnd.ipld.car; version=1"
        assert read_car(io.BytesIO(answer.data)).roots == (parse_cid(deployment["cid"]),)
    answer = full.get("/v1/sites/hello/export?deployment=" + "0" * 32)
    assert (answer.status_code, slug(answer)) == (404, "unknown-deployment")


def test_another_account__gets_nothing_of_it(full: Wallet, wallet: Callable[..., Wallet]) -> None:
    other = wallet()
    assert manifest(exported(other))["cars"] == {}
    answer = other.get("/v1/sites/hello/export")
    assert (answer.status_code, slug(answer)) == (403, "not-your-site")


def test_only_so_many_at_once(app: Flask, full: Wallet) -> None:
    places = app.extensions["dspace_streams"]
    taken = 0
    while places.acquire(blocking=False):
        taken += 1
    answer = full.get(EXPORT)
    assert (answer.status_code, slug(answer)) == (503, "busy")
    for _ in range(taken):
        places.release()
    for _ in range(taken + 2):
        answer = full.client.open(
            EXPORT, headers={"Authorization": f"Bearer {full.token}"}, buffered=False
        )
        next(iter(answer.response))
        answer.close()  # the client went away
    assert exported(full)
