"""Shared by the API's tests: a platform's database and mirror on each kind of database."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.app import create_app
from api.db import db
from api.migrate import migrate
from api.settings import ApiSettings
from tests.api.world import Mirror, Wallet, make_settings
from tests.support.postgres import fresh_schema


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own settings don't reach the tests."""
    for name in [name for name in os.environ if name.startswith("DSPACE_")]:
        if name not in ("DSPACE_TEST_DATABASE_URL", "DSPACE_TEST_REDIS_URL"):
            monkeypatch.delenv(name)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """SQLite; a module whose tests run on both overrides it with `any_database_url`."""
    return f"sqlite:///{tmp_path / 'data' / 'dspace.sqlite3'}"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> ApiSettings:
    """Of a platform whose tables are there."""
    made = make_settings(tmp_path / "data", database_url)
    migrate(made)
    return made


@pytest.fixture
def mirror(settings: ApiSettings) -> Iterator[Mirror]:
    """A mirror with the development chain's plans."""
    made = Mirror(settings.database_url)
    yield made
    made.close()


@pytest.fixture
def app(settings: ApiSettings, mirror: Mirror) -> Iterator[Flask]:
    made = create_app(settings)
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def wallet(app: Flask, mirror: Mirror) -> Callable[..., Wallet]:
    """Makes signed-in wallets with ten credits."""

    def make(**account: Any) -> Wallet:
        made = Wallet(app.test_client())
        mirror.account(made.address, **account)
        made.sign_in()
        return made

    return make


@pytest.fixture
def owner(wallet: Callable[..., Wallet], mirror: Mirror) -> Wallet:
    """A wallet whose service 1 is an active paid site."""
    made = wallet(rate=2_000)
    mirror.service(1, made.address)
    return made


def _postgresql() -> Iterator[str]:
    with fresh_schema() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def any_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """For modules whose tests run on both: override `database_url` with it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'data' / 'dspace.sqlite3'}"
    else:
        yield from _postgresql()
