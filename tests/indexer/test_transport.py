"""The posts themselves: bounded in time and size, whatever the other side does."""

from __future__ import annotations

import base64
import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from indexer.chain.rpc import RpcEndpoint
from indexer.chain.transport import PIECE_BYTES, AnswerTooLong, Transport
from indexer.errors import (
    BadAnswer,
    ConnectionLost,
    ProviderError,
    ProviderTimeout,
    RangeTooLarge,
)

Reply = Callable[[BaseHTTPRequestHandler, bytes], None]
Serve = Callable[[Reply], str]


@contextmanager
def answering(reply: Reply) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            reply(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_args: object) -> None:
            """Silent."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, _request: object, _address: object) -> None:
            """A client that gave up."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def served() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda reply: stack.enter_context(answering(reply))


def send(handler: BaseHTTPRequestHandler, body: bytes, **headers: str) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def test_a_large_answer_comes_whole(served: Serve) -> None:
    body = bytes(range(256)) * (PIECE_BYTES // 64)
    transport = Transport(served(lambda handler, _: send(handler, body)), 5)
    assert transport.post(b"{}").body == body


def test_an_answer_without_a_length_comes_whole(served: Serve) -> None:
    def in_chunks(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for piece in (b"[1,", b"2]", b""):
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    assert Transport(served(in_chunks), 5).post(b"{}").body == b"[1,2]"


def test_an_answer_that_is_too_long_is_not_read(served: Serve) -> None:
    url = served(lambda handler, _: send(handler, b"x" * 10**7))
    with pytest.raises(AnswerTooLong):
        Transport(url, 5, max_bytes=10**6).post(b'{"id": 1}')
    endpoint = RpcEndpoint(url, 5, max_answer_bytes=10**6)
    with pytest.raises(RangeTooLarge):
        endpoint.call("eth_getLogs", {})
    with pytest.raises(RangeTooLarge):
        endpoint.batch([("eth_getLogs", [{}]), ("eth_getLogs", [{}])])
    with pytest.raises(ProviderError) as raised:
        endpoint.call("eth_getBlockByNumber", "0x1", False)
    assert not isinstance(raised.value, RangeTooLarge)


def test_a_small_answer_that_unpacks_to_a_long_one_is_not_unpacked(served: Serve) -> None:
    packed = gzip.compress(b"0" * 10**8)
    url = served(lambda handler, _: send(handler, packed, Content_Encoding="gzip"))
    with pytest.raises(AnswerTooLong):
        Transport(url, 5, max_bytes=10**6).post(b"{}")


def test_a_packed_answer_is_unpacked_and_a_broken_one_refused(served: Serve) -> None:
    packed = gzip.compress(b'{"a": 1}')
    good = served(lambda handler, _: send(handler, packed, Content_Encoding="gzip"))
    assert Transport(good, 5).post(b"{}").body == b'{"a": 1}'
    broken = served(lambda handler, _: send(handler, b"no gzip", Content_Encoding="gzip"))
    with pytest.raises(BadAnswer):
        Transport(broken, 5).post(b"{}")


def test_a_node_that_says_nothing_is_given_up(served: Serve) -> None:
    done = threading.Event()
    with pytest.raises(ProviderTimeout):
        Transport(served(lambda *_: done.wait(20)), 0.1).post(b"{}")
    done.set()


def test_a_node_that_drips_is_given_up(served: Serve) -> None:
    """Each byte comes in time; the answer doesn't."""
    done = threading.Event()

    def dripping(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        while not done.wait(0.01):
            handler.wfile.write(b"1")

    with pytest.raises(ProviderTimeout, match="bytes of the answer"):
        Transport(served(dripping), 0.2).post(b"{}")
    done.set()


def test_an_answer_that_ends_before_its_length_is_a_lost_connection(served: Serve) -> None:
    def short(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"[1, 2")
        handler.close_connection = True

    with pytest.raises(ConnectionLost):
        Transport(served(short), 5).post(b"{}")


def test_a_connection_is_kept_and_one_that_was_closed_is_made_anew(served: Serve) -> None:
    ports: list[int] = []

    def noting(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        ports.append(handler.client_address[1])
        handler.close_connection = len(ports) == 2
        send(handler, b"1")

    transport = Transport(served(noting), 5)
    for _ in range(4):
        assert transport.post(b"{}").body == b"1"
    assert ports[0] == ports[1] != ports[2] == ports[3]


def test_redirects_are_not_followed(served: Serve) -> None:
    def elsewhere(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(307)
        handler.send_header("Location", "http://127.0.0.1:9/")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    assert Transport(served(elsewhere), 5).post(b"{}").status == 307


def test_the_user_of_a_url_is_sent_as_its_authorization(served: Serve) -> None:
    seen: list[str | None] = []

    def noting(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        seen.append(handler.headers["Authorization"])
        send(handler, b"1")

    url = served(noting)
    Transport(url.replace("://", "://us%40er:pass@"), 5).post(b"{}")
    Transport(url, 5).post(b"{}")
    assert seen == ["Basic " + base64.b64encode(b"us@er:pass").decode(), None]


def test_the_environments_proxy_is_asked_but_not_for_the_hosts_that_it_spares(
    served: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths: list[str] = []

    def noting(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        paths.append(handler.path)
        send(handler, b"1")

    proxy = served(noting)
    direct = served(noting)
    for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", proxy)
    Transport("http://node.invalid/key", 5).post(b"{}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Transport(f"{direct}/key", 5).post(b"{}")
    assert paths == ["http://node.invalid/key", "/key"]
