"""Serves what an operator watches, over HTTP: `/metrics`, `/healthz`, `/readyz`.

In threads of the indexer's own process, so that an answer is about the very loop that runs. It
has no authentication and stays on this machine unless it is told otherwise.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from indexer.errors import CannotListen
from indexer.health import Health
from indexer.metrics import REGISTRY
from indexer.settings import IndexerSettings

STOP_SECONDS = 0.1  # between two looks at whether to stop
CLIENT_SECONDS = 10.0  # a client that says nothing doesn't keep a thread

Answer = tuple[int, str, bytes]  # status, content type, body


@contextmanager
def serving(settings: IndexerSettings, health: Health) -> Iterator[int]:
    """Serves meanwhile; the port, 0 where none is set. Raises CannotListen."""
    if not settings.metrics_port:
        yield 0
        return
    server = _listen(settings, _Pages(health, settings.ready_max_lag))
    thread = Thread(target=server.serve_forever, args=(STOP_SECONDS,), daemon=True)
    thread.start()
    try:
        yield settings.metrics_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Pages:
    """The answers."""

    def __init__(self, health: Health, ready_seconds: int) -> None:
        self._health = health
        self._ready_seconds = ready_seconds
        self._gauges = CollectorRegistry()
        self._gauges.register(health)

    def answer(self, path: str) -> Answer:
        """What a GET of a path is answered."""
        if path == "/metrics":
            body = generate_latest(self._gauges) + generate_latest(REGISTRY)
            return 200, CONTENT_TYPE_LATEST, body
        if path == "/healthz":
            return _verdict("ok", self._health.why_not_alive())
        if path == "/readyz":
            return _verdict("ready", self._health.why_not_ready(self._ready_seconds))
        return 404, "application/json", orjson.dumps({"status": "not found"})


class _Server(ThreadingMixIn, TCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], pages: _Pages) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.pages = pages
        super().__init__(address, _Handler)

    def handle_error(self, _request: Any, _client: Any) -> None:
        """A client that left is no event."""


class _Handler(BaseHTTPRequestHandler):
    timeout = CLIENT_SECONDS
    server: _Server

    def do_GET(self) -> None:
        status, content_type, body = self.server.pages.answer(self.path.partition("?")[0])
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """A scrape is no event."""


def _listen(settings: IndexerSettings, pages: _Pages) -> _Server:
    host, port = settings.metrics_host, settings.metrics_port
    try:
        return _Server((host, port), pages)
    except OSError as error:
        raise CannotListen(
            f"can't listen at {host}:{port} ({error.strerror}); set DSPACE_METRICS_PORT to a "
            "free port, DSPACE_METRICS_HOST to an address of this machine"
        ) from None


def _verdict(well: str, problem: str) -> Answer:
    said = {"status": "waiting", "reason": problem} if problem else {"status": well}
    return 503 if problem else 200, "application/json", orjson.dumps(said)
