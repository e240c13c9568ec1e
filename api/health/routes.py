"""Health, metrics, and a page that says what this is."""

from __future__ import annotations

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST

from api.health.checks import check_readiness
from api.health.metrics import Metrics
from api.health.schemas import Health, Ready
from api.http.access import PUBLIC
from api.http.html import page
from api.http.operation import operation
from api.problems import Problem

blueprint = Blueprint("health", __name__)


@blueprint.get("/")
@operation(access=PUBLIC, tag="about", returns=(200, "text/html"))
def show_start() -> Response:
    """What this is, and where to go."""
    return page(
        "DecentraSpace",
        "<p>Hosting that is paid on-chain: credits, plans and services stand in contracts, this "
        "API and its gateway act on a mirror of them.</p>"
        '<p><a href="/docs">The API</a> · <a href="/openapi.json">OpenAPI</a> · '
        '<a href="/v1/status">status</a> · <a href="/v1/contracts">contracts</a> · '
        '<a href="/v1/plans">plans</a> · <a href="/readyz">readiness</a></p>',
    )


@blueprint.get("/healthz")
@operation(access=PUBLIC, tag="about", returns=(200, Health))
def show_health() -> Health:
    """Whether the process runs."""
    return Health(status="ok")


@blueprint.get("/readyz")
@operation(access=PUBLIC, tag="about", returns=(200, Ready), problems=["not-ready"])
def show_readiness() -> Ready:
    """Whether it can do its work: the database, its tables, the mirror and its lag."""
    readiness = check_readiness()
    if not readiness.ready:
        raise Problem("not-ready", checks=readiness.checks)
    return Ready(status="ready", checks=readiness.checks)


@blueprint.get("/metrics")
@operation(access=PUBLIC, tag="about", returns=(200, "text/plain"))
def show_metrics() -> Response:
    """Prometheus metrics; keep it from the outside at the edge."""
    metrics: Metrics = current_app.extensions["dspace_metrics"]
    return Response(metrics.render(), content_type=CONTENT_TYPE_LATEST)
