"""`dspace worker`: hears the wakes and does the jobs."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable

import structlog

from api.app import create_app
from api.jobs.queue import declare, make_huey
from api.jobs.runner import Runner
from api.settings import ApiSettings
from api.starting import or_exit
from indexer.logs import configure_logging

# How often an idle thread asks SQLite: the wake is heard within a quarter of a second. Redis wakes
# by itself.
FIRST_POLL_SECONDS = 0.02
LAST_POLL_SECONDS = 0.2
STOP_SECONDS = 3  # a job that needs longer is done by the next worker

log = structlog.get_logger()


def run_worker(settings: ApiSettings) -> None:
    """Runs until SIGTERM or SIGINT."""
    configure_logging()
    logging.getLogger("huey").setLevel(logging.WARNING)
    with or_exit("worker"):
        app = create_app(settings)
    huey = make_huey(settings)
    consumer = huey.create_consumer(
        workers=settings.worker_threads,
        periodic=False,
        initial_delay=FIRST_POLL_SECONDS,
        max_delay=LAST_POLL_SECONDS,
        graceful_signal="TERM",
        shutdown_timeout=STOP_SECONDS,
    )
    runner = Runner(app)
    look = declare(huey, lambda: _look(runner, consumer.stop_flag.is_set))
    look()  # for what waited while nobody ran
    log.info("worker_started", threads=settings.worker_threads)
    consumer.run()
    log.info("worker_stopped")
    sys.stderr.flush()
    os._exit(0)  # a thread in the middle of a job would hold the process; its job is safe


def _look(runner: Runner, stopping: Callable[[], bool]) -> None:
    try:
        runner.drain(stopping)
    except Exception:  # the database is away: the sweep wakes again
        log.exception("looking_for_jobs_failed")
