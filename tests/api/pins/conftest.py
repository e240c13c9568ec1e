"""An account with an active storage service, and hosts that content can be fetched from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.api.world import Mirror, Wallet


@pytest.fixture
def owner(wallet: Callable[..., Wallet], mirror: Mirror) -> Wallet:
    """A wallet whose service 7 is an active storage."""
    made = wallet(rate=1_000)
    mirror.service(7, made.address, plan=3)
    return made


@dataclass
class Host:
    """A trustless gateway or a Kubo node, as far as a client of it can tell."""

    url: str = ""
    cars: dict[str, bytes] = field(default_factory=dict)  # by CID
    asked: list[str] = field(default_factory=list)
    status: int = 200
    location: str | None = None

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(f"{request.command} {request.path}")
        car = next((car for cid, car in self.cars.items() if cid in request.path), None)
        status = self.status if car is not None or self.status != 200 else 404
        request.send_response(status)
        if self.location:
            request.send_header("Location", self.location)
        body = car if status == 200 and car is not None else b"no"
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.answer(self)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
