"""Signing in and out, and what is kept of it."""

from __future__ import annotations

import io
import json
import re
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from eth_account import Account
from flask import Flask
from sqlalchemy import update

from api.auth.models import Session
from api.db import db, utc_now, writing
from scripts.client.errors import ClientError
from scripts.client.signin import check_message
from scripts.dev_accounts import dev_accounts, key_of
from tests.scripts.client.conftest import OWNER, Dspace
from tests.support.chain import free_port


@pytest.fixture
def kept(home: Path) -> Path:
    return home / "decentraspace" / "credentials.json"


def test_a_key_file__signs_in__and_the_token_is_the_users_alone(
    dspace: Dspace, api: str, key_file: Path, kept: Path
) -> None:
    ran = dspace("login", "--api", api, "--key", key_file)
    assert ran.code == 0, ran.err
    assert f"signed in to {api} as {OWNER.address}" in ran.out
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
    ran = dspace("whoami")  # the API that was signed in to last
    assert ran.code == 0, ran.err
    assert OWNER.address in ran.out
    assert re.search(
        r"^balance   (10|9\.9+\d*) credits, burning 0\.1728 a day$", ran.out, re.MULTILINE
    )
    assert "storage   1.0 GiB at most" in ran.out
    assert "service   1: static_site, active" in ran.out


def test_standard_input__signs_in(
    dspace: Dspace, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(key_of(OWNER)))
    assert dspace("login", "--api", api, "--key", "-").code == 0


def test_the_environment__signs_in(
    dspace: Dspace, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSPACE_API", api)
    monkeypatch.setenv("DSPACE_WALLET_KEY", key_of(OWNER))
    assert OWNER.address in dspace("login").out


def test_a_keystore__signs_in_by_its_password(
    dspace: Dspace, api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keystore = tmp_path / "keystore.json"
    keystore.write_text(json.dumps(Account.encrypt(key_of(OWNER), "sesame", iterations=2)))
    monkeypatch.setattr("typer.prompt", lambda *_args, **_options: "sesame")
    assert OWNER.address in dspace("login", "--api", api, "--keystore", keystore).out
    monkeypatch.setattr("typer.prompt", lambda *_args, **_options: "wrong")
    ran = dspace("login", "--api", api, "--keystore", keystore)
    assert ran.code == 1
    assert ran.err == f"dspace: {keystore} can't be decrypted with that password\n"


def test_an_account_of_the_development_chain__signs_in(dspace: Dspace, api: str) -> None:
    assert dev_accounts()[3].address in dspace("login", "--api", api, "--account", "3").out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "which wallet?"),
        (["--account", "10"], "--account goes from 0 to 9"),
        (["--account", "1", "--key", "x"], "exclude each other"),
        (["--keystore", "nowhere.json"], "is no keystore file"),
    ],
)
def test_what_names_no_wallet__is_told_in_one_line(
    dspace: Dspace, api: str, options: list[str], told: str
) -> None:
    ran = dspace("login", "--api", api, *options)
    assert ran.code == 1
    assert ran.err.startswith("dspace: ")
    assert told in ran.err
    assert ran.err.count("\n") == 1


def test_a_key_in_place_of_a_file__is_not_repeated(dspace: Dspace, api: str, stranger: str) -> None:
    ran = dspace("login", "--api", api, "--key", stranger)
    assert ran.code == 1
    assert stranger[2:] not in ran.out + ran.err


def test_a_bad_key__is_not_repeated(dspace: Dspace, api: str, tmp_path: Path) -> None:
    (tmp_path / "bad").write_text("0xnot a key at all")
    ran = dspace("login", "--api", api, "--key", tmp_path / "bad")
    assert ran.err == "dspace: the key file holds no private key: 0x and 64 hex digits\n"


def test_signing_out__ends_the_session(
    signed_in: Dspace, api: str, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = json.loads(kept.read_text())["entries"][api]["token"]
    assert signed_in("logout").out == f"signed out of {api}\n"
    assert json.loads(kept.read_text()) == {"current": "", "entries": {}}
    monkeypatch.setenv("DSPACE_TOKEN", token)
    ran = signed_in("whoami", "--api", api)
    assert ran.code == 1
    assert "DSPACE_TOKEN has expired" in ran.err


def test_an_expired_session__is_told__and_can_be_signed_out_of(
    signed_in: Dspace, app: Flask, api: str
) -> None:
    with app.app_context(), writing():
        db.session.execute(update(Session).values(expires_at=utc_now() - timedelta(1)))
    ran = signed_in("whoami")
    assert ran.code == 1
    how = f"sign in with `dspace login --api {api}`"
    assert ran.err == f"dspace: {api} doesn't take the token (any more): {how}\n"
    assert signed_in("logout").code == 0


def test_the_environment__goes_before_what_was_kept(
    signed_in: Dspace, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSPACE_TOKEN", "dss_nonsense")
    assert signed_in("whoami").code == 1
    monkeypatch.delenv("DSPACE_TOKEN")
    monkeypatch.setenv("DSPACE_API", f"http://127.0.0.1:{free_port()}")
    assert "not signed in to" in signed_in("whoami").err
    assert signed_in("whoami", "--api", api).code == 0


def test_a_key_for_ci__does_what_its_scopes_say(
    signed_in: Dspace, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = signed_in("token", "--name", "ci", "--scope", "sites:read", "--days", "3")
    assert ran.code == 0, ran.err
    monkeypatch.setenv("DSPACE_TOKEN", ran.out.strip())
    assert signed_in("sites", "list").code == 0
    refused = signed_in("whoami")
    assert refused.err == ("dspace: Scope missing: The API key lacks the scope account:read.\n")


def test_nobody_there__is_told_in_one_line(dspace: Dspace) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    ran = dspace("login", "--api", url, "--account", "1")
    assert (ran.code, ran.err) == (1, f"dspace: {url} can't be reached: nothing listens there\n")


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://", "http://u:p@host"])
def test_what_is_no_address__is_told_in_one_line(dspace: Dspace, url: str) -> None:
    ran = dspace("whoami", "--api", url)
    assert ran.code == 1
    assert "is no address of an API" in ran.err


def test_credentials_that_others_can_read__are_not_used(signed_in: Dspace, kept: Path) -> None:
    kept.chmod(0o644)
    ran = signed_in("whoami")
    assert ran.code == 1
    assert "can be read by others" in ran.err


def test_damaged_credentials__are_told(signed_in: Dspace, kept: Path) -> None:
    kept.write_text("{")
    assert "is damaged" in signed_in("whoami").err


class TestMessages:
    """What a wallet is asked to sign."""

    URL = "https://api.example.org"
    ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

    def message(self, domain: str = "api.example.org", chain: int = 1) -> str:
        return (
            f"{domain} wants you to sign in with your Ethereum account:\n{self.ADDRESS}\n\n"
            f"Sign in.\n\nURI: https://{domain}\nVersion: 1\nChain ID: {chain}\nNonce: abcdefgh"
        )

    def test_that_of_this_api__is_signed(self) -> None:
        check_message(self.message(), self.URL, self.ADDRESS, 1)
        local = self.message("localhost:8000")
        check_message(local, "http://127.0.0.1:8000", self.ADDRESS, 1)

    @pytest.mark.parametrize("domain", ["bank.example.org", "api.example.org:8443", "x@y:z"])
    def test_that_of_another_api__is_not(self, domain: str) -> None:
        with pytest.raises(ClientError, match="asks to sign in to"):
            check_message(self.message(domain), self.URL, self.ADDRESS, 1)

    def test_one_of_another_port_of_this_machine__is_not(self) -> None:
        with pytest.raises(ClientError, match="asks to sign in to"):
            check_message(self.message("localhost:1"), "http://127.0.0.1:8", self.ADDRESS, 1)

    @pytest.mark.parametrize("text", ["", "Send me all your coins", "0x" + "00" * 32])
    def test_what_is_no_sign_in__is_not(self, text: str) -> None:
        with pytest.raises(ClientError):
            check_message(text, self.URL, self.ADDRESS, 1)

    def test_one_of_another_account_or_chain__is_not(self) -> None:
        with pytest.raises(ClientError, match="something else"):
            check_message(self.message(chain=5), self.URL, self.ADDRESS, 1)
        with pytest.raises(ClientError, match="something else"):
            check_message(self.message(), self.URL, "0x" + "11" * 20, 1)
