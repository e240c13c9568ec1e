"""Blocks ahead of a deployment: asked for, sent, verified."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from flask import Flask

from api.storage.car import write_car
from api.storage.unixfs import Cid
from api.storage.unixfs.cid import RAW
from tests.api.world import Mirror, Wallet, slug

CAR = "application/vnd.ipld.car"


def cid_of(data: bytes) -> Cid:
    return Cid(RAW, sha256(data).digest())


def car_of(*blocks: bytes) -> bytes:
    return b"".join(write_car([cid_of(blocks[0])], [(cid_of(data), data) for data in blocks]))


def missing(wallet: Wallet, *blocks: bytes) -> list[str]:
    answer = wallet.post("/v1/blocks/missing", json={"cids": [str(cid_of(b)) for b in blocks]})
    assert answer.status_code == 200, answer.text
    return list(answer.json["missing"])


def test_what_is_missing__is_sent_and_then_there(app: Flask, owner: Wallet) -> None:
    assert missing(owner, b"one", b"two") == [str(cid_of(b"one")), str(cid_of(b"two"))]
    answer = owner.post("/v1/blocks", data=car_of(b"one", b"two"), content_type=CAR)
    assert (answer.status_code, answer.json) == (201, {"blocks": 2, "bytes": 6})
    assert missing(owner, b"one", b"two", b"three") == [str(cid_of(b"three"))]
    assert app.extensions["dspace_store"].get(str(cid_of(b"one"))) == b"one"


def test_one_forged_block__and_none_is_kept(app: Flask, owner: Wallet) -> None:
    car = car_of(b"good") + b"".join(write_car([], [(cid_of(b"x"), b"forged")]))[18:]
    answer = owner.post("/v1/blocks", data=car, content_type=CAR)
    assert (answer.status_code, slug(answer)) == (422, "car-rejected")
    assert missing(owner, b"good") == [str(cid_of(b"good"))]


def test_more_than_the_allowance__is_refused(owner: Wallet, mirror: Mirror) -> None:
    mirror.tier(0, rate=0, discount=0, storage=1_000)
    answer = owner.post("/v1/blocks", data=car_of(bytes(2_000)), content_type=CAR)
    assert (answer.status_code, slug(answer)) == (402, "allowance-exceeded")


def test_without_an_active_service__nothing_is_taken(wallet: Callable[..., Wallet]) -> None:
    poor = wallet()
    for answer in (
        poor.post("/v1/blocks", data=car_of(b"x"), content_type=CAR),
        poor.post("/v1/blocks/missing", json={"cids": [str(cid_of(b"x"))]}),
    ):
        assert (answer.status_code, slug(answer)) == (402, "service-not-active")


def test_what_is_no_cid_or_no_car__is_told(owner: Wallet) -> None:
    answer = owner.post("/v1/blocks/missing", json={"cids": ["nonsense"]})
    assert (answer.status_code, slug(answer)) == (422, "validation-failed")
    answer = owner.post("/v1/blocks/missing", json={"cids": [str(cid_of(b"x"))] * 1_001})
    assert answer.status_code == 422
    answer = owner.post("/v1/blocks", data=b"x", content_type="text/plain")
    assert (answer.status_code, slug(answer)) == (415, "unsupported-media-type")
