"""Two writers at once never lose one another's write; nothing is held in memory whole."""

from __future__ import annotations

import io
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from api.db import db, writing
from api.files.models import FileVersion
from api.files.pruning import prune_versions
from api.holds.models import Hold
from tests.api.world import Wallet

FILES = "/v1/files"
WRITERS, EACH = 4, 6


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


def test_every_write_of_many_writers__is_there(app: Flask, owner: Wallet) -> None:
    def write(writer: int) -> list[int]:
        client = Wallet(app.test_client(), owner.key, owner.token)
        return [
            client.ask("PUT", f"{FILES}/shared/{writer}-{number}", data=b"%d" % number).status_code
            for number in range(EACH)
        ]

    with ThreadPoolExecutor(WRITERS) as threads:
        statuses = [status for found in threads.map(write, range(WRITERS)) for status in found]
    assert statuses == [201] * (WRITERS * EACH)
    items = owner.get(f"{FILES}?path=/shared&limit=100").json["items"]
    assert len(items) == WRITERS * EACH
    versions = owner.get("/v1/file-versions?limit=100").json["items"]
    assert [row["number"] for row in versions] == list(range(WRITERS * EACH, 0, -1))


def test_of_those_who_saw_the_same_file__one_may_replace_it(app: Flask, owner: Wallet) -> None:
    seen = owner.ask("PUT", f"{FILES}/a", data=b"seen").headers["ETag"]

    def replace(writer: int) -> int:
        client = Wallet(app.test_client(), owner.key, owner.token)
        headers = {"If-Match": seen}
        return client.ask("PUT", f"{FILES}/a", data=b"%d" % writer, headers=headers).status_code

    with ThreadPoolExecutor(WRITERS) as threads:
        statuses = sorted(threads.map(replace, range(WRITERS)))
    assert statuses == [200] + [412] * (WRITERS - 1)


def test_many_who_fill_the_allowance__never_exceed_it(
    app: Flask, owner: Wallet, mirror: object
) -> None:
    mirror.tier(0, rate=0, discount=0, storage=100_000)  # type: ignore[attr-defined]

    def write(writer: int) -> int:
        client = Wallet(app.test_client(), owner.key, owner.token)
        data = bytes([writer]) * 40_000
        return client.ask("PUT", f"{FILES}/{writer}", data=data).status_code

    with ThreadPoolExecutor(WRITERS) as threads:
        statuses = sorted(threads.map(write, range(WRITERS)))
    assert statuses == [201, 201, 402, 402]
    assert int(owner.get("/v1/account/storage").json["used_bytes"]) <= 100_000


class _Zeros(io.RawIOBase):
    """A body that nobody could hold."""

    def __init__(self, length: int) -> None:
        self.left = length

    def readinto(self, buffer: Any) -> int:
        taken = min(self.left, len(buffer), 2**16)
        self.left -= taken
        buffer[:taken] = bytes(taken)
        return taken


def _body(length: int, told: int) -> dict[str, object]:
    return {"wsgi.input": _Zeros(length), "CONTENT_LENGTH": str(told)}


def test_a_large_body__streams_through(owner: Wallet) -> None:
    length = 200 * 2**20
    tracemalloc.start()
    try:
        answer = owner.ask(
            "PUT",
            f"{FILES}/large",
            environ_overrides=_body(length, length),
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status_code == 201, answer.text
    assert answer.json["size"] == length
    assert peak < 24 * 2**20


def test_old_versions_go__and_their_holds_are_released_for_the_grace_period(
    app: Flask, owner: Wallet
) -> None:
    for number in range(4):
        owner.ask("PUT", f"{FILES}/a", data=b"%d" % number)
    with app.app_context():
        app.config["DSPACE"].file_versions_kept = 2
        assert prune_versions() == 2
        assert prune_versions() == 0
        with writing():
            kept = {row.id for row in db.session.query(FileVersion)}
            held = {row.subject for row in db.session.query(Hold) if row.released_at is None}
            assert kept == held
            assert db.session.query(Hold).count() == 4
    assert owner.get(f"{FILES}/a").data == b"3"


def test_a_body_that_ends_early__leaves_nothing(owner: Wallet) -> None:
    answer = owner.ask("PUT", f"{FILES}/cut", environ_overrides=_body(1_000, 5_000))
    assert answer.status_code == 400
    assert owner.get(FILES).json["items"] == []
