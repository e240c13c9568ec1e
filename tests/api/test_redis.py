"""The queue and the rate limits on Redis, for more than one machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from api.app import create_app
from api.jobs.queue import HueyQueue, declare, make_huey
from api.migrate import migrate
from api.settings import ApiSettings
from tests.api.world import make_settings, slug

LOCAL_SERVER = "redis://127.0.0.1:6379/9"


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A database of a server that runs; what the tests put there is removed again."""
    url = os.environ.get("DSPACE_TEST_REDIS_URL", LOCAL_SERVER)
    client = redis.Redis.from_url(url)
    try:
        before = set(client.keys())
    except redis.ConnectionError:
        pytest.skip(f"NO REDIS at {url}: the queue was tested on SQLite only")
    yield url
    if made := set(client.keys()) - before:
        client.delete(*made)
    client.close()


@pytest.fixture
def queue_settings(tmp_path: Path, redis_url: str) -> ApiSettings:
    settings = make_settings(
        tmp_path / "data",
        queue_url=redis_url,
        rate_limit_url=redis_url,
        rate_limits=True,
        rate_limit_sign_in="3/minute",
    )
    migrate(settings)
    return settings


def test_a_wake_reaches_a_worker_of_another_process(queue_settings: ApiSettings) -> None:
    heard: list[str] = []
    worker = make_huey(queue_settings)
    declare(worker, lambda: heard.append("wake"))
    queue = HueyQueue(queue_settings)
    assert queue.pending() == 0
    queue.wake()
    queue.wake()
    assert queue.pending() == 2
    worker.execute(worker.dequeue())
    assert heard == ["wake"]
    assert queue.pending() == 1


def test_two_processes_share_the_limits(queue_settings: ApiSettings) -> None:
    clients = [create_app(queue_settings).test_client() for _ in range(2)]
    answers = [clients[number % 2].post("/v1/auth/nonce", json={}) for number in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert slug(answers[3]) == "too-many-requests"
