"""A host on loopback that answers as a gateway or a Kubo node would, or as one never should."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CAR = "application/vnd.ipld.car"
RAW = "application/vnd.ipld.raw"


class Request(BaseHTTPRequestHandler):
    """One request; what a host does gets it."""

    protocol_version = "HTTP/1.1"
    server: Host

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        with suppress(OSError):  # the client has left
            self.server.does(self)
        self.close_connection = True

    do_POST = do_GET  # noqa: N815

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def give(self, body: bytes, media_type: str = CAR, status: int = 200, **headers: str) -> None:
        self.begin(media_type, status, **headers)
        self.wfile.write(body)

    def begin(self, media_type: str = CAR, status: int = 200, **headers: str) -> None:
        """The head of an answer that ends with the connection."""
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def drip(self, data: bytes) -> None:
        """A byte now and then, until the client is gone or the test is over."""
        for byte in data:
            if self.server.over.wait(0.02):
                return
            self.wfile.write(bytes([byte]))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


class Host(ThreadingHTTPServer):
    """Listens on a free port."""

    daemon_threads = True

    def __init__(self, does: Callable[[Request], None]) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.does = does
        self.asked: list[str] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def hosting(does: Callable[[Request], None]) -> Iterator[Host]:
    host = Host(does)
    thread = threading.Thread(target=lambda: host.serve_forever(0.01), daemon=True)
    thread.start()
    try:
        yield host
    finally:
        host.over.set()
        host.shutdown()
        host.server_close()
        thread.join()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds
