"""Blocks ahead of a deployment: what is missing, and CARs of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.blocks import service
from api.blocks.schemas import MAX_CIDS
from api.problems import Problem
from api.storage.car import MEDIA_TYPE, encode_header
from api.storage.ports import BlockStore, StoreFull
from api.storage.unixfs import parse_cid
from api.storage.unixfs.cid import RAW, encode_cid
from api.storage.unixfs.varint import varint
from tests.api.packing import car, packed
from tests.api.world import Mirror, Wallet, slug

FILES = {"index.html": b"<p>hello", "a/b.txt": b"b" * 3_000, "a/c.txt": b"c" * 3_000}


@pytest.fixture
def store(app: Flask) -> BlockStore:
    made: BlockStore = app.extensions["dspace_store"]
    return made


@pytest.fixture
def sender(owner: Wallet, mirror: Mirror) -> Wallet:
    """The owner of a site's service, with an allowance."""
    mirror.tier(0, storage=10_000_000)
    return owner


def ask(wallet: Wallet, cids: list[str]) -> TestResponse:
    return wallet.post("/v1/blocks/missing", json={"cids": cids})


def send(wallet: Wallet, body: bytes, **options: object) -> TestResponse:
    return wallet.post("/v1/blocks", data=body, content_type=MEDIA_TYPE, **options)


def missing(wallet: Wallet, cids: list[str]) -> list[str]:
    answer = ask(wallet, cids)
    assert answer.status_code == 200, answer.text
    return list(answer.json["missing"])  # type: ignore[index]


def old(store: BlockStore, cids: list[str]) -> None:
    for cid in cids:
        path = store.path(cid)
        assert path is not None
        os.utime(path, (1, 1))


def test_blocks__that_were_sent__are_no_longer_missing(sender: Wallet, store: BlockStore) -> None:
    root, blocks = packed(FILES)
    cids = list(blocks)
    assert missing(sender, cids) == cids
    half = dict(list(blocks.items())[:2])
    answer = send(sender, car([], half))
    assert answer.status_code == 201, answer.text
    assert answer.json == {"blocks": 2, "bytes": sum(map(len, half.values()))}
    assert missing(sender, cids) == cids[2:]
    assert send(sender, car([root], blocks)).status_code == 201
    assert missing(sender, cids) == []
    assert all(store.get(cid) == data for cid, data in blocks.items())


def test_blocks_that_are_there__count_as_put_now(sender: Wallet, store: BlockStore) -> None:
    _, blocks = packed(FILES)
    send(sender, car([], blocks))
    old(store, list(blocks))
    kept = list(blocks)[:3]
    missing(sender, kept)
    store.remove_older(list(blocks), put_before=time.time() - 60)
    assert missing(sender, list(blocks)) == list(blocks)[3:]


def test_a_cid__is_answered_once__and_as_it_was_spelled(sender: Wallet) -> None:
    root, _ = packed(FILES)
    assert missing(sender, [root.text_v0, str(root), root.text_v0]) == [root.text_v0]
    assert missing(sender, [str(root), root.text_v0]) == [str(root)]


@pytest.mark.parametrize(
    ("cids", "field"),
    [
        (["bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", "nonsense"], "cids.1"),
        (["../../etc/passwd"], "cids.0"),
        ([], "cids"),
        (["Qm"] * (MAX_CIDS + 1), "cids"),
    ],
)
def test_what_is_no_list_of_cids__is_refused_by_its_place(
    sender: Wallet, cids: list[str], field: str
) -> None:
    answer = ask(sender, cids)
    assert slug(answer) == "validation-failed"
    assert answer.json["errors"][0]["field"] == field  # type: ignore[index]


def test_the_longest_list__is_taken(sender: Wallet) -> None:
    cids = ["bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"] * MAX_CIDS
    assert ask(sender, cids).status_code == 200


class TestWhoMay:
    def test_it_takes_an_active_service(
        self, wallet: Callable[..., Wallet], mirror: Mirror
    ) -> None:
        stranger = wallet()
        mirror.tier(0)
        root, blocks = packed(FILES)
        assert slug(ask(stranger, [str(root)])) == "service-not-active"
        assert slug(send(stranger, car([root], blocks))) == "service-not-active"
        mirror.service(7, stranger.address, plan=3)  # a storage service will do
        assert ask(stranger, [str(root)]).status_code == 200
        assert send(stranger, car([root], blocks)).status_code == 201

    def test_it_takes_the_scope(self, sender: Wallet) -> None:
        key = sender.post("/v1/auth/keys", json={"name": "ci", "scopes": ["sites:read"]}).json
        sender.token = str(key["key"])  # type: ignore[index]
        root, blocks = packed(FILES)
        assert slug(ask(sender, [str(root)])) == "scope-missing"
        assert slug(send(sender, car([root], blocks))) == "scope-missing"

    def test_what_can_never_fit__is_refused_before_it_is_read(
        self, owner: Wallet, mirror: Mirror, store: BlockStore
    ) -> None:
        mirror.tier(0, storage=1_000)
        root, blocks = packed(FILES)
        assert slug(send(owner, car([root], blocks))) == "allowance-exceeded"
        assert list(store.cids()) == []


class TestHostileCars:
    def test_a_forged_block__is_named__and_what_came_before_it_stays(
        self, sender: Wallet, store: BlockStore
    ) -> None:
        _, blocks = packed(FILES)
        good, bad = list(blocks)[:2]
        body = car([], {good: blocks[good], bad: blocks[bad][:-1] + b"!"})
        answer = send(sender, body)
        assert slug(answer) == "car-rejected"
        assert answer.json["entry"] == bad  # type: ignore[index]
        assert list(store.cids()) == [good]

    def test_a_cut_car__goes_on_where_it_was(self, sender: Wallet, store: BlockStore) -> None:
        root, blocks = packed(FILES)
        whole = car([root], blocks)
        answer = send(sender, whole[: len(whole) * 2 // 3])
        assert slug(answer) == "car-rejected"
        left = missing(sender, list(blocks))
        assert 0 < len(left) < len(blocks)
        assert send(sender, car([root], {cid: blocks[cid] for cid in left})).status_code == 201
        assert missing(sender, list(blocks)) == []

    @pytest.mark.parametrize(
        "body",
        [b"", b"\0", b"PK\3\4 no car", b"\xff" * 40, varint(2**34)],
        ids=["empty", "zero", "zip", "ones", "huge header"],
    )
    def test_what_is_no_car__is_refused(self, sender: Wallet, body: bytes) -> None:
        assert slug(send(sender, body)) == "car-rejected"

    def test_a_block_that_claims_to_be_huge__is_refused(self, sender: Wallet) -> None:
        header = encode_header([])
        answer = send(sender, varint(len(header)) + header + varint(2**30) + b"x")
        assert slug(answer) == "car-rejected"
        assert answer.json["entry"] == "block 1"  # type: ignore[index]

    def test_too_many_blocks__are_refused(
        self, sender: Wallet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(service, "MAX_BLOCKS", 3)
        root, blocks = packed(FILES)
        assert slug(send(sender, car([root], blocks))) == "payload-too-large"

    def test_a_body_of_no_stated_length__has_the_same_limits(
        self, app: Flask, store: BlockStore
    ) -> None:
        body = car([], packed(FILES)[1])
        for max_bytes, room, told in ((1_000, 10_000, "payload-too-large"), (10_000, 1_000, "")):
            with pytest.raises(Problem) as refused:
                service.take_car(store, BytesIO(body), max_bytes, room)
            assert refused.value.type.slug == (told or "allowance-exceeded")
            store.flush()
        assert list(store.cids()) == []

    def test_another_media_type__is_refused(self, sender: Wallet) -> None:
        answer = sender.post("/v1/blocks", json={})
        assert slug(answer) == "unsupported-media-type"


def test_a_repeat__gets_the_first_answer(sender: Wallet) -> None:
    root, blocks = packed(FILES)
    body, key = car([root], blocks), {"Idempotency-Key": "one"}
    first = send(sender, body, headers=key)
    again = send(sender, body, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == first.json
    other = send(sender, car([], {str(root): blocks[str(root)]}), headers=key)
    assert slug(other) == "idempotency-key-reused"


def test_a_block_of_either_codec__is_asked_for_by_its_cid(sender: Wallet) -> None:
    root, blocks = packed(FILES)
    send(sender, car([root], blocks))
    # The same digest as a raw block is another CID, and another block.
    raw = parse_cid(str(root)).digest
    assert missing(sender, [encode_cid(RAW, raw)]) == [encode_cid(RAW, raw)]


def test_a_full_disk__is_told__and_nothing_half_written_stays(
    sender: Wallet, store: BlockStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, blocks = packed(FILES)

    def full(*_arguments: object, **_more: object) -> None:
        raise StoreFull("no space is left for blocks")

    monkeypatch.setattr(store, "put", full)
    assert slug(send(sender, car([root], blocks))) == "storage-full"
    assert list(store.cids()) == []
