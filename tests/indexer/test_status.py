"""`dspace index status`: the first line, the figures, JSON, and a database that can't be read."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from indexer.cli import index_app
from indexer.database import open_engine
from indexer.lock import is_led
from indexer.reads import state_digest
from tests.indexer.emitting import bought, person
from tests.indexer.fakechain import FakeChain
from tests.indexer.mirror import Mirror


@pytest.fixture(autouse=True)
def _database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSPACE_DATABASE_URL", database_url)


def status(*options: str) -> list[str]:
    ended = CliRunner().invoke(index_app, ["status", *options])
    assert ended.exit_code == 0, ended.output
    return ended.stdout.splitlines()


def figures(*options: str) -> dict[str, Any]:
    return json.loads("\n".join(status("--json", *options)))


def grow(chain: FakeChain, blocks: int) -> None:
    for number in range(blocks):
        chain.mine(bought(person(1), number))


# ---------------------------------------------------------------- the first line


def test_before_the_first_block(mirror: Mirror) -> None:
    assert status() == ["no indexer is leading; nothing indexed yet"]
    assert figures() == {"started": False, "leader": False}
    mirror.start()
    assert status() == ["nothing indexed yet"]
    assert figures() == {"started": False, "leader": True}


def test_at_the_head_and_after_the_leader_is_gone(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 3)
    mirror.catch_up()
    assert status()[0] == "at the head"
    mirror.crash()
    assert status()[0] == "no indexer is leading; at the head"


def test_behind_the_head(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 1_300)
    mirror.step()
    mirror.step()
    left = 1_300 - mirror.as_of().block_number
    assert 100 < left < 1_300
    assert status()[0] == f"{left:,} blocks behind"
    assert figures()["lag_blocks"] == left


# ---------------------------------------------------------------- figures


def test_the_figures(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 20)
    mirror.catch_up()
    found = figures()
    assert (found["block_number"], found["block_hash"]) == (20, chain.head.hash)
    assert (found["head_number"], found["finalized_number"], found["lag_blocks"]) == (20, 12, 0)
    assert found["lag_seconds"] == pytest.approx(time.time() - chain.head.timestamp, abs=5)
    assert found["indexed_at"] == pytest.approx(time.time(), abs=10)
    assert found["leader"] is True
    assert found["events"] == found["rows"]["mirror_events"] == 20
    assert found["rows"]["mirror_blocks"] == 21
    assert found["rows"]["mirror_accounts"] == 1
    assert found["state_digest"] == mirror.read(state_digest)


def test_the_lines_are_aligned_and_say_the_same(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 20)
    mirror.catch_up()
    lines = status()
    shown = dict(re.split(r"  +", line, maxsplit=1) for line in lines[1:] if line)
    assert shown["cursor"] == f"20  {chain.head.hash}"
    assert shown["finalized"] == "12"
    assert re.fullmatch(r"0 blocks, [\d,]+ s", shown["lag"])
    assert re.fullmatch(r"[\d-]+ [\d:]+ UTC, \d+ s ago", shown["indexed at"])
    assert shown["state digest"] == mirror.read(state_digest)
    assert shown["mirror_blocks"] == "21"
    head, _, tables = "\n".join(lines[2:]).partition("\n\n")
    assert len({re.search("  +", line).end() for line in head.splitlines()}) == 1
    assert len({len(line) for line in tables.splitlines()}) == 1


def test_the_digest_can_be_left_out(chain: FakeChain, mirror: Mirror) -> None:
    grow(chain, 3)
    mirror.catch_up()
    assert "state_digest" not in figures("--no-digest")
    assert not any("digest" in line for line in status("--no-digest"))


# ---------------------------------------------------------------- the lead


def test_looking_for_the_leader_does_not_take_its_lock(mirror: Mirror, database_url: str) -> None:
    reader = open_engine(database_url, writes=False)
    with reader.connect() as conn:
        assert not is_led(conn)
        mirror.start()
        assert is_led(conn)
        mirror.crash()
        assert not is_led(conn)
        mirror.start()  # while the reader is there
        assert is_led(conn)
    reader.dispose()


# ---------------------------------------------------------------- failures


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://someone:a-secret@127.0.0.1:9/none",
        "sqlite:////proc/none/mirror.sqlite3",
        "sqlite:///{folder}/text",
        "sqlite:///{folder}",
        "mysql://someone:a-secret@127.0.0.1/none",
        "no url with a-secret",
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_that_can_not_be_read_is_one_line_and_status_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    (tmp_path / "text").write_text("this is no database, though it is long enough for one" * 20)
    monkeypatch.setenv("DSPACE_DATABASE_URL", url.format(folder=tmp_path))
    ended = CliRunner().invoke(index_app, ["status"])
    assert ended.exit_code == 1
    assert ended.stdout == ""
    assert re.fullmatch("dspace: the database can't be read: [^\n]+\n", ended.stderr)
    assert "a-secret" not in ended.stderr
