"""What every response carries: a request id, security headers, CORS for browsers.

The API knows bearer tokens only, never a cookie, so another origin that calls it in a browser
can do no more than what its own user gave it a token for: `/v1` is open to every origin.
"""

from __future__ import annotations

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request
from werkzeug.datastructures import Headers

ALLOWED_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, If-Range, Range, "
    "X-Request-ID"
)
ALLOWED_METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
EXPOSED_HEADERS = (
    "Accept-Ranges, Content-Disposition, Content-Range, ETag, Idempotency-Replayed, Location, "
    "Retry-After, X-Request-ID"
)
PREFLIGHT_SECONDS = 7_200  # what browsers keep at most
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

log = structlog.get_logger()


def init_headers(app: Flask) -> None:
    """Registers the hooks around every request."""
    app.before_request(_start)
    app.after_request(_finish)


def _start() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(12)
    g.started_ns = time.monotonic_ns()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _finish(response: Response) -> Response:
    headers = response.headers
    headers["X-Request-ID"] = g.request_id
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    if request.path.startswith("/v1/"):
        headers.setdefault("Cache-Control", "no-store")
    if request.path.startswith("/v1/") or request.path == "/openapi.json":
        _open_to_browsers(headers)
    caller = g.get("caller")
    log.info(
        "request",
        method=request.method,
        path=request.path,
        route=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        milliseconds=(time.monotonic_ns() - g.started_ns) // 1_000_000,
        caller=caller.address if caller else None,
        remote=request.remote_addr,
    )
    return response


def _open_to_browsers(headers: Headers) -> None:
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = ALLOWED_METHODS
        headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
