"""Renders every error as a problem document: ours, the framework's and the unforeseen."""

from __future__ import annotations

import json
import sqlite3

import structlog
from flask import Flask, Response, current_app, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, TooManyRequests

from api.problems.catalogue import PROBLEMS
from api.problems.errors import Problem
from api.problems.shapes import shape_of

RETRY_SECONDS = 1

_BY_STATUS = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "payload-too-large",
    415: "unsupported-media-type",
    429: "too-many-requests",
    500: "internal-error",
    503: "busy",
}
# SQLSTATEs of PostgreSQL that say "later": a lock timeout, too many connections, shutting down;
# None where no connection could be made at all.
_LATER = {"55P03", "40001", "40P01", "53300", "57P01", "57P03", "08006", "08001", "08000", None}

log = structlog.get_logger()


def init_problems(app: Flask) -> None:
    """Registers the handlers; no other place renders an error."""
    app.register_error_handler(Problem, render)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(PoolTimeout, _pool)
    app.register_error_handler(Exception, _unforeseen)


def render(problem: Problem) -> Response:
    """A problem as a response, in the shape of the route's blueprint."""
    shape = shape_of(current_app, request.blueprint)
    headers = dict(problem.headers)
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="DecentraSpace"'
    if problem.status == 503:
        headers.setdefault("Retry-After", str(RETRY_SECONDS))
    body = json.dumps(shape.render(problem, request.path), ensure_ascii=False)
    status = shape.status(problem.status)
    return Response(body, status, headers, content_type=shape.media_type)


def _http(error: HTTPException) -> Response:
    """Werkzeug's own descriptions stay inside; a redirect passes as it is."""
    status = error.code or 500
    if status < 400:
        return Response(response=error.get_body(), status=status, headers=error.get_headers())
    kept = ("Allow", "Retry-After")
    headers = {name: value for name, value in error.get_headers() if name in kept}
    if isinstance(error, TooManyRequests):
        headers.setdefault("Retry-After", "60")
    if isinstance(error, RequestEntityTooLarge):
        # What is left of the body isn't read: the connection can't be used again.
        headers["Connection"] = "close"
    slug = _BY_STATUS.get(status, "request-refused" if status < 500 else "internal-error")
    keeps_status = slug in ("request-refused", "internal-error")
    return render(Problem(slug, status=status if keeps_status else None, headers=headers))


def _database(error: OperationalError) -> Response:
    cause = error.orig
    if isinstance(cause, sqlite3.OperationalError):
        if "full" in str(cause):
            log.error("database_disk_full", error=str(cause))
            return render(Problem("storage-full"))
        later = "locked" in str(cause)
    else:
        later = error.connection_invalidated or getattr(cause, "sqlstate", None) in _LATER
    if not later:
        return _unforeseen(error)
    log.warning("database_busy", error=str(cause))
    return render(Problem("busy"))


def _pool(error: PoolTimeout) -> Response:
    log.warning("database_pool_exhausted", error=str(error))
    return render(Problem("busy"))


def _unforeseen(error: Exception) -> Response:
    log.error("request_failed", exc_info=error)
    return render(Problem(PROBLEMS["internal-error"].slug))
