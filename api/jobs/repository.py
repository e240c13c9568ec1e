"""All SQL of jobs. One column, `due_at`, says when a row is anyone's: queued and due, or running
and its lease over (the worker was killed)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import CursorResult, delete, func, select, update

from api.db import db, utc_now
from api.jobs.models import Job, JobState

# Long enough for a renewal that had to wait for SQLite's writer, short enough that what a killed
# worker held goes on soon.
LEASE = timedelta(seconds=15)
_OPEN = (JobState.QUEUED.value, JobState.RUNNING.value)


def add(kind: str, payload: dict[str, Any]) -> Job:
    """A job in the session's transaction, due at once."""
    now = utc_now()
    job = Job(
        id=uuid4().hex,
        kind=kind,
        payload=payload,
        state=JobState.QUEUED,
        attempts=0,
        due_at=now,
        created_at=now,
        updated_at=now,
    )
    db.session.add(job)
    return job


def claim_next() -> Job | None:
    """The job that has been due the longest, leased to the caller."""
    now = utc_now()
    job = db.session.execute(
        select(Job)
        .where(Job.state.in_(_OPEN), Job.due_at <= now)
        .order_by(Job.due_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if job is None:
        return None
    job.state = JobState.RUNNING
    job.attempts += 1
    job.lease = uuid4().hex
    job.due_at = now + LEASE
    job.updated_at = now
    db.session.flush()
    return job


def renew(job_id: str, lease: str) -> bool:
    """False where the lease went to another worker."""
    return _change(job_id, lease, due_at=utc_now() + LEASE)


def finish(job_id: str, lease: str) -> bool:
    """The job is done."""
    return _change(job_id, lease, state=JobState.DONE, lease=None, error=None)


def retry(job_id: str, lease: str, delay: timedelta, error: str) -> bool:
    """The job is tried again after a while."""
    due_at = utc_now() + delay
    return _change(job_id, lease, state=JobState.QUEUED, lease=None, due_at=due_at, error=error)


def fail(job_id: str, lease: str, error: str) -> bool:
    """The job is given up."""
    return _change(job_id, lease, state=JobState.FAILED, lease=None, error=error)


def count_due() -> int:
    """How many jobs wait for a worker now."""
    query = select(func.count()).select_from(Job)
    query = query.where(Job.state.in_(_OPEN), Job.due_at <= utc_now())
    return db.session.execute(query).scalar_one()


def count_by_state() -> dict[str, int]:
    """For the metrics; states without a job are 0."""
    rows = db.session.execute(select(Job.state, func.count()).group_by(Job.state)).all()
    return dict.fromkeys(JobState, 0) | {row[0]: row[1] for row in rows}


def delete_finished(before: datetime) -> int:
    """Lets go of done jobs; failed ones stay for the operator."""
    result = db.session.execute(
        delete(Job).where(Job.state == JobState.DONE, Job.updated_at < before)
    )
    return cast("CursorResult[Any]", result).rowcount


def _change(job_id: str, held: str, **values: Any) -> bool:
    result = db.session.execute(
        update(Job)
        .where(Job.id == job_id, Job.lease == held, Job.state == JobState.RUNNING)
        .values(updated_at=utc_now(), **values)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", result).rowcount == 1
