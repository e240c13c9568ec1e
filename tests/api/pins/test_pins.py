"""Pins over HTTP, by the specification; whose they are, and what each route refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from api.db import begin, db
from api.holds.models import Hold, HoldKind
from api.pins.models import PinMeta
from indexer import schema
from tests.api.pins.world import (
    STORAGE,
    Dag,
    Peers,
    add,
    details,
    folder,
    reason,
    see,
    storing,
    work,
)
from tests.api.world import Mirror, Wallet

DAG = folder({"a.txt": b"a" * 3_000, "b/c.txt": b"c"})
OTHER = folder({"a.txt": b"a" * 3_000, "d.txt": b"d"})
ORIGINS = [
    "/ip4/203.0.113.7/udp/4001/quic-v1/p2p/12D3KooWBnmsaeNRP6SCdNbhzaNHihQQBPDhmDvjVGsR1EbswncV",
    "/dnsaddr/peer.example/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN",
]


def hold_of(app: Flask, pin: dict[str, Any]) -> Hold | None:
    with app.app_context():
        begin(writes=False)
        query = select(Hold).where(Hold.kind == HoldKind.PIN, Hold.subject == pin["requestid"])
        return db.session.execute(query).scalar_one_or_none()


class OnBoth:
    """On SQLite and on PostgreSQL."""

    @pytest.fixture
    def database_url(self, any_database_url: str) -> str:
        return any_database_url


class TestAdd(OnBoth):
    def test_a_pin_is_queued_and_then_pinned_with_all_below_it(
        self, app: Flask, pinner: Wallet, peers: Peers
    ) -> None:
        peers.dags = [DAG]
        pin = add(pinner, DAG.cid, name="both", origins=ORIGINS, meta={"app": "x"})
        assert pin["status"] == "queued"
        assert pin["pin"] == {
            "cid": DAG.cid,
            "name": "both",
            "origins": ORIGINS,
            "meta": {"app": "x"},
        }
        assert len(pin["delegates"]) >= 1
        assert "info" not in pin
        work(app)
        seen = see(pinner, pin)
        assert seen["status"] == "pinned"
        assert seen["created"] == pin["created"]
        assert seen["info"] == {"dag_size": str(DAG.size)}
        store = app.extensions["dspace_store"]
        assert all(store.get(str(cid)) == block for cid, block in DAG.blocks)

    def test_what_was_not_given_is_not_in_the_answer(self, pinner: Wallet) -> None:
        assert add(pinner, DAG.cid)["pin"] == {"cid": DAG.cid}

    def test_members_of_a_later_version_are_let_pass(self, pinner: Wallet) -> None:
        assert add(pinner, DAG.cid, colour="red", name=None)["pin"] == {"cid": DAG.cid}

    @pytest.mark.parametrize(
        "write", [lambda dag: dag.root.text_v0, lambda dag: dag.cid.upper(), lambda dag: dag.cid]
    )
    def test_the_cid_is_answered_as_it_was_written(
        self, app: Flask, pinner: Wallet, peers: Peers, write: Callable[[Dag], str]
    ) -> None:
        peers.dags = [DAG]
        pin = add(pinner, write(DAG))
        work(app)
        assert see(pinner, pin)["status"] == "pinned"
        assert see(pinner, pin)["pin"]["cid"] == write(DAG)
        found = pinner.get(f"/v1/pins?cid={DAG.cid}").json
        assert found is not None
        assert [each["requestid"] for each in found["results"]] == [pin["requestid"]]

    def test_its_hold_is_there_before_the_content_and_counts_it_afterwards(
        self, app: Flask, pinner: Wallet, peers: Peers
    ) -> None:
        peers.dags = [DAG]
        pin = add(pinner, DAG.cid)
        first = hold_of(app, pin)
        assert first is not None
        assert (first.service_id, first.cid, first.size_bytes) == (STORAGE, DAG.cid, 0)
        work(app)
        then = hold_of(app, pin)
        assert then is not None
        assert then.size_bytes == DAG.size

    def test_two_pins_of_one_cid_are_two(self, pinner: Wallet) -> None:
        one, two = add(pinner, DAG.cid), add(pinner, DAG.cid)
        assert one["requestid"] != two["requestid"]
        assert one["created"] < two["created"]

    def test_every_pin_has_a_millisecond_of_its_own(
        self, pinner: Wallet, wallet: Callable[..., Wallet], mirror: Mirror
    ) -> None:
        other = storing(wallet, mirror, 8)
        created = [add(each, DAG.cid)["created"] for each in [pinner, other] * 6]
        assert len(set(created)) == 12
        assert created == sorted(created)
        assert all(len(text) == len("2026-01-31T12:00:00.123Z") for text in created)

    def test_a_repeat_with_the_same_key_makes_no_second_pin(self, pinner: Wallet) -> None:
        headers = {"Idempotency-Key": "once"}
        first = pinner.post("/v1/pins", json={"cid": DAG.cid}, headers=headers)
        again = pinner.post("/v1/pins", json={"cid": DAG.cid}, headers=headers)
        assert again.json == first.json
        assert pinner.get("/v1/pins?status=queued,pinning").json["count"] == 1  # type: ignore[index]


class TestRefusals:
    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({}, "cid"),
            ({"cid": "not-a-cid"}, "cid"),
            ({"cid": "QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJ!"}, "cid"),
            ({"cid": DAG.cid, "name": "x" * 256}, "name"),
            ({"cid": DAG.cid, "name": "a\0b"}, "name"),
            ({"cid": DAG.cid, "meta": {"a": 1}}, "meta"),
            ({"cid": DAG.cid, "meta": {"a": "\0"}}, "meta"),
            ({"cid": DAG.cid, "origins": ["https://peer.example"]}, "origins"),
            ({"cid": DAG.cid, "origins": ["/ip4/300.1.1.1/tcp/1"]}, "origins"),
            ({"cid": DAG.cid, "origins": [ORIGINS[0], ORIGINS[0]]}, "origins"),
            ({"cid": DAG.cid, "origins": [f"/ip4/1.2.3.4/tcp/{n}" for n in range(21)]}, "origins"),
        ],
    )
    def test_a_malformed_pin_is_a_bad_request_that_names_the_member(
        self, pinner: Wallet, body: dict[str, Any], told: str
    ) -> None:
        answer = pinner.post("/v1/pins", json=body)
        assert answer.status_code == 400
        assert reason(answer) == "BAD_REQUEST"
        assert f" {told}" in details(answer)

    @pytest.mark.parametrize(
        ("cid", "kind"),
        [
            ("bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", "codec dag-cbor"),
            ("bafk2bzacea73ycjnxe2qov7cvnhx52lzfp6nf5jcblnfus6gqreh6ygganbws", "hash blake2b-256"),
            ("bafkqaaa", "hash identity"),
        ],
    )
    def test_a_cid_of_another_kind_is_refused_with_what_it_is(
        self, pinner: Wallet, cid: str, kind: str
    ) -> None:
        answer = pinner.post("/v1/pins", json={"cid": cid})
        assert reason(answer) == "BAD_REQUEST"
        assert kind in details(answer)

    def test_without_a_token_it_is_unauthorized(self, app: Flask) -> None:
        answer = app.test_client().get("/v1/pins")
        assert answer.status_code == 401
        assert reason(answer) == "UNAUTHORIZED"

    def test_a_key_opens_what_its_scopes_say(self, pinner: Wallet) -> None:
        made = pinner.post("/v1/auth/keys", json={"name": "ci", "scopes": ["pins:read"]})
        assert made.json is not None
        headers = {"Authorization": f"Bearer {made.json['key']}"}
        assert pinner.get("/v1/pins", headers=headers).status_code == 200
        refused = pinner.post("/v1/pins", json={"cid": DAG.cid}, headers=headers)
        assert refused.status_code == 403
        assert reason(refused) == "SCOPE_MISSING"

    def test_another_account_s_pin_is_not_found(
        self, pinner: Wallet, wallet: Callable[..., Wallet], mirror: Mirror
    ) -> None:
        path = f"/v1/pins/{add(pinner, DAG.cid)['requestid']}"
        other = storing(wallet, mirror, 8)
        for answer in (
            other.get(path),
            other.post(path, json={"cid": DAG.cid}),
            other.ask("DELETE", path),
        ):
            assert answer.status_code == 404
            assert reason(answer) == "NOT_FOUND"
        assert pinner.get(path).status_code == 200

    def test_without_a_storage_service_it_is_insufficient_funds(
        self, wallet: Callable[..., Wallet]
    ) -> None:
        poor = wallet()
        answer = poor.post("/v1/pins", json={"cid": DAG.cid})
        assert answer.status_code == 402
        assert reason(answer) == "INSUFFICIENT_FUNDS"
        assert poor.get("/v1/pins").json == {"count": 0, "results": []}

    def test_with_a_full_allowance_it_is_insufficient_funds(
        self, wallet: Callable[..., Wallet], mirror: Mirror
    ) -> None:
        answer = storing(wallet, mirror, room=0).post("/v1/pins", json={"cid": DAG.cid})
        assert answer.status_code == 402
        assert reason(answer) == "INSUFFICIENT_FUNDS"
        assert "1 bytes don't fit" in details(answer)

    def test_the_mirror_that_is_not_there_is_the_server_s_trouble(
        self, pinner: Wallet, mirror: Mirror
    ) -> None:
        mirror.wipe(schema.cursor)
        answer = pinner.get("/v1/pins")
        assert answer.status_code == 503
        assert reason(answer) == "MIRROR_NOT_READY"
        assert answer.headers["Retry-After"]


class TestReplace(OnBoth):
    def test_the_old_pin_is_gone_and_the_new_one_stands(
        self, app: Flask, pinner: Wallet, peers: Peers
    ) -> None:
        peers.dags = [DAG, OTHER]
        old = add(pinner, DAG.cid, meta={"a": "b"})
        work(app)
        answer = pinner.post(f"/v1/pins/{old['requestid']}", json={"cid": OTHER.cid})
        assert answer.status_code == 202
        new = dict(answer.json or {})
        assert new["requestid"] != old["requestid"]
        assert pinner.get(f"/v1/pins/{old['requestid']}").status_code == 404
        work(app)
        assert see(pinner, new)["status"] == "pinned"
        released, held = hold_of(app, old), hold_of(app, new)
        assert released is not None
        assert released.released_at is not None
        assert held is not None
        assert held.released_at is None

    def test_its_room_is_free_for_the_new_one(
        self, app: Flask, wallet: Callable[..., Wallet], mirror: Mirror, peers: Peers
    ) -> None:
        tight = storing(wallet, mirror, room=DAG.size)
        peers.dags = [DAG]
        old = add(tight, DAG.cid)
        work(app)
        assert tight.post("/v1/pins", json={"cid": DAG.cid}).status_code == 402
        answer = tight.post(f"/v1/pins/{old['requestid']}", json={"cid": DAG.cid})
        assert answer.status_code == 202
        work(app)
        assert see(tight, dict(answer.json or {}))["status"] == "pinned"

    def test_one_that_is_refused_changes_nothing(self, app: Flask, pinner: Wallet) -> None:
        old = add(pinner, DAG.cid)
        answer = pinner.post(f"/v1/pins/{old['requestid']}", json={"cid": "nonsense"})
        assert answer.status_code == 400
        assert see(pinner, old)["requestid"] == old["requestid"]
        hold = hold_of(app, old)
        assert hold is not None
        assert hold.released_at is None


class TestDelete(OnBoth):
    def test_its_hold_is_released_and_its_meta_gone(
        self, app: Flask, pinner: Wallet, peers: Peers
    ) -> None:
        peers.dags = [DAG]
        pin = add(pinner, DAG.cid, meta={"a": "b"})
        work(app)
        answer = pinner.ask("DELETE", f"/v1/pins/{pin['requestid']}")
        assert answer.status_code == 202
        assert answer.data == b""
        assert pinner.get(f"/v1/pins/{pin['requestid']}").status_code == 404
        hold = hold_of(app, pin)
        assert hold is not None
        assert hold.released_at is not None
        with app.app_context():
            begin(writes=False)
            assert list(db.session.scalars(select(PinMeta))) == []

    def test_one_that_is_still_queued_can_go_and_its_job_does_nothing(
        self, app: Flask, pinner: Wallet, peers: Peers
    ) -> None:
        pin = add(pinner, DAG.cid)
        assert pinner.ask("DELETE", f"/v1/pins/{pin['requestid']}").status_code == 202
        work(app)
        assert peers.asked == []


class TestService:
    @pytest.mark.parametrize("change", [{"state": 2}, {"epoch": 0, "state": 1, "rate": 10**12}])
    def test_while_it_is_not_active_reading_works_and_writing_wants_payment(
        self, pinner: Wallet, mirror: Mirror, change: dict[str, Any]
    ) -> None:
        pin = add(pinner, DAG.cid)
        path = f"/v1/pins/{pin['requestid']}"
        mirror.service(STORAGE, pinner.address, plan=3, **change)
        if change["state"] == 1:  # lapsed: the credit is used up
            mirror.account(pinner.address, paid=0, rate=1_000)
        assert see(pinner, pin)["requestid"] == pin["requestid"]
        listed = pinner.get("/v1/pins?status=queued").json
        assert listed is not None
        assert listed["count"] == 1
        for answer in (
            pinner.post("/v1/pins", json={"cid": DAG.cid}),
            pinner.post(path, json={"cid": DAG.cid}),
            pinner.ask("DELETE", path),
        ):
            assert answer.status_code == 402
            assert reason(answer) == "INSUFFICIENT_FUNDS"

    def test_pins_go_with_a_service_that_is_transferred(
        self, pinner: Wallet, wallet: Callable[..., Wallet], mirror: Mirror
    ) -> None:
        pin = add(pinner, DAG.cid)
        heir = wallet(rate=1_000)
        mirror.service(STORAGE, heir.address, plan=3)
        assert pinner.get(f"/v1/pins/{pin['requestid']}").status_code == 404
        assert see(heir, pin) == pin

    def test_pins_end_with_their_service(self, pinner: Wallet, mirror: Mirror) -> None:
        pin = add(pinner, DAG.cid)
        mirror.service(STORAGE, pinner.address, plan=3, state=4)
        assert pinner.get(f"/v1/pins/{pin['requestid']}").status_code == 404
        assert pinner.get("/v1/pins?status=queued").json == {"count": 0, "results": []}


class TestDocument:
    def test_it_tells_of_the_specification_s_failures(self, app: Flask) -> None:
        document = app.test_client().get("/openapi.json").json
        assert document is not None
        answers = document["paths"]["/v1/pins"]["post"]["responses"]
        assert "422" not in answers
        for status in ("400", "401", "402"):
            schema = answers[status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Failure"}
        body = document["paths"]["/v1/pins/car"]["post"]["requestBody"]["content"]
        assert list(body) == ["application/vnd.ipld.car"]
