"""Deployments from CARs: whole by themselves, or together with what the store holds."""

from __future__ import annotations

import io
import os
import time

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.settings import ApiSettings
from api.storage.car import MEDIA_TYPE
from api.storage.ports import BlockStore
from api.storage.unixfs import parse_cid
from tests.api.deploying import PATH, show, work
from tests.api.packing import car, packed
from tests.api.world import Mirror, Wallet, slug

FILES = {"index.html": b"<p>hello", "a/b.txt": b"b" * 3_000}


@pytest.fixture
def site(owner: Wallet, mirror: Mirror) -> Wallet:
    mirror.tier(0)
    answer = owner.post("/v1/sites", json={"name": "hello", "service_id": 1})
    assert answer.status_code == 201
    return owner


@pytest.fixture
def store(app: Flask) -> BlockStore:
    made: BlockStore = app.extensions["dspace_store"]
    return made


def send(wallet: Wallet, body: bytes) -> TestResponse:
    return wallet.post(PATH, data=body, content_type=MEDIA_TYPE)


def spooled(settings: ApiSettings) -> list[str]:
    return [path.name for path in settings.uploads_dir.glob("*")]


def test_a_car__goes_live(
    app: Flask, site: Wallet, settings: ApiSettings, store: BlockStore
) -> None:
    root, blocks = packed(FILES)
    answer = send(site, car([root], blocks))
    assert answer.status_code == 202, answer.text
    assert list(store.cids()) == []  # only looked at, until the job
    work(app)
    made = show(site, dict(answer.json or {}))
    assert (made["state"], made["source"], made["cid"]) == ("live", "car", str(root))
    assert (made["file_count"], made["size_bytes"]) == (2, 3_008)
    assert sorted(store.cids()) == sorted(blocks)
    assert spooled(settings) == []


def test_a_car__in_a_multipart_field__goes_live(app: Flask, site: Wallet) -> None:
    root, blocks = packed(FILES)
    answer = site.post(PATH, data={"car": (io.BytesIO(car([root], blocks)), "site.car")})
    assert answer.status_code == 202, answer.text
    work(app)
    assert show(site, dict(answer.json or {}))["cid"] == str(root)


def test_a_car__may_lack_what_the_store_holds__which_then_outlasts_the_queue(
    app: Flask, site: Wallet, store: BlockStore
) -> None:
    root, blocks = packed(FILES)
    held = {cid: data for cid, data in blocks.items() if cid.startswith("bafk")}
    for cid, data in held.items():
        store.put(cid, data)
    store.flush()
    for path in filter(None, map(store.path, held)):
        os.utime(path, (1, 1))
    answer = send(site, car([root], {c: d for c, d in blocks.items() if c not in held}))
    assert answer.status_code == 202, answer.text
    assert store.remove_older(list(held), put_before=time.time() - 60) == 0
    work(app)
    assert show(site, dict(answer.json or {}))["state"] == "live"


def test_a_car__that_is_not_whole__names_the_block(site: Wallet, settings: ApiSettings) -> None:
    root, blocks = packed(FILES)
    lost = next(cid for cid, data in blocks.items() if data == FILES["a/b.txt"])
    answer = send(site, car([root], {c: d for c, d in blocks.items() if c != lost}))
    assert slug(answer) == "car-rejected"
    assert answer.json["entry"] == lost  # type: ignore[index]
    assert spooled(settings) == []


def test_a_forged_block__is_named__even_outside_of_the_root(
    site: Wallet, settings: ApiSettings
) -> None:
    root, blocks = packed(FILES)
    _, others = packed({"other": b"other"})
    bad = next(iter(others))
    answer = send(site, car([root], blocks | {bad: b"forged"}))
    assert slug(answer) == "car-rejected"
    assert answer.json["entry"] == bad  # type: ignore[index]
    assert spooled(settings) == []


@pytest.mark.parametrize("count", [0, 2])
def test_a_car__of_no_single_root__is_refused(site: Wallet, count: int) -> None:
    root, blocks = packed(FILES)
    answer = send(site, car([root] * count, blocks))
    assert slug(answer) == "car-rejected"
    assert f"{count} roots" in answer.json["detail"]  # type: ignore[index]


def test_a_root__that_is_a_file__is_refused(site: Wallet) -> None:
    _, blocks = packed(FILES)
    file = next(parse_cid(cid) for cid in blocks if cid.startswith("bafk"))
    answer = send(site, car([file], blocks))
    assert slug(answer) == "car-rejected"
    assert "no directory" in answer.json["detail"]  # type: ignore[index]


def test_what_the_store_has_lost_by_then__fails_the_deployment(
    app: Flask, site: Wallet, store: BlockStore
) -> None:
    root, blocks = packed(FILES)
    held = next(cid for cid in blocks if cid.startswith("bafk"))
    store.put(held, blocks[held])
    store.flush()
    answer = send(site, car([root], {c: d for c, d in blocks.items() if c != held}))
    assert answer.status_code == 202
    store.remove_older([held], put_before=2**40)
    work(app)
    made = show(site, dict(answer.json or {}))
    assert made["state"] == "failed"
    assert "no longer holds the whole" in made["reason"]


def test_too_large_a_body__is_refused(app: Flask, site: Wallet, settings: ApiSettings) -> None:
    app.config["DSPACE"] = settings.model_copy(update={"max_upload_bytes": 2_000})
    root, blocks = packed({"index.html": os.urandom(100_000)})
    assert slug(send(site, car([root], blocks))) == "payload-too-large"
    assert spooled(settings) == []
