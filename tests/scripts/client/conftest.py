"""The API over real HTTP with a worker beside it, and the commands as a user types them."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from flask import Flask
from werkzeug.serving import make_server

from api.app import create_app
from api.db import db
from api.jobs.runner import Runner
from api.migrate import migrate
from api.settings import ApiSettings
from scripts.dev_accounts import dev_accounts, key_of
from tests.api.world import Mirror, make_settings
from tests.support.chain import free_port

OWNER = dev_accounts()[1]
WORK_SECONDS = 0.02


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's configuration folder of the test's own, and no settings from outside."""
    for name in [name for name in os.environ if name.startswith("DSPACE_")]:
        if not name.startswith("DSPACE_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "config"


@pytest.fixture
def settings(tmp_path: Path) -> ApiSettings:
    made = make_settings(tmp_path / "data", api_host="127.0.0.1", api_port=free_port())
    made = made.model_copy(update={"public_url": f"http://127.0.0.1:{made.api_port}"})
    migrate(made)
    return made


@pytest.fixture
def mirror(settings: ApiSettings) -> Iterator[Mirror]:
    """The owner has an active site's service 1, and a gigabyte."""
    made = Mirror(settings.database_url)
    made.tier(0, name="Free")
    made.account(OWNER.address, rate=2_000)
    made.service(1, OWNER.address)
    yield made
    made.close()


@pytest.fixture
def app(settings: ApiSettings, mirror: Mirror) -> Iterator[Flask]:
    made = create_app(settings)
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def api(app: Flask, settings: ApiSettings) -> Iterator[str]:
    """Its URL."""
    server = make_server("127.0.0.1", settings.api_port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield settings.public_url
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def worker(app: Flask) -> Iterator[None]:
    """Does the jobs as they come."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(WORK_SECONDS):
            Runner(app).drain()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Dspace = Callable[..., Ran]


@pytest.fixture
def dspace(capsys: pytest.CaptureFixture[str]) -> Dspace:
    """Runs a command in this process."""
    from typer.main import get_command

    from scripts.cli import app as commands

    command = get_command(commands)

    def run(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        try:
            command.main([str(argument) for argument in arguments], "dspace")
            code: Any = 0
        except SystemExit as ended:
            code = ended.code or 0
        told = capsys.readouterr()
        # The API is in this process too, and logs JSON.
        err = [line for line in told.err.splitlines(keepends=True) if line[:1] != "{"]
        return Ran(int(code), told.out, "".join(err))

    return run


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "wallet.key"
    path.write_text(key_of(OWNER) + "\n")
    return path


@pytest.fixture
def signed_in(dspace: Dspace, api: str, key_file: Path) -> Dspace:
    """The commands of a user who is signed in."""
    assert dspace("login", "--api", api, "--key", key_file).code == 0
    return dspace


@pytest.fixture
def stranger() -> str:
    """The key of a wallet that the platform never saw."""
    return key_of(Account.create())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site of three files, one of them of several blocks, and an empty folder."""
    made = tmp_path / "site"
    (made / "a").mkdir(parents=True)
    (made / "empty").mkdir()
    (made / "index.html").write_bytes(b"<p>hello")
    (made / "a" / "b.txt").write_bytes(b"b" * 3_000)
    (made / "a" / "big.bin").write_bytes(os.urandom(2_500_000))
    return made
