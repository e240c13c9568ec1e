"""Logs: their form, their level, a bad setting, and no secret in any line."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from indexer.cli import index_app
from indexer.logs import without_secrets
from tests.indexer.emitting import bought, person
from tests.indexer.fakechain import FakeChain, HttpFault
from tests.indexer.mirror import Mirror

SAYS = """
import structlog
from indexer.logs import configure_logging

configure_logging()
log = structlog.get_logger()
log.debug("first_event", number=1)
log.info("second_event", number=2)
log.error("third_event", number=3)
try:
    raise ValueError("https://node.example/v2/a-secret failed")
except ValueError:
    log.exception("fourth_event")
"""


def said(terminal: bool = False, **settings: str) -> str:
    """What a process that logs writes to stderr."""
    master, slave = pty.openpty() if terminal else os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", SAYS],
        env=os.environ | {f"DSPACE_{name}": value for name, value in settings.items()},
        stderr=slave,
    )
    os.close(slave)
    found = b""
    try:
        while part := os.read(master, 65_536):
            found += part
    except OSError:  # how a terminal's end is told
        pass
    os.close(master)
    process.wait(20)
    return found.decode()


def events(output: str) -> list[str]:
    return [json.loads(line)["event"] for line in output.splitlines()]


def test_off_a_terminal_a_line_is_a_json_object() -> None:
    lines = [json.loads(line) for line in said().splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("second_event", "info"),
        ("third_event", "error"),
        ("fourth_event", "error"),
    ]
    assert lines[0]["number"] == 2
    assert lines[0]["timestamp"].endswith("Z")
    assert "ValueError" in lines[2]["exception"]
    assert "a-secret" not in lines[2]["exception"]


def test_on_a_terminal_it_is_readable_unless_told_otherwise() -> None:
    assert "\x1b[" in said(terminal=True)
    assert events(said(terminal=True, LOG_FORMAT="json")) == events(said())
    readable = said(LOG_FORMAT="console")
    assert "second_event" in readable
    assert "number=2" in readable
    assert "\x1b[" not in readable


def test_the_level_leaves_out_what_is_below_it() -> None:
    assert events(said(LOG_LEVEL="debug"))[0] == "first_event"
    assert events(said(LOG_LEVEL="ERROR")) == ["third_event", "fourth_event"]


@pytest.mark.parametrize("command", [["run"], ["rebuild"]])
@pytest.mark.parametrize("name", ["LOG_LEVEL", "LOG_FORMAT"])
def test_a_bad_setting_is_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, command: list[str]
) -> None:
    monkeypatch.setenv(f"DSPACE_{name}", "loud")
    ended = CliRunner().invoke(index_app, command)
    assert ended.exit_code == 2
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith(f"dspace: DSPACE_{name}: Input should be ")


@pytest.mark.parametrize(
    ("given", "logged"),
    [
        ("https://node.example/v2/a-key", "https://node.example/…"),
        ("https://user:a-key@node.example:8545", "https://node.example:8545"),
        ("https://node.example?key=a-key", "https://node.example/…"),
        ("wss://node.example/ws/a-key failed", "wss://node.example/… failed"),
        (
            "no 'postgresql+psycopg://me:a-key@host/db' here",
            "no 'postgresql+psycopg://host/…' here",
        ),
        ("postgresql://me:a-k@y@host/db", "postgresql://host/…"),
        ("http://127.0.0.1:8545/", "http://127.0.0.1:8545/"),
        ("nothing of the kind: a/b", "nothing of the kind: a/b"),
    ],
)
def test_a_url_is_cut_after_its_host(given: str, logged: str) -> None:
    assert without_secrets(None, "info", {"event": "e", "reason": given, "number": 1}) == {
        "event": "e",
        "reason": logged,
        "number": 1,
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_indexer_whose_node_fails_says_so_without_its_key(
    chain: FakeChain,
    chain_url: str,
    mirror: Mirror,
    environment: dict[str, str],
) -> None:
    chain.mine(bought(person(1), 1))
    chain.fault("eth_getLogs", fails, times=1)
    environment["DSPACE_RPC_URLS"] = f"{chain_url.replace('//', '//me:a-key@')}/v2/a-key"
    ended = subprocess.run(
        [sys.executable, "-m", "indexer.cli", "run", "--once"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert "provider_failed" in events(ended.stderr)
    assert "a-key" not in ended.stderr


def fails(_result: object) -> object:
    body = b'{"error": {"code": -32000, "message": "https://node.example/v2/a-key is unpaid"}}'
    raise HttpFault(400, body)
