"""HTTP to hosts that the operator named, bounded in time and size whatever they answer.

Invariant: an exchange is over at its deadline, from the first byte of the request on: a timer
shuts its sockets, so a host that sends a byte now and then, in the head or in the body, holds
nobody. Redirects are followed on the same host only. No proxy or netrc of the environment.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Timer
from typing import Any, BinaryIO, cast
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from api.storage.car import read_car
from api.storage.network.ports import FetchLimits, TimedOut, TooLarge, Unreachable
from api.storage.ports import CarRejected
from api.storage.unixfs.cid import Cid

CONNECT_SECONDS = 5
SILENCE_SECONDS = 20  # without a single byte
MAX_REDIRECTS = 3
_PIECE_BYTES = 64 * 1024
_CAR_OVERHEAD_BYTES = 64  # a block's length and CID, at most
_CAR_HEADER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body hasn't been read yet."""

    status: int
    media_type: str
    body: Body


class Body:
    """Reads an answer's bytes as they come, never more than were allowed."""

    def __init__(self, response: requests.Response, limits: FetchLimits, max_bytes: int) -> None:
        self._raw = response.raw
        self._limits = limits
        self._left = max_bytes
        self._buffer = b""

    def read(self, size: int) -> bytes:
        """As many bytes as were asked for; fewer at the end only."""
        pieces = [self._buffer]
        have = len(self._buffer)
        while have < size and (piece := self._next_piece()):
            pieces.append(piece)
            have += len(piece)
        data = b"".join(pieces)
        self._buffer = data[size:]
        return data[:size]

    def _next_piece(self) -> bytes:
        if not self._limits.seconds_left:
            raise TimedOut("the time was over before all of it had come")
        piece: bytes = self._raw.read1(_PIECE_BYTES, decode_content=False)
        self._left -= len(piece)
        if self._left < 0:
            raise TooLarge("more was sent than is allowed")
        return piece


@contextmanager
def ask(
    method: str,
    url: str,
    limits: FetchLimits,
    *,
    max_bytes: int,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Answer]:
    """An exchange that is over when the block ends; raises NetworkError, in the block too."""
    sockets: list[socket.socket] = []
    timer = Timer(limits.seconds_left, _shut, [sockets])
    timer.daemon = True
    timer.start()
    try:
        with requests.Session() as session:
            session.trust_env = False
            adapter = _WatchedAdapter(sockets)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            response = _follow(session, method, url, limits, params or {}, headers or {})
            with response:
                media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
                yield Answer(response.status_code, media_type, Body(response, limits, max_bytes))
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        if not limits.seconds_left:
            raise TimedOut(f"{_host(url)} was too slow") from error
        raise Unreachable(f"{_host(url)} could not be reached, or broke off") from error
    finally:
        timer.cancel()


def car_blocks(answer: Answer, host: str, limits: FetchLimits) -> Iterator[tuple[Cid, bytes]]:
    """The verified blocks of a CAR that is answered; raises NetworkError."""
    bytes_left, blocks_left = limits.max_bytes, limits.max_blocks
    try:
        for cid, block in read_car(cast("BinaryIO", answer.body)).blocks:
            bytes_left -= len(block)
            blocks_left -= 1
            if bytes_left < 0 or blocks_left < 0:
                raise TooLarge("more was sent than is allowed")
            yield cid, block
    except CarRejected as rejected:
        raise Unreachable(f"{host} sent a CAR that can't be used: {rejected}") from None


def car_bytes(limits: FetchLimits) -> int:
    """How long a CAR may be that keeps to the limits."""
    return limits.max_bytes + limits.max_blocks * _CAR_OVERHEAD_BYTES + _CAR_HEADER_BYTES


def _follow(
    session: requests.Session,
    method: str,
    url: str,
    limits: FetchLimits,
    params: Mapping[str, str],
    headers: Mapping[str, str],
) -> requests.Response:
    origin = urlsplit(url)[:2]
    for _ in range(MAX_REDIRECTS + 1):
        silence = max(0.01, min(SILENCE_SECONDS, limits.seconds_left))
        response = session.request(
            method,
            url,
            params=params,
            headers={"Accept-Encoding": "identity", **headers},
            timeout=(min(CONNECT_SECONDS, silence), silence),
            allow_redirects=False,
            stream=True,
        )
        if not response.is_redirect:
            return response
        response.close()
        url, params = urljoin(response.url, response.headers["Location"]), {}
        if urlsplit(url)[:2] != origin:
            raise Unreachable(f"{origin[1]} sends to another host, which isn't followed")
    raise Unreachable(f"{origin[1]} redirects in a circle")


def _shut(sockets: list[socket.socket]) -> None:
    """Whoever reads from them sees the end. TLS isn't told: its object is another thread's."""
    for each in sockets:
        with suppress(OSError):
            socket.socket.shutdown(each, socket.SHUT_RDWR)


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


class _WatchedAdapter(HTTPAdapter):
    """Its connections' sockets go into the list of the exchange."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        self._pools = {
            "http": _watched(HTTPConnectionPool, HTTPConnection, sockets),
            "https": _watched(HTTPSConnectionPool, HTTPSConnection, sockets),
        }
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools


def _watched(pool: Any, connection: Any, sockets: list[socket.socket]) -> Any:
    class Watched(connection):  # type: ignore[misc]  # which one is given
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    return type("WatchedPool", (pool,), {"ConnectionCls": Watched})
