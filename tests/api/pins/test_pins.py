"""The Pinning Service API: what clients ask, and what becomes of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.db import db, writing
from api.holds.models import Hold
from api.storage.car import write_car
from api.storage.embedded import EmbeddedBlockStore
from api.storage.network import GatewayNetwork, KuboNetwork
from api.storage.ports import BlockStore
from api.storage.unixfs import Cid, DirectoryBuilder, import_file
from api.storage.unixfs.cid import DAG_PB, RAW
from api.storage.unixfs.walk import walk_blocks
from tests.api.deploying import work
from tests.api.pins.conftest import Host
from tests.api.world import Mirror, Wallet

PINS = "/v1/pins"


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def elsewhere(tmp_path: Path) -> BlockStore:
    return EmbeddedBlockStore(tmp_path / "elsewhere")


def folder(store: BlockStore, text: str = "kept") -> Cid:
    builder = DirectoryBuilder()
    builder.add_file(("a", "one.txt"), import_file(io.BytesIO(text.encode()), store))
    builder.add_file(("big",), import_file(io.BytesIO(text.encode() * 500_000), store))
    root = builder.build(store).cid
    store.flush()
    return root


def car_of(store: BlockStore, root: Cid) -> bytes:
    return b"".join(write_car([root], walk_blocks(store, [root])))


def add(wallet: Wallet, cid: object, **more: Any) -> dict[str, Any]:
    answer = wallet.post(PINS, json={"cid": str(cid), **more})
    assert answer.status_code == 202, answer.text
    return dict(answer.json)


def show(wallet: Wallet, pin: dict[str, Any]) -> dict[str, Any]:
    return dict(wallet.get(f"{PINS}/{pin['requestid']}").json)


def results(wallet: Wallet, **query: Any) -> list[dict[str, Any]]:
    answer = wallet.get(PINS, query_string=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json["results"])


def holds(app: Flask) -> dict[str, tuple[int, bool]]:
    with app.app_context(), writing():
        return {
            row.subject: (row.size_bytes, row.released_at is None) for row in db.session.query(Hold)
        }


def test_what_is_here__is_pinned_as_it_is(app: Flask, owner: Wallet) -> None:
    store = app.extensions["dspace_store"]
    root = folder(store)
    pin = add(owner, root, name="mine", meta={"app": "x"}, origins=["/ip4/1.2.3.4/tcp/4001"])
    assert pin["status"] == "queued"
    assert pin["pin"] == {
        "cid": str(root),
        "name": "mine",
        "meta": {"app": "x"},
        "origins": ["/ip4/1.2.3.4/tcp/4001"],
    }
    assert pin["delegates"]
    assert "info" not in pin
    work(app)
    assert show(owner, pin)["status"] == "pinned"
    size = sum(len(block) for _, block in walk_blocks(store, [root]))
    assert holds(app) == {pin["requestid"]: (size, True)}


def test_the_cid_is_told_as_it_was_given(app: Flask, owner: Wallet) -> None:
    root = folder(app.extensions["dspace_store"])
    pin = add(owner, root.text_v0)
    work(app)
    assert show(owner, pin)["pin"]["cid"] == root.text_v0
    assert [found["requestid"] for found in results(owner, cid=str(root))] == [pin["requestid"]]


@pytest.mark.parametrize("make", [GatewayNetwork, KuboNetwork])
def test_what_is_elsewhere__is_fetched_and_verified(
    app: Flask, owner: Wallet, host: Host, elsewhere: BlockStore, make: Any
) -> None:
    root = folder(elsewhere)
    host.cars[str(root)] = car_of(elsewhere, root)
    app.extensions["dspace_network"] = make([host.url] if make is GatewayNetwork else host.url)
    pin = add(owner, root, origins=["/ip4/127.0.0.1/tcp/1", "/dns4/node.example.com/tcp/4001"])
    work(app)
    assert show(owner, pin)["status"] == "pinned"
    here = app.extensions["dspace_store"]
    assert list(walk_blocks(here, [root])) == list(walk_blocks(elsewhere, [root]))
    connects = [path for path in host.asked if "swarm" in path]
    assert len(connects) == (1 if make is KuboNetwork else 0)
    assert not any("127.0.0.1" in path for path in connects)


def test_a_host_that_lies__puts_nothing(
    app: Flask, owner: Wallet, host: Host, elsewhere: BlockStore
) -> None:
    root = folder(elsewhere)
    blocks = list(walk_blocks(elsewhere, [root]))
    forged = b"".join(write_car([root], [(cid, data + b"!") for cid, data in blocks]))
    foreign = folder(elsewhere, "foreign")
    host.cars[str(root)] = forged
    app.extensions["dspace_network"] = GatewayNetwork([host.url])
    first = add(owner, root)
    work(app)
    assert show(owner, first)["status"] == "pinning"  # it is tried again
    host.cars[str(foreign)] = b"".join(
        write_car([foreign], [*walk_blocks(elsewhere, [foreign]), *blocks])
    )
    second = add(owner, foreign)
    work(app)
    assert show(owner, second)["status"] == "pinned"
    assert not app.extensions["dspace_store"].has(str(root))


@pytest.mark.parametrize(("status", "location"), [(404, None), (302, "http://127.0.0.1:1/")])
def test_what_nobody_has__fails_with_its_reason_or_waits(
    app: Flask, owner: Wallet, host: Host, status: int, location: str | None
) -> None:
    host.status, host.location = status, location
    app.extensions["dspace_network"] = GatewayNetwork([host.url])
    pin = add(owner, Cid(RAW, bytes(32)))
    work(app)
    shown = show(owner, pin)
    if status == 404:
        assert (shown["status"], "not found" in shown["info"]["status_details"]) == ("failed", True)
        assert holds(app) == {}
    else:
        assert shown["status"] == "pinning"
    assert len(host.asked) == 1


def test_without_a_network__a_car_brings_it(
    app: Flask, owner: Wallet, elsewhere: BlockStore
) -> None:
    root = folder(elsewhere)
    pin = add(owner, root)
    work(app)
    assert show(owner, pin)["status"] == "failed"
    for data, status in ((car_of(elsewhere, root)[:-5], 422), (car_of(elsewhere, root), 202)):
        answer = owner.post(
            f"{PINS}/{pin['requestid']}/car", data=data, content_type="application/vnd.ipld.car"
        )
        assert answer.status_code == status, answer.text
    work(app)
    shown = show(owner, pin)
    assert (shown["status"], "info" in shown) == ("pinned", False)


def test_a_pin_beyond_the_allowance__fails_and_keeps_nothing(
    app: Flask, owner: Wallet, mirror: Mirror
) -> None:
    mirror.tier(0, rate=0, discount=0, storage=100_000)
    pin = add(owner, folder(app.extensions["dspace_store"]))
    work(app)
    shown = show(owner, pin)
    assert shown["status"] == "failed"
    assert "100000" in shown["info"]["status_details"]
    assert holds(app) == {}


def test_a_deleted_pin__is_unknown_and_its_hold_released(app: Flask, owner: Wallet) -> None:
    pin = add(owner, folder(app.extensions["dspace_store"]))
    work(app)
    assert owner.ask("DELETE", f"{PINS}/{pin['requestid']}").status_code == 202
    assert owner.get(f"{PINS}/{pin['requestid']}").status_code == 404
    assert [kept for _, kept in holds(app).values()] == [False]


def test_a_replaced_pin__is_another_request(app: Flask, owner: Wallet) -> None:
    store = app.extensions["dspace_store"]
    old = add(owner, folder(store, "old"))
    work(app)
    new = owner.post(f"{PINS}/{old['requestid']}", json={"cid": str(folder(store, "new"))}).json
    work(app)
    assert new["requestid"] != old["requestid"]
    assert show(owner, new)["status"] == "pinned"
    assert owner.get(f"{PINS}/{old['requestid']}").status_code == 404


def test_errors__have_the_shape_of_the_specification(
    owner: Wallet, wallet: Callable[..., Wallet], mirror: Mirror
) -> None:
    poor = wallet()
    cases = [
        (owner.get(f"{PINS}/none"), 404, "UNKNOWN_PIN"),
        (owner.post(PINS, json={"cid": "nonsense"}), 422, "VALIDATION_FAILED"),
        (owner.get(f"{PINS}/a%00b"), 404, "UNKNOWN_PIN"),
        (owner.get(f"{PINS}?name=a%00b"), 422, "VALIDATION_FAILED"),
        (owner.get(PINS, query_string={"meta": '{"a": "\\u0000"}'}), 422, "VALIDATION_FAILED"),
        (owner.post(PINS, json={"cid": "x", "name": "a\0b"}), 422, "VALIDATION_FAILED"),
        (owner.post(PINS, json={}), 422, "VALIDATION_FAILED"),
        (owner.get(f"{PINS}?limit=0"), 422, "VALIDATION_FAILED"),
        (owner.get(f"{PINS}?status=lost"), 422, "VALIDATION_FAILED"),
        (owner.get(f"{PINS}?meta=[]"), 422, "VALIDATION_FAILED"),
        (poor.post(PINS, json={"cid": str(Cid(RAW, bytes(32)))}), 402, "STORAGE_NOT_ACTIVE"),
        (owner.client.get(PINS), 401, "UNAUTHENTICATED"),
    ]
    for answer, status, reason in cases:
        assert answer.status_code == status, answer.text
        assert answer.content_type == "application/json"
        assert answer.json["error"]["reason"] == reason
        assert answer.json["error"]["details"]


def test_anothers_pins__are_unknown(
    app: Flask, owner: Wallet, wallet: Callable[..., Wallet]
) -> None:
    pin = add(owner, folder(app.extensions["dspace_store"]))
    other = wallet()
    path = f"{PINS}/{pin['requestid']}"
    assert other.get(path).status_code == 404
    assert other.ask("DELETE", path).status_code == 404
    assert results(other, status="queued") == []


NAMES = ["", "Alpha", "alpha", "ALPHABET", "ünï", "ÜNÏ", "a_b%c", "axbxc", None]


def test_filters__find_what_a_plain_search_finds(app: Flask, owner: Wallet) -> None:
    store = app.extensions["dspace_store"]
    roots = [import_file(io.BytesIO(b"%d" % number), store).cid for number in range(3)]
    store.flush()
    pins = []
    for number, name in enumerate(NAMES * 2):
        meta = {"n": str(number % 3), "q\"'": "x"} if number % 2 else {}
        more = {"name": name} if name is not None else {}
        pins.append(add(owner, roots[number % 3], meta=meta, **more))
    work(app)
    pins = [show(owner, pin) for pin in pins]
    moments = [datetime.fromisoformat(pin["created"]) for pin in pins]
    assert len(set(moments)) == len(pins)
    assert all(moment.microsecond % 1_000 == 0 for moment in moments)

    def matches(pin: dict[str, Any], query: dict[str, Any]) -> bool:
        name, wanted = pin["pin"].get("name"), query.get("name")
        how = query.get("match", "exact")
        if wanted is not None:
            if name is None:
                return False
            have, want = (name.casefold(), wanted.casefold()) if how[0] == "i" else (name, wanted)
            if not (have == want if how.endswith("exact") else want in have):
                return False
        created = datetime.fromisoformat(pin["created"])
        return (
            ("cid" not in query or pin["pin"]["cid"] in query["cid"].split(","))
            and ("before" not in query or created < datetime.fromisoformat(query["before"]))
            and ("after" not in query or created > datetime.fromisoformat(query["after"]))
            and orjson.loads(query.get("meta", "{}")).items() <= pin["pin"].get("meta", {}).items()
        )

    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        st.fixed_dictionaries(
            {},
            optional={
                "name": st.sampled_from([name for name in NAMES if name] + ["a", "b%", "x"]),
                "match": st.sampled_from(["exact", "iexact", "partial", "ipartial"]),
                "cid": st.lists(st.sampled_from(list(map(str, roots))), min_size=1).map(",".join),
                "before": st.sampled_from([moment.isoformat() for moment in moments]),
                "after": st.sampled_from([moment.isoformat() for moment in moments]),
                "meta": st.sampled_from(['{"n":"1"}', '{"n":"0","q\\"\'":"x"}', "{}"]),
                "limit": st.integers(1, 20),
            },
        )
    )
    def check(query: dict[str, Any]) -> None:
        if "cid" in query and query["cid"].count(",") > 9:
            return
        expected = [pin for pin in reversed(pins) if matches(pin, query)]
        answer = owner.get(PINS, query_string=query).json
        assert answer["count"] == len(expected)
        assert answer["results"] == expected[: query.get("limit", 10)]

    check()


def test_pages__go_on_by_before(app: Flask, owner: Wallet) -> None:
    root = folder(app.extensions["dspace_store"])
    made = [add(owner, root)["requestid"] for _ in range(7)]
    found: list[str] = []
    before = (datetime.now().astimezone() + timedelta(days=1)).isoformat()
    while page := results(owner, before=before, limit=3, status="queued,pinned"):
        found += [pin["requestid"] for pin in page]
        before = page[-1]["created"]
    assert found == made[::-1]


def test_a_node_of_a_pin_to_other_codecs__is_told(app: Flask, owner: Wallet) -> None:
    store = app.extensions["dspace_store"]
    # A dag-pb node that links to a block of dag-cbor.
    link = b"\x01\x71\x12\x20" + bytes(32)
    body = b"\x0a" + bytes((len(link),)) + link + b"\x12\x01x\x18\x01"
    block = b"\x12" + bytes((len(body),)) + body + b"\x0a\x02\x08\x01"
    root = Cid(DAG_PB, sha256(block).digest())
    store.put(str(root), block)
    store.flush()
    pin = add(owner, root)
    work(app)
    shown = show(owner, pin)
    assert shown["status"] == "failed"
    assert "codec" in shown["info"]["status_details"]
