"""CARs that a user brings: blocks for a pin, or a pin in one go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from api.storage.car import encode_header
from api.storage.ports import BlockStore
from api.storage.unixfs.varint import varint
from tests.api.pins.world import CAR, Peers, add, folder, reason, see, send_car, storing, work
from tests.api.world import Mirror, Wallet

DAG = folder({f"{number}.txt": bytes([number]) * 2_000 for number in range(5)})
STRANGE = folder({"strange.txt": b"strange"})


def path_of(pin: dict[str, Any]) -> str:
    return f"/v1/pins/{pin['requestid']}/car"


def kept(store: BlockStore) -> int:
    return len(list(store.cids()))


class TestInOneGo:
    def test_the_root_is_pinned(self, app: Flask, pinner: Wallet) -> None:
        answer = send_car(pinner, '/v1/pins/car?name=mine&meta={"a":"b"}', DAG.car())
        assert answer.status_code == 202
        pin = dict(answer.json or {})
        assert pin["pin"] == {"cid": DAG.cid, "name": "mine", "meta": {"a": "b"}}
        work(app)
        assert see(pinner, pin)["status"] == "pinned"

    def test_what_it_lacks_is_fetched(self, app: Flask, pinner: Wallet, peers: Peers) -> None:
        peers.dags = [DAG]
        pin = dict(send_car(pinner, "/v1/pins/car", DAG.car(DAG.blocks[:3])).json or {})
        work(app)
        assert see(pinner, pin)["status"] == "pinned"
        assert peers.asked == [str(cid) for cid, _ in DAG.blocks[3:]]

    def test_a_repeat_with_the_same_key_makes_no_second_pin(self, pinner: Wallet) -> None:
        headers = {"Idempotency-Key": "once"}
        first = send_car(pinner, "/v1/pins/car", DAG.car(), headers=headers)
        again = send_car(pinner, "/v1/pins/car", DAG.car(), headers=headers)
        other = send_car(pinner, "/v1/pins/car", STRANGE.car(), headers=headers)
        assert again.json == first.json
        assert reason(other) == "BAD_REQUEST"


class TestForAPin:
    def test_one_that_failed_is_pinned_with_it(self, app: Flask, pinner: Wallet) -> None:
        pin = add(pinner, DAG.cid)
        work(app)
        assert see(pinner, pin)["status"] == "failed"
        answer = send_car(pinner, path_of(pin), DAG.car())
        assert answer.status_code == 202
        assert answer.json is not None
        assert answer.json["status"] == "queued"
        assert "info" not in answer.json
        work(app)
        assert see(pinner, pin)["status"] == "pinned"

    def test_it_comes_in_parts_parents_first(self, app: Flask, pinner: Wallet) -> None:
        pin = add(pinner, DAG.cid)
        for part in (DAG.blocks[:3], DAG.blocks[3:]):
            assert send_car(pinner, path_of(pin), DAG.car(part)).status_code == 202
        work(app)
        assert see(pinner, pin)["status"] == "pinned"

    def test_what_was_begun_before_it_came_fails_nothing(
        self, app: Flask, pinner: Wallet, peers: Peers
    ) -> None:
        """The job of before looks in vain, and ends after the CAR's."""
        pin = add(pinner, DAG.cid)

        def brings(*_: object) -> Any:
            assert send_car(pinner, path_of(pin), DAG.car()).status_code == 202
            return Peers().fetch(DAG.root, [], None)  # type: ignore[arg-type]

        peers.fetch = brings  # type: ignore[method-assign]
        work(app)
        assert see(pinner, pin)["status"] == "pinned"

    def test_one_that_is_pinned_stays_as_it_is(self, app: Flask, pinner: Wallet) -> None:
        pin = dict(send_car(pinner, "/v1/pins/car", DAG.car()).json or {})
        work(app)
        before = see(pinner, pin)
        answer = send_car(pinner, path_of(pin), DAG.car())
        assert answer.json == before


class TestRefusals:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"nonsense",
            DAG.car()[:-1],
            DAG.car() + varint(40) + b"\x01\x71\x12\x20" + bytes(36),
            DAG.car()[:-1] + b"?",
        ],
        ids=["empty", "nonsense", "cut off", "another codec", "other bytes"],
    )
    def test_a_car_that_can_t_be_used_leaves_nothing(
        self, pinner: Wallet, store: BlockStore, body: bytes
    ) -> None:
        answer = send_car(pinner, "/v1/pins/car", body)
        assert answer.status_code == 400
        assert reason(answer) == "BAD_REQUEST"
        assert kept(store) == 0

    def test_blocks_that_are_not_below_the_root(self, pinner: Wallet, store: BlockStore) -> None:
        answer = send_car(pinner, "/v1/pins/car", DAG.car([*DAG.blocks, *STRANGE.blocks]))
        assert "not below the root" in str(answer.json)
        assert kept(store) == 0

    @pytest.mark.parametrize("roots", [[], [DAG.root, STRANGE.root]])
    def test_a_pin_has_one_root(self, pinner: Wallet, roots: list[Any]) -> None:
        header = encode_header(roots)
        answer = send_car(pinner, "/v1/pins/car", varint(len(header)) + header)
        assert answer.status_code == 400
        assert f"{len(roots)} roots" in str(answer.json)

    def test_another_s_car_for_a_pin(self, pinner: Wallet, store: BlockStore) -> None:
        answer = send_car(pinner, path_of(add(pinner, DAG.cid)), STRANGE.car())
        assert answer.status_code == 400
        assert kept(store) == 0

    def test_more_than_the_allowance_has_left(
        self, wallet: Callable[..., Wallet], mirror: Mirror, store: BlockStore
    ) -> None:
        tight = storing(wallet, mirror, room=DAG.size - 1)
        answer = send_car(tight, "/v1/pins/car", DAG.car())
        assert answer.status_code == 402
        assert reason(answer) == "INSUFFICIENT_FUNDS"
        assert kept(store) == 0

    def test_more_than_is_taken_at_once(
        self, app: Flask, pinner: Wallet, store: BlockStore
    ) -> None:
        app.config["DSPACE"] = app.config["DSPACE"].model_copy(update={"max_upload_bytes": 4_096})
        answer = send_car(pinner, "/v1/pins/car", DAG.car())
        assert answer.status_code == 413
        assert reason(answer) == "PAYLOAD_TOO_LARGE"
        assert kept(store) == 0

    def test_another_media_type(self, pinner: Wallet) -> None:
        answer = pinner.post("/v1/pins/car", data=DAG.car(), content_type="text/plain")
        assert answer.status_code == 415
        assert CAR in str(answer.json)

    def test_a_pin_that_is_not_the_caller_s(
        self, pinner: Wallet, wallet: Callable[..., Wallet], mirror: Mirror, store: BlockStore
    ) -> None:
        pin = add(pinner, DAG.cid)
        other = storing(wallet, mirror, 8)
        assert send_car(other, path_of(pin), DAG.car()).status_code == 404
        assert kept(store) == 0

    def test_a_service_that_is_paused(
        self, pinner: Wallet, mirror: Mirror, store: BlockStore
    ) -> None:
        mirror.service(7, pinner.address, plan=3, state=2)
        assert send_car(pinner, "/v1/pins/car", DAG.car()).status_code == 402
        assert kept(store) == 0
