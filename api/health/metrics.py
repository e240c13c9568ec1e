"""Prometheus metrics of one process: requests as they end, the mirror and jobs when asked."""

from __future__ import annotations

import time
from collections.abc import Iterator

import structlog
from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from api.db import begin, db
from api.jobs import repository
from indexer import reads

UNROUTED = "none"

log = structlog.get_logger()


class Metrics:
    """A registry of its own, so that two applications in one process don't meet."""

    def __init__(self, app: Flask) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "dspace_api_requests",
            "Requests by route and status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "dspace_api_request_seconds",
            "Time to the answer",
            ["method", "route"],
            registry=self.registry,
        )
        self.registry.register(_State(app))
        app.after_request(self._count)

    def render(self) -> bytes:
        """The exposition text."""
        return generate_latest(self.registry)

    def _count(self, response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else UNROUTED
        self._requests.labels(request.method, route, str(response.status_code)).inc()
        seconds = (time.monotonic_ns() - g.started_ns) / 1e9
        self._seconds.labels(request.method, route).observe(seconds)
        return response


class _State(Collector):
    """What the database says, asked at each scrape."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def describe(self) -> list[Metric]:
        """None: a registry would else collect at registration."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Nothing where the database is away: a gap is more honest than a zero."""
        try:
            with self._app.app_context():
                begin(writes=False)
                jobs = repository.count_by_state()
                block = reads.read_as_of(db.session.connection())
                db.session.rollback()
        except SQLAlchemyError as error:
            log.warning("metrics_without_database", exc_info=error)
            return
        by_state = GaugeMetricFamily("dspace_jobs", "Jobs by state", labels=["state"])
        for state, count in jobs.items():
            by_state.add_metric([state], count)
        yield by_state
        if block is not None:
            lag = block.lag_seconds(int(time.time()))
            yield GaugeMetricFamily("dspace_mirror_lag_seconds", "Age of the cursor", lag)
            number = block.block_number
            yield GaugeMetricFamily("dspace_mirror_block_number", "The cursor", number)
            behind = max(0, block.head_number - number)
            yield GaugeMetricFamily("dspace_mirror_lag_blocks", "Cursor to head", behind)
