"""`dspace scheduler`: says when. It finds what is due or lost, and clears what has expired.

Several of them do no harm: a job is claimed in its row, and clearing twice clears once.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask, current_app

from api.app import create_app
from api.auth import repository as auth
from api.db import begin, db, utc_now, writing
from api.deployments.uploads import sweep_uploads
from api.files.versions import prune_versions
from api.idempotency.service import delete_expired as delete_expired_answers
from api.jobs import repository
from api.jobs.queue import Queue
from api.settings import ApiSettings
from api.starting import or_exit
from indexer.logs import configure_logging

SWEEP_SECONDS = 1
CLEAR_SECONDS = 60
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
DONE_JOBS_KEPT = timedelta(days=7)

log = structlog.get_logger()


def run_scheduler(settings: ApiSettings) -> None:
    """Runs until SIGTERM or SIGINT."""
    configure_logging()
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    with or_exit("scheduler"):
        app = create_app(settings)
    # Taken by `sigwait` below, not by a handler: that could interrupt a thread that holds a lock.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    scheduler = BackgroundScheduler(
        timezone="UTC",
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for action, seconds in ((sweep_jobs, SWEEP_SECONDS), (clear_expired, CLEAR_SECONDS)):
        scheduler.add_job(
            _guarded(app, action), "interval", seconds=seconds, next_run_time=utc_now()
        )
    scheduler.start()
    log.info("scheduler_started")
    signal.sigwait(STOP_SIGNALS)
    log.info("scheduler_stopped")
    sys.stderr.flush()
    os._exit(0)  # a sweep that waits for the database would hold the process; it may be cut off


def sweep_jobs() -> int:
    """Wakes a worker where jobs are due and no wake is under way; how many jobs are due."""
    begin(writes=False)
    due = repository.count_due()
    db.session.rollback()
    queue: Queue = current_app.extensions["dspace_queue"]
    if due and not queue.pending():
        queue.wake()
    return due


def clear_expired() -> None:
    """Lets go of used-up nonces, sessions, keys, kept answers, versions, jobs and uploads."""
    now = utc_now()
    with writing():
        auth.delete_expired(now)
        delete_expired_answers()
        repository.delete_finished(now - DONE_JOBS_KEPT)
        prune_versions()
    begin(writes=False)
    sweep_uploads(current_app.config["DSPACE"].uploads_dir)


def _guarded(app: Flask, action: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            with app.app_context():
                action()
        except Exception:  # the next round comes
            log.exception("scheduled_action_failed", action=getattr(action, "__name__", None))

    return run
