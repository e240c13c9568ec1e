"""Many writers of one tree at once, on real threads: nobody's write is lost."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.api.files.keeping import TIER, Keeper, built
from tests.api.world import Mirror, Wallet

WRITERS = 5


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


def others(app: Flask, keeper: Keeper) -> list[Keeper]:
    """The same account, each with a client of its own."""
    wallet = keeper.wallet
    return [Keeper(Wallet(app.test_client(), wallet.key, wallet.token)) for _ in range(WRITERS)]


def test_different_paths__all_survive(app: Flask, keeper: Keeper) -> None:
    def write(number: int, one: Keeper) -> set[int]:
        return {
            one.put(f"/{folder}/{number}", b"%d %d" % (number, folder)).status_code
            for folder in range(4)
        }

    with ThreadPoolExecutor(WRITERS) as threads:
        statuses = list(threads.map(write, range(WRITERS), others(app, keeper)))
    assert statuses == [{201}] * WRITERS
    files: dict[str, bytes | None] = {
        f"{folder}/{number}": b"%d %d" % (number, folder)
        for folder in range(4)
        for number in range(WRITERS)
    }
    assert keeper.head()["cid"] == str(built(files)[0].cid)
    assert keeper.head()["number"] == 4 * WRITERS
    assert keeper.used() == keeper.head()["size"]


def test_one_path_with_if_match__one_wins_each_time(app: Flask, keeper: Keeper) -> None:
    """A counter that every writer counts up, three times each."""
    keeper.put("/counter", b"0")

    def count(one: Keeper) -> None:
        done = 0
        while done < 3:
            now = one.get("/counter")
            more = b"%d" % (int(now.data) + 1)
            answer = one.put("/counter", more, headers={"If-Match": now.headers["ETag"]})
            assert answer.status_code in (200, 412), answer.text
            done += answer.status_code == 200

    with ThreadPoolExecutor(WRITERS) as threads:
        list(threads.map(count, others(app, keeper)))
    assert int(keeper.get("/counter").data) == 3 * WRITERS


def test_only_if_new__one_of_many_wins(app: Flask, keeper: Keeper) -> None:
    def write(one: Keeper) -> int:
        return one.put("/a", one.address.encode(), headers={"If-None-Match": "*"}).status_code

    with ThreadPoolExecutor(WRITERS) as threads:
        statuses = Counter(threads.map(write, others(app, keeper)))
    assert statuses == {201: 1, 412: WRITERS - 1}


def test_the_allowance__is_not_passed_by_many_at_once(
    app: Flask, keeper: Keeper, mirror: Mirror
) -> None:
    mirror.tier(TIER, storage=350_000)

    def write(number: int, one: Keeper) -> int:
        return one.put(f"/{number}", bytes([number]) * 100_000).status_code

    with ThreadPoolExecutor(WRITERS) as threads:
        statuses = Counter(threads.map(write, range(WRITERS), others(app, keeper)))
    assert statuses == {201: 3, 402: WRITERS - 3}
    assert keeper.used() == keeper.head()["size"] <= 350_000
