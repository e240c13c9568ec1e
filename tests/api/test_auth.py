"""Signing in with Ethereum, sessions, API keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from eth_account import Account
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from api.auth.models import ApiKey, Session, SignInMessage
from api.db import db, utc_now, writing
from tests.api.world import CHAIN_ID, Wallet, slug


@pytest.fixture
def stranger(client: FlaskClient) -> Wallet:
    return Wallet(client)


def send(wallet: Wallet, message: str, signature: str | None = None) -> tuple[int, str]:
    signed = wallet.sign(message) if signature is None else signature
    answer = wallet.client.post("/v1/auth/sessions", json={"message": message, "signature": signed})
    return answer.status_code, "" if answer.status_code == 201 else slug(answer)


def test_the_message_is_a_whole_eip_4361_text(stranger: Wallet) -> None:
    answer = stranger.client.post(
        "/v1/auth/nonce", json={"address": stranger.address.lower(), "chain_id": CHAIN_ID}
    )
    assert answer.status_code == 201
    told = answer.json
    lines = told["message"].split("\n")
    assert lines[0] == "localhost:8000 wants you to sign in with your Ethereum account:"
    assert lines[1] == stranger.address
    assert lines[2] == ""
    assert lines[4] == ""
    assert lines[5:9] == [
        "URI: http://localhost:8000",
        "Version: 1",
        f"Chain ID: {CHAIN_ID}",
        f"Nonce: {told['nonce']}",
    ]
    assert lines[9].startswith("Issued At: ")
    assert lines[10] == f"Expiration Time: {told['expires_at']}"
    assert len(lines) == 11
    assert told["nonce"].isalnum()
    assert len(told["nonce"]) >= 8


def test_a_signed_message_signs_in(stranger: Wallet) -> None:
    stranger.sign_in()
    current = stranger.get("/v1/auth/sessions/current")
    assert current.status_code == 200
    assert current.json["address"] == stranger.address
    assert current.headers["Cache-Control"] == "no-store"


def test_a_message_signs_in_once(stranger: Wallet) -> None:
    message = stranger.ask_message()
    assert send(stranger, message) == (201, "")
    assert send(stranger, message) == (401, "sign-in-failed")


def test_an_expired_message_signs_nobody_in(stranger: Wallet, app: Flask) -> None:
    message = stranger.ask_message()
    with app.app_context(), writing():
        db.session.execute(update(SignInMessage).values(expires_at=utc_now()))
    assert send(stranger, message) == (401, "sign-in-failed")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("localhost:8000 wants", "evil.example wants"),
        lambda text: text.replace("Chain ID: 31337", "Chain ID: 1"),
        lambda text: text + "\n",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text[:-1],
        lambda _text: "a" * 2_000,
        lambda _text: "",
        lambda _text: "\U0001f600",
    ],
    ids=["domain", "chain", "longer", "line ends", "cut", "junk", "empty", "unicode"],
)
def test_a_message_that_was_not_issued_here__uniform_401(
    stranger: Wallet, change: Callable[[str], str]
) -> None:
    assert send(stranger, change(stranger.ask_message())) == (401, "sign-in-failed")


def test_a_foreign_signature__uniform_401(stranger: Wallet) -> None:
    message = stranger.ask_message()
    foreign = Wallet(stranger.client).sign(message)
    assert send(stranger, message, foreign) == (401, "sign-in-failed")
    assert send(stranger, message) == (201, "")  # a failed try uses nothing up


@pytest.mark.parametrize(
    "signature",
    ["", "0x", "0x00", "0x" + "00" * 65, "0x" + "ff" * 65, "zz" * 66, "0x" + "1" * 4000],
)
def test_a_signature_that_is_none__uniform_401(stranger: Wallet, signature: str) -> None:
    assert send(stranger, stranger.ask_message(), signature) == (401, "sign-in-failed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"address": "0x12", "chain_id": CHAIN_ID}, "address"),
        ({"address": "0xf39fd6e51aad88f6f4ce6ab8827279cfffb9226G", "chain_id": 1}, "address"),
        ({"address": "0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "chain_id": 1}, "address"),
        ({"address": Account.create().address, "chain_id": 1}, "chain_id"),
        ({"address": Account.create().address}, "chain_id"),
        ({"chain_id": CHAIN_ID}, "address"),
        ({"address": None, "chain_id": CHAIN_ID}, "address"),
        ({"address": Account.create().address, "chain_id": CHAIN_ID, "more": 1}, "more"),
    ],
)
def test_a_malformed_field_is_named(client: FlaskClient, body: object, field: str) -> None:
    answer = client.post("/v1/auth/nonce", json=body)
    assert answer.status_code == 422
    assert slug(answer) == "validation-failed"
    assert [error["field"] for error in answer.json["errors"]] == [field]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"address": "\xff"}', b"\x00"])
def test_malformed_json__422(client: FlaskClient, body: bytes) -> None:
    for path in ("/v1/auth/nonce", "/v1/auth/sessions"):
        answer = client.post(path, data=body, content_type="application/json")
        assert (answer.status_code, slug(answer)) == (422, "validation-failed")


def test_signing_out_ends_the_token(stranger: Wallet) -> None:
    stranger.sign_in()
    assert stranger.ask("DELETE", "/v1/auth/sessions/current").status_code == 204
    assert slug(stranger.get("/v1/auth/sessions/current")) == "unauthenticated"


def test_a_session_ends_by_itself(stranger: Wallet, app: Flask) -> None:
    stranger.sign_in()
    with app.app_context(), writing():
        db.session.execute(update(Session).values(expires_at=utc_now()))
    assert slug(stranger.get("/v1/auth/sessions/current")) == "unauthenticated"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Basic Zm9v", "Bearer dss_" + "a" * 43, "Bearer \u00e9"]
)
def test_a_token_that_is_none__401_with_a_challenge(client: FlaskClient, header: str) -> None:
    answer = client.get("/v1/account", headers={"Authorization": header})
    assert slug(answer) == "unauthenticated"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_no_token_is_kept(stranger: Wallet, app: Flask) -> None:
    token = stranger.sign_in()
    key = stranger.post("/v1/auth/keys", json={"name": "ci", "scopes": ["sites:read"]}).json["key"]
    with app.app_context():
        kept = str([row.__dict__ for row in db.session.scalars(select(Session))])
        kept += str([row.__dict__ for row in db.session.scalars(select(ApiKey))])
    assert token not in kept
    assert key not in kept
    assert token[4:] not in kept


class TestKeys:
    def make(self, wallet: Wallet, *scopes: str, **more: object) -> Wallet:
        answer = wallet.post("/v1/auth/keys", json={"name": "ci", "scopes": list(scopes), **more})
        assert answer.status_code == 201, answer.text
        return Wallet(wallet.client, wallet.key, answer.json["key"])

    def test_a_key_can_what_its_scopes_say(self, owner: Wallet) -> None:
        key = self.make(owner, "account:read")
        assert key.get("/v1/account").status_code == 200
        assert slug(key.get("/v1/sites")) == "scope-missing"
        refused = key.post("/v1/sites", json={"name": "mine", "service_id": 1})
        assert (refused.status_code, slug(refused)) == (403, "scope-missing")

    def test_a_key_makes_no_keys_and_ends_no_sessions(self, owner: Wallet) -> None:
        key = self.make(owner, "account:read", "sites:read", "sites:write")
        for method, path in (
            ("GET", "/v1/auth/keys"),
            ("POST", "/v1/auth/keys"),
            ("GET", "/v1/auth/sessions/current"),
            ("DELETE", "/v1/auth/sessions/current"),
        ):
            assert slug(key.ask(method, path)) == "session-required"

    def test_it_is_shown_once(self, owner: Wallet) -> None:
        key = self.make(owner, "sites:read")
        listed = owner.get("/v1/auth/keys")
        assert key.token not in listed.text
        assert [item["scopes"] for item in listed.json["items"]] == [["sites:read"]]

    def test_a_deleted_key_is_good_for_nothing(self, owner: Wallet) -> None:
        key = self.make(owner, "account:read")
        number = owner.get("/v1/auth/keys").json["items"][0]["id"]
        assert owner.ask("DELETE", f"/v1/auth/keys/{number}").status_code == 204
        assert slug(key.get("/v1/account")) == "unauthenticated"
        assert slug(owner.ask("DELETE", f"/v1/auth/keys/{number}")) == "unknown-key"

    def test_someone_elses_key_can_not_be_deleted(
        self, owner: Wallet, wallet: Callable[..., Wallet]
    ) -> None:
        key = self.make(owner, "account:read")
        number = owner.get("/v1/auth/keys").json["items"][0]["id"]
        assert slug(wallet().ask("DELETE", f"/v1/auth/keys/{number}")) == "unknown-key"
        assert key.get("/v1/account").status_code == 200

    def test_an_expired_key_is_good_for_nothing(self, owner: Wallet, app: Flask) -> None:
        key = self.make(owner, "account:read", expires_in_days=1)
        with app.app_context(), writing():
            db.session.execute(update(ApiKey).values(expires_at=utc_now() - timedelta(seconds=1)))
        assert slug(key.get("/v1/account")) == "unauthenticated"

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"name": "", "scopes": ["sites:read"]}, "name"),
            ({"name": "a\u0000b", "scopes": ["sites:read"]}, "name"),
            ({"name": "ci", "scopes": []}, "scopes"),
            ({"name": "ci", "scopes": ["admin"]}, "scopes.0"),
            ({"name": "ci", "scopes": ["sites:read"], "expires_in_days": 0}, "expires_in_days"),
        ],
    )
    def test_a_malformed_field_is_named(self, owner: Wallet, body: object, field: str) -> None:
        answer = owner.post("/v1/auth/keys", json=body)
        assert slug(answer) == "validation-failed"
        assert [error["field"] for error in answer.json["errors"]] == [field]
