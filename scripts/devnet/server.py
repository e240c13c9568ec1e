"""The HTTP face: POST / answers JSON-RPC, GET / says what this is, any page may ask.

A thread a connection; the chain's lock puts calls in a row. Refuses bodies above 10 MiB, since
no transaction comes near it.
"""

from __future__ import annotations

import signal
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from types import FrameType
from typing import Any

import orjson
import structlog

from scripts.devnet.chain import Chain
from scripts.devnet.errors import DevnetError
from scripts.devnet.genesis import CHAIN_ID
from scripts.devnet.node import Node
from scripts.devnet.rpc import answer
from scripts.devnet.store import Store

DEFAULT_BLOCK_SECONDS = 2.0
MAX_BODY_BYTES = 10 * 2**20
STOP_SECONDS = 3.0
IDLE_SECONDS = 120.0  # an idle kept-alive connection is closed

log = structlog.get_logger()


def run_devnet(host: str, port: int, data_dir: Path, block_seconds: float) -> None:
    """Serves until SIGTERM or SIGINT; DevnetError where the chain or the port can't be had.

    `block_seconds` is the heartbeat: an empty block so often, if the clock has left the head
    behind; 0 for blocks on transactions only. At 2 s it costs about 40 MB of disk a day.
    """
    try:
        server = Server((host, port), Handler)
    except OSError as error:
        raise DevnetError(f"{host}:{port} can't be listened on: {error.strerror}") from error
    store = Store(data_dir / "chain.sqlite3")
    try:
        chain = Chain(store)
        server.node = Node(chain)
        stopping = threading.Event()

        def stop(_number: int, _frame: FrameType | None) -> None:
            stopping.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        log.info(
            "devnet_started",
            url=f"http://{host}:{server.server_address[1]}",
            chain_id=CHAIN_ID,
            head=chain.head.block_number,
            data_dir=str(data_dir),
        )
        while not stopping.wait(block_seconds or None):
            _beat(chain)
        server.shutdown()
        if chain.lock.acquire(timeout=STOP_SECONDS):  # a call in progress is let to its end
            store.close()
        log.info("devnet_stopped", head=chain.head.block_number)
    finally:
        server.server_close()


def _beat(chain: Chain) -> None:
    try:
        with chain.lock:
            chain.mine_if_due()
    except Exception:
        log.exception("heartbeat_failed")


class Server(ThreadingHTTPServer):
    """Listens at once; the node is there before it serves."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    allow_reuse_address = True
    node: Node

    def server_bind(self) -> None:
        """Binds without asking a name server who we are."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """A client that hung up is no news."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            log.exception("connection_failed")


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else 40 ms a call
    timeout = IDLE_SECONDS
    server: Server

    def do_POST(self) -> None:
        """A call or a batch of calls."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            self._close_with(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > MAX_BODY_BYTES:
            self._close_with(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            found = answer(self.server.node, self.rfile.read(int(length)))
            if found is None:
                self._send(HTTPStatus.NO_CONTENT, b"")
            else:
                self._send(HTTPStatus.OK, found)

    def do_OPTIONS(self) -> None:
        """A browser's question before it posts."""
        self._send(HTTPStatus.NO_CONTENT, b"")

    def do_GET(self) -> None:
        """What this is, for somebody who opens it in a browser."""
        node = self.server.node
        with node.chain.lock:
            about = {
                "name": "DecentraSpace development chain",
                "chain_id": CHAIN_ID,
                "block_number": node.chain.head.block_number,
                "genesis_hash": "0x" + node.chain.genesis_hash.hex(),
                "use": "POST JSON-RPC 2.0 to this address",
            }
        self._send(HTTPStatus.OK, orjson.dumps(about, option=orjson.OPT_INDENT_2))

    def _send(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
        self.send_header("Access-Control-Allow-Headers", "Content-Type")
        self.send_header("Access-Control-Allow-Private-Network", "true")
        self.send_header("Access-Control-Max-Age", "86400")
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _close_with(self, status: HTTPStatus) -> None:
        self.close_connection = True
        self._send(status, b"{}")

    def log_message(self, *_arguments: Any) -> None:
        """Requests are not logged: an indexer polls several times a second."""
