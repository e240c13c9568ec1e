"""The public checker of the Pinning Service API, against the API and a worker as processes.

What it pins comes from a gateway on loopback; nothing reaches beyond.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from api.settings import ApiSettings
from api.storage.unixfs.cid import RAW, Cid
from tests.api.pins.hosts import RAW as RAW_MEDIA_TYPE
from tests.api.pins.hosts import Host, Request, hosting
from tests.api.pins.world import storing
from tests.api.test_api_processes import Processes, answers, url, wait_for
from tests.api.world import Mirror, Wallet
from tests.support.chain import free_port
from tests.support.tools import pinning_checker

CHECKER = Path(__file__).parent / "checker"
BLOCKS = {
    f"/ipfs/{Cid(RAW, sha256(text).digest())}": text
    for text in (f"7,{number}".encode() for number in range(500))
}


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One kind of database is enough for this."""
    return f"sqlite:///{tmp_path / 'data' / 'dspace.sqlite3'}"


@pytest.fixture
def gateway() -> Iterator[Host]:
    def give(request: Request) -> None:
        block = BLOCKS.get(request.path.partition("?")[0])
        if block is None:
            request.give(b"", "text/plain", 404)
        else:
            request.give(block, RAW_MEDIA_TYPE)

    with hosting(give) as host:
        yield host


@pytest.fixture
def processes(settings: ApiSettings, gateway: Host, tmp_path: Path) -> Iterator[Processes]:
    changed = {"api_port": free_port(), "pin_gateway_urls": gateway.url}
    made = Processes(settings.model_copy(update=changed), tmp_path)
    yield made
    made.end()


def test_the_public_checker_finds_nothing_to_complain_of(
    wallet: Callable[..., Wallet], mirror: Mirror, processes: Processes, tmp_path: Path
) -> None:
    node, package = pinning_checker()
    pinner = storing(wallet, mirror)
    made = pinner.post(
        "/v1/auth/keys", json={"name": "checker", "scopes": ["pins:read", "pins:write"]}
    )
    assert made.json is not None
    processes.start("api")
    processes.start("worker")
    wait_for(lambda: answers(processes), "the API answers")
    reports = tmp_path / "reports"
    reports.mkdir()
    told = subprocess.run(
        [
            node,
            f"--import={(CHECKER / 'offline.mjs').as_uri()}",
            str(package / "dist/src/index.js"),
            "-s",
            url(processes, "/v1"),
            made.json["key"],
        ],
        env={
            **os.environ,
            "CHECKER_SPEC": str(CHECKER / "spec.json"),
            "CHECKER_REPORTS": str(reports),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    output = told.stdout + told.stderr
    result = json.loads((reports / "127.0.0.1.json").read_text())
    assert re.findall("❌|⚠️", output) == [], output
    assert result == {"total": 9, "passed": 9, "failed": 0, "success": True}, output
