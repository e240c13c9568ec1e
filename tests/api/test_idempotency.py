"""Idempotency-Key: one effect, one answer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import update

from api.db import db, utc_now, writing
from api.idempotency.models import KeptAnswer
from api.idempotency.service import delete_expired
from tests.api.deploying import PATH, page, upload, zipped
from tests.api.world import Mirror, Wallet, slug


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


KEY = {"Idempotency-Key": "key-1"}
BODY = {"name": "hello", "service_id": 1}


def create(wallet: Wallet, body: dict[str, object] | None = None, key: str = "key-1"):  # type: ignore[no-untyped-def]
    return wallet.post("/v1/sites", json=body or BODY, headers={"Idempotency-Key": key})


def test_a_repeat_gets_the_first_answer(owner: Wallet) -> None:
    first, second = create(owner), create(owner)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json == first.json
    assert second.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(owner.get("/v1/sites").json["items"]) == 1


def test_another_content_under_the_same_key__422(owner: Wallet) -> None:
    create(owner)
    answer = create(owner, BODY | {"name": "other"})
    assert (answer.status_code, slug(answer)) == (422, "idempotency-key-reused")


def test_a_key_is_the_callers_and_the_routes_own(
    owner: Wallet, mirror: Mirror, wallet: Callable[..., Wallet]
) -> None:
    other = wallet(rate=2_000)
    mirror.service(2, other.address)
    create(owner)
    assert create(other, {"name": "other", "service_id": 2}).json["name"] == "other"
    answer = owner.ask("DELETE", "/v1/sites/hello", headers=KEY)
    assert answer.status_code == 204
    again = owner.ask("DELETE", "/v1/sites/hello", headers=KEY)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (204, "true")


def test_a_call_that_failed_can_be_tried_again(owner: Wallet, mirror: Mirror) -> None:
    mirror.service(1, owner.address, state=2)
    assert create(owner).status_code == 402
    mirror.service(1, owner.address)
    assert create(owner).status_code == 201


def test_of_many_at_once_one_acts(app: Flask, owner: Wallet) -> None:
    def attempt(_: int):  # type: ignore[no-untyped-def]
        return create(Wallet(app.test_client(), owner.key, owner.token))

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(attempt, range(6)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    good = [answer for answer in answers if answer.status_code == 201]
    assert len([answer for answer in good if "Idempotency-Replayed" not in answer.headers]) == 1
    assert len({answer.text for answer in good}) == 1
    assert len(owner.get("/v1/sites").json["items"]) == 1


def test_an_upload_that_is_repeated_deploys_once(owner: Wallet, app: Flask) -> None:
    create(owner)
    archive = page("x")
    first = upload(owner, archive, headers=KEY)
    second = upload(owner, archive, headers=KEY)
    third = upload(owner, zipped({"index.html": b"y"}), headers=KEY)
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json["id"] == first.json["id"]
    assert slug(third) == "idempotency-key-reused"
    assert len(owner.get(PATH).json["items"]) == 1
    assert len(list(app.config["DSPACE"].uploads_dir.iterdir())) == 1


@pytest.mark.parametrize("key", ["", "x" * 129, "a\tb", "ä"])
def test_a_key_that_is_none__422(owner: Wallet, key: str) -> None:
    answer = create(owner, key=key)
    assert answer.json["errors"][0]["field"] == "Idempotency-Key"


def test_an_old_key_is_new_again(app: Flask, owner: Wallet) -> None:
    create(owner)
    with app.app_context(), writing():
        db.session.execute(update(KeptAnswer).values(expires_at=utc_now()))
    assert slug(create(owner)) == "site-name-taken"
    with app.app_context(), writing():
        assert delete_expired() == 1


def test_answers_with_secrets_are_not_kept(app: Flask, owner: Wallet) -> None:
    body = {"name": "ci", "scopes": ["sites:read"]}
    keys = [owner.post("/v1/auth/keys", json=body, headers=KEY).json["key"] for _ in range(2)]
    assert keys[0] != keys[1]
    with app.app_context():
        assert db.session.query(KeptAnswer).count() == 0
