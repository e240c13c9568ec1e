"""The queue: it wakes workers and knows nothing of what they will do.

A wake says "look at the table". So a lost wake, a repeated one or one without a job does no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import structlog
from flask import current_app
from huey import Huey, RedisHuey, SqliteHuey

from api.http.operation import after_commit
from api.jobs import repository
from api.settings import ApiSettings

TASK = "look_for_jobs"

log = structlog.get_logger()


class Queue(Protocol):
    """Wakes workers."""

    def wake(self) -> None:
        """Makes one worker look for jobs."""

    def pending(self) -> int:
        """How many wakes nobody has heard yet."""


class HueyQueue:
    """Huey on a SQLite file or on Redis, by the settings."""

    def __init__(self, settings: ApiSettings) -> None:
        self.huey = make_huey(settings)
        self._look = declare(self.huey, lambda: None)

    def wake(self) -> None:
        """See the port."""
        self._look()

    def pending(self) -> int:
        """See the port."""
        return int(self.huey.pending_count())


def make_huey(settings: ApiSettings) -> Huey:
    """The queue that API, worker and scheduler share."""
    if settings.queue_url:
        return RedisHuey("dspace", url=settings.queue_url, results=False)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path = settings.data_dir / "queue.sqlite3"
    # What it holds may be lost: the jobs are in the database.
    return SqliteHuey("dspace", filename=str(path), results=False, fsync=False)


def declare(huey: Huey, look: Callable[[], None]) -> Callable[[], Any]:
    """The one task; workers give the function that it runs."""

    def look_for_jobs() -> None:
        look()

    task: Callable[[], Any] = huey.task(name=TASK)(look_for_jobs)
    return task


def enqueue(kind: str, payload: dict[str, Any]) -> None:
    """A job in this request's transaction, and a wake once it is committed."""
    repository.add(kind, payload)
    queue: Queue = current_app.extensions["dspace_queue"]
    after_commit(queue.wake)
