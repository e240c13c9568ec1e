"""A deployment's log: as text, or line by line as it grows (server-sent events)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import BoundedSemaphore

from flask import Flask, Response, current_app, request

from api.db import begin, db
from api.deployments import repository
from api.http.schemas import rfc3339
from api.problems import Problem
from api.sites.models import Deployment, DeploymentLog

EVENT_STREAM = "text/event-stream"
POLL_SECONDS = 0.25
# A stream holds a thread: it ends by itself after a while (the browser takes it up again where it
# was), and a quarter of the threads is the most that streams get.
MAX_STREAM_SECONDS = 60.0
KEEP_ALIVE_SECONDS = 10.0


def text_log(deployment: Deployment) -> Response:
    """All lines until now."""
    lines = (f"{rfc3339(row.at)} {row.line}\n" for row in repository.list_log(deployment.id))
    return Response("".join(lines), mimetype="text/plain")


def stream_log(deployment: Deployment) -> Response:
    """The lines from `Last-Event-ID` on, then an event `end` with the state that it came to."""
    places: BoundedSemaphore = current_app.extensions["dspace_streams"]
    if not places.acquire(blocking=False):
        raise Problem("busy", "Too many logs are being followed; ask for text/plain.")
    last = request.headers.get("Last-Event-ID", "0")
    after = int(last) if last.isascii() and last.isdigit() and len(last) < 19 else 0
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy
    response = Response(_events(app, deployment.id, after), mimetype=EVENT_STREAM)
    response.call_on_close(places.release)
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _events(app: Flask, deployment_id: str, after: int) -> Iterator[str]:
    ends_at = time.monotonic() + MAX_STREAM_SECONDS
    told_at = time.monotonic()
    while time.monotonic() < ends_at:
        lines, state = _read(app, deployment_id, after)
        for row in lines:
            after = row.id
            yield f"id: {row.id}\ndata: {rfc3339(row.at)} {row.line}\n\n"
        if state not in repository.UNFINISHED:
            yield f"event: end\ndata: {state}\n\n"
            return
        if lines:
            told_at = time.monotonic()
        elif time.monotonic() - told_at > KEEP_ALIVE_SECONDS:
            told_at = time.monotonic()
            yield ": still here\n\n"
        time.sleep(POLL_SECONDS)


def _read(app: Flask, deployment_id: str, after: int) -> tuple[list[DeploymentLog], str | None]:
    """The state is read with the lines, in one snapshot: no line comes after the end."""
    with app.app_context():
        begin(writes=False)
        lines = repository.list_log(deployment_id, after)
        deployment = repository.find_deployment(deployment_id)
        db.session.expunge_all()
        db.session.rollback()
        return lines, deployment.state if deployment else None
