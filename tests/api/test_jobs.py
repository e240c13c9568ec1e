"""Jobs: claimed once, renewed, tried again, given up, found when lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from api.db import db, utc_now, writing
from api.jobs import repository
from api.jobs.models import Job
from api.jobs.runner import MAX_ATTEMPTS, Runner
from api.jobs.scheduler import clear_expired, sweep_jobs
from api.jobs.work import GiveUp, Payload, Work


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


class Recorder:
    """A kind of job that notes what is done to it."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.failures: list[str] = []
        self.raises: Exception | None = None

    def run(self, payload: Payload) -> None:
        self.runs.append(payload["name"])
        if self.raises is not None:
            raise self.raises

    def failed(self, _payload: Payload, reason: str) -> None:
        self.failures.append(reason)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def runner(app: Flask, recorder: Recorder) -> Runner:
    return Runner(app, {"note": Work(recorder.run, recorder.failed)})


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    """Each statement of a test is in the application's context."""
    with app.app_context():
        yield


def add(*names: str) -> list[str]:
    with writing():
        return [repository.add("note", {"name": name}).id for name in names]


def job(job_id: str) -> Job:
    db.session.rollback()
    found = db.session.get(Job, job_id, populate_existing=True)
    assert found is not None
    db.session.rollback()
    return db.session.execute(select(Job).where(Job.id == job_id)).scalar_one()


def change(**values: object) -> None:
    with writing():
        db.session.execute(update(Job).values(**values))


def test_jobs_are_done_in_their_order(runner: Runner, recorder: Recorder) -> None:
    ids = [*add("one"), *add("two"), *add("three")]
    assert runner.drain() == 3
    assert recorder.runs == ["one", "two", "three"]
    assert {job(number).state for number in ids} == {"done"}
    assert runner.drain() == 0


def test_a_job_of_a_transaction_that_was_given_up_never_was(
    runner: Runner, recorder: Recorder
) -> None:
    def fail() -> None:
        with writing():
            repository.add("note", {"name": "never"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert runner.drain() == 0


def test_many_workers_do_each_job_once(runner: Runner, recorder: Recorder) -> None:
    add(*[str(number) for number in range(20)])
    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(lambda _: runner.drain(), range(4)))
    assert done == 20
    assert sorted(recorder.runs, key=int) == [str(number) for number in range(20)]


def test_a_fault_is_tried_again_later_and_then_given_up(runner: Runner, recorder: Recorder) -> None:
    (number,) = add("one")
    recorder.raises = OSError("a disk of ours")
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert runner.drain() == 1  # the next try isn't due yet
        assert job(number).attempts == attempt
        change(due_at=utc_now())
    assert job(number).state == "failed"
    assert job(number).error == "OSError: a disk of ours"
    assert len(recorder.failures) == 1
    assert "disk" not in recorder.failures[0]
    assert runner.drain() == 0


def test_giving_up_is_at_once_and_tells_why(runner: Runner, recorder: Recorder) -> None:
    (number,) = add("one")
    recorder.raises = GiveUp("the archive is broken")
    assert runner.drain() == 1
    assert (job(number).state, recorder.failures) == ("failed", ["the archive is broken"])


def test_a_job_whose_worker_was_killed_is_anyones_after_its_lease(
    runner: Runner, recorder: Recorder
) -> None:
    (number,) = add("one")
    with writing():
        lost = repository.claim_next()
    assert lost is not None
    stale = str(lost.lease)
    assert runner.drain() == 0
    change(due_at=utc_now() - timedelta(seconds=1))
    assert runner.drain() == 1
    assert job(number).state == "done"
    with writing():  # the old one comes back to life, and has nothing to say
        assert not repository.renew(number, stale)
        assert not repository.retry(number, stale, timedelta(), "late")
        assert not repository.fail(number, stale, "late")
    assert job(number).state == "done"


def test_a_job_that_kills_each_worker_is_given_up(runner: Runner, recorder: Recorder) -> None:
    (number,) = add("one")
    change(state="running", attempts=MAX_ATTEMPTS, due_at=utc_now(), lease="dead")
    assert runner.drain() == 1
    assert (job(number).state, recorder.runs) == ("failed", [])
    assert len(recorder.failures) == 1


def test_a_long_job_keeps_its_lease(
    app: Flask, runner: Runner, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.jobs.runner.RENEW_SECONDS", 0.05)
    monkeypatch.setattr("api.jobs.repository.LEASE", timedelta(seconds=0.5))
    renewed = threading.Event()
    original = repository.renew

    def renew(job_id: str, lease: str) -> bool:
        renewed.set()
        return original(job_id, lease)

    monkeypatch.setattr("api.jobs.repository.renew", renew)

    def wait(_payload: Payload) -> None:
        recorder.runs.append("begun")
        assert renewed.wait(10)
        started = job(number).due_at
        assert started > job(number).created_at + timedelta(seconds=0.5)
        assert repository.count_due() == 0
        db.session.rollback()

    runner.works = {"note": Work(wait, recorder.failed)}
    (number,) = add("one")
    assert runner.drain() == 1
    assert (job(number).state, job(number).attempts, recorder.runs) == ("done", 1, ["begun"])


def test_the_sweep_wakes_for_what_is_due(app: Flask) -> None:
    queue = app.extensions["dspace_queue"]
    assert sweep_jobs() == 0
    assert queue.pending() == 0
    add("one", "two")
    assert sweep_jobs() == 2
    assert queue.pending() == 1
    assert sweep_jobs() == 2
    assert queue.pending() == 1  # nobody has heard the first wake yet: one is enough


def test_old_jobs_are_cleared_and_failed_ones_stay(runner: Runner, recorder: Recorder) -> None:
    add("one")
    runner.drain()
    recorder.raises = GiveUp("no")
    add("two")
    runner.drain()
    clear_expired()
    assert sum(repository.count_by_state().values()) == 2
    db.session.rollback()
    change(updated_at=utc_now() - timedelta(days=30))
    clear_expired()
    assert repository.count_by_state() == {"queued": 0, "running": 0, "done": 0, "failed": 1}
    db.session.rollback()
