"""The API over real HTTP, with the world of the API's tests behind it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from typer.testing import CliRunner, Result
from werkzeug.serving import make_server

from api.app import create_app
from api.db import db
from api.jobs.runner import Runner
from api.migrate import migrate
from scripts.cli import app as dspace
from scripts.dev_accounts import dev_accounts
from tests.api.world import Mirror, make_settings
from tests.support.chain import free_port


@dataclass
class Api:
    """A running API, and the command line of a developer."""

    url: str
    app: Flask
    mirror: Mirror

    def run(self, *words: str, fails: bool = False) -> Result:
        result = CliRunner().invoke(dspace, list(words))
        assert (result.exit_code != 0) == fails, result.output
        return result

    def work(self) -> None:
        Runner(self.app).drain()


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    for name in [name for name in os.environ if name.startswith("DSPACE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    port = free_port()
    made = make_settings(tmp_path / "data", public_url=f"http://localhost:{port}")
    migrate(made)
    mirror = Mirror(made.database_url)
    app = create_app(made)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("DSPACE_API", f"http://localhost:{port}")
    yield Api(f"http://localhost:{port}", app, mirror)
    server.shutdown()
    server.server_close()
    mirror.close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def owner(api: Api) -> str:
    """The development account 1, signed in, with a site's service 1 and a storage's 7."""
    address = dev_accounts()[1].address
    api.mirror.account(address, rate=3_000)
    api.mirror.service(1, address)
    api.mirror.service(7, address, plan=3)
    api.run("login", "--account", "1")
    return address


@pytest.fixture
def working(api: Api) -> Iterator[Callable[[], None]]:
    """A worker beside the test, as `deploy` waits for one."""
    stopped = threading.Event()

    def run() -> None:
        while not stopped.wait(0.05):
            Runner(api.app).drain(stopped.is_set)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield lambda: None
    stopped.set()
    thread.join(10)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
