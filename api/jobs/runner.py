"""Does jobs: claim, run, settle; the lease is renewed while it runs.

run ends            -> done
GiveUp              -> failed with its text
anything else       -> again after 1, 2, 4, 8 s; the fifth time failed
worker is killed    -> the lease ends, the sweep wakes another, which counts as a try too
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Self

import structlog
from flask import Flask

from api.db import writing
from api.jobs import repository
from api.jobs.models import Job
from api.jobs.registry import WORKS
from api.jobs.work import GiveUp, Work

MAX_ATTEMPTS = 5
RENEW_SECONDS = 4.0
GAVE_UP = "The platform could not finish it, though it tried several times."

log = structlog.get_logger()


class Runner:
    """Does the jobs of the database, one at a time a caller; used by any number of threads."""

    def __init__(self, app: Flask, works: Mapping[str, Work] = WORKS) -> None:
        self.app = app
        self.works = works

    def drain(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Does what is due, until nothing is or until it is told to stop; how many it did."""
        done = 0
        while not stopping() and self.run_next():
            done += 1
        return done

    def run_next(self) -> bool:
        """Does the next due job; False where there is none."""
        with self.app.app_context():
            with writing():
                job = repository.claim_next()
            if job is None:
                return False
            structlog.contextvars.clear_contextvars()
            structlog.contextvars.bind_contextvars(job=job.id, kind=job.kind)
            self._run(job)
            return True

    def _run(self, job: Job) -> None:
        lease = str(job.lease)
        work = self.works[job.kind]
        if job.attempts > MAX_ATTEMPTS:  # it ended the worker each time
            self._fail(job, lease, work, GAVE_UP, "the worker ended")
            return
        try:
            with _Renewal(self.app, job.id, lease):
                work.run(job.payload)
        except GiveUp as reason:
            self._fail(job, lease, work, str(reason), str(reason))
        except Exception as error:
            log.warning("job_try_failed", attempt=job.attempts, exc_info=error)
            told = f"{type(error).__name__}: {error}"
            if job.attempts >= MAX_ATTEMPTS:
                self._fail(job, lease, work, GAVE_UP, told)
            else:
                with writing():
                    repository.retry(job.id, lease, _backoff(job.attempts), told)
        else:
            with writing():
                repository.finish(job.id, lease)
            log.info("job_done", attempt=job.attempts)

    def _fail(self, job: Job, lease: str, work: Work, reason: str, told: str) -> None:
        with writing():
            if repository.fail(job.id, lease, told):
                work.failed(job.payload, reason)
        log.warning("job_failed", reason=reason, error=told)


def _backoff(attempts: int) -> timedelta:
    return timedelta(seconds=2 ** (attempts - 1))


class _Renewal:
    """Renews a lease from a thread of its own until the block ends."""

    def __init__(self, app: Flask, job_id: str, lease: str) -> None:
        self.app = app
        self.job_id = job_id
        self.lease = lease
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _renew(self) -> None:
        while not self._ended.wait(RENEW_SECONDS):
            try:
                with self.app.app_context(), writing():
                    if not repository.renew(self.job_id, self.lease):
                        return
            except Exception:  # the next renewal is in time still
                log.warning("lease_renewal_failed", job=self.job_id, exc_info=True)
