"""A proxy between a real node and whoever asks it, that now and then answers nonsense.

Real HTTP on both sides. What it does is drawn from a seed; `used` counts what it did. Each fault
is one that nodes, their load balancers or the way to them were seen to have. It never makes up
a whole consistent chain: nobody could tell that from a true one.
"""

from __future__ import annotations

import copy
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

import urllib3

Json = Any
STRANGER = "0x" + "99" * 20
LIES_AMONG_FAULTS = 0.6
HELD_SECONDS = 0.35  # longer than a pool's patience
PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass
class Answer:
    """What is sent back for a post."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None  # bytes of the body; then the connection is reset
    held_seconds: float = 0.0


class FaultProxy:
    """The proxy; `rate` is the share of posts that are answered wrong."""

    def __init__(self, node_url: str, seed: int, rate: float = 0.3) -> None:
        self.rate = rate
        self.used: Counter[str] = Counter()
        self.url = ""
        self._node_url = node_url
        self._random = Random(seed)
        self._lock = threading.Lock()
        self._http = urllib3.PoolManager(maxsize=8)
        self._remembered: dict[str, Json] = {}  # first answers, some of them of dropped branches

    def answer(self, body: bytes) -> Answer:
        """The node's answer, or something else."""
        asked = json.loads(body)
        told = self._ask(asked)
        calls = asked if type(asked) is list else [asked]
        answers = told if type(told) is list else [told]
        with self._lock:
            if self._random.random() >= self.rate:
                self._remember(calls, answers)
                return Answer(body=json.dumps(told).encode())
            lies = [name for name in LIES if _fits(name, calls, answers)]
            lies += ["another branch"] * self._has_other(calls, answers)
            lies += ["an old head"] * any(_asks_head(call) for call in calls)
            name = self._random.choice(
                lies if self._random.random() < LIES_AMONG_FAULTS else list(HTTP_FAULTS)
            )
            self.used[name] += 1
            self._remember(calls, answers)
            return self._wrong(name, calls, answers, batch=type(asked) is list)

    def _wrong(self, name: str, calls: list[Json], answers: list[Json], *, batch: bool) -> Answer:
        answers = copy.deepcopy(answers)
        if name == "an old head":
            for call, one in zip(calls, answers, strict=True):
                if _asks_head(call):
                    older = max(0, int(one["result"]["number"], 16) - self._random.randint(1, 5))
                    one["result"] = self._ask(_block_call(hex(older)))["result"]
        elif name == "another branch":
            for call, one in zip(calls, answers, strict=True):
                one["result"] = self._remembered.get(_key(call), one.get("result"))
        elif name in LIES:
            LIES[name](self._random, answers)
        body = json.dumps(answers if batch else answers[0]).encode()
        return HTTP_FAULTS[name](self._random, body) if name in HTTP_FAULTS else Answer(body=body)

    def _remember(self, calls: list[Json], answers: list[Json]) -> None:
        for call, one in zip(calls, answers, strict=True):
            if one.get("result"):
                self._remembered.setdefault(_key(call), one["result"])

    def _has_other(self, calls: list[Json], answers: list[Json]) -> bool:
        return any(
            self._remembered.get(_key(call), one.get("result")) != one.get("result")
            for call, one in zip(calls, answers, strict=True)
        )

    def _ask(self, asked: Json) -> Json:
        headers = {"Content-Type": "application/json"}
        body = json.dumps(asked).encode()
        return self._http.request("POST", self._node_url, body=body, headers=headers).json()


def _key(call: Json) -> str:
    return json.dumps([call["method"], call["params"]])


def _asks_head(call: Json) -> bool:
    return call["method"] == "eth_getBlockByNumber" and call["params"][0] == "latest"


def _block_call(number: str) -> Json:
    return {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": [number, False]}


# ---------------------------------------------------------------- faults of HTTP

HttpFault = Callable[[Random, bytes], Answer]
HTTP_FAULTS: dict[str, HttpFault] = {
    "429": lambda _, __: Answer(429, b"Too Many Requests"),
    "429 for a while": lambda _, __: Answer(
        429, b'{"error": {"code": 429, "message": "slow"}}', {"Retry-After": "0.05"}
    ),
    "429 until a date": lambda _, __: Answer(429, b"", {"Retry-After": formatdate(usegmt=True)}),
    "500": lambda _, __: Answer(500, b'{"error": {"code": -32603, "message": "internal error"}}'),
    "502 and a page": lambda _, __: Answer(502, PAGE),
    "503": lambda _, __: Answer(503),
    "504 and a page": lambda _, __: Answer(504, PAGE),
    "a page": lambda _, __: Answer(200, PAGE),
    "an empty answer": lambda _, __: Answer(200),
    "cut JSON": lambda random, body: Answer(200, body[: random.randrange(len(body))]),
    "a reset at once": lambda _, body: Answer(200, body, cut_after=0),
    "a reset amid the body": lambda random, body: Answer(
        200, body, cut_after=random.randrange(len(body))
    ),
    "a slow answer": lambda _, body: Answer(200, body, held_seconds=HELD_SECONDS),
}

# ---------------------------------------------------------------- lies

Lie = Callable[[Random, list[Json]], None]


def _logs(answers: list[Json]) -> list[list[Json]]:
    """The lists of logs in the answers that hold any."""
    found = [one.get("result") for one in answers]
    return [
        logs for logs in found if type(logs) is list and logs and "logIndex" in _fields(logs[0])
    ]


def _blocks(answers: list[Json]) -> list[Json]:
    return [one for one in answers if "parentHash" in _fields(one.get("result"))]


def _fields(value: Json) -> Json:
    return value if type(value) is dict else {}


def _null_block(random: Random, answers: list[Json]) -> None:
    random.choice(_blocks(answers))["result"] = None


def _missing_log(random: Random, answers: list[Json]) -> None:
    logs = random.choice(_logs(answers))
    logs.pop(random.randrange(len(logs)))


def _no_logs(random: Random, answers: list[Json]) -> None:
    random.choice(_logs(answers)).clear()


def _double_log(random: Random, answers: list[Json]) -> None:
    logs = random.choice(_logs(answers))
    logs.insert(0, random.choice(logs))


def _foreign_log(random: Random, answers: list[Json]) -> None:
    random.choice(random.choice(_logs(answers)))["address"] = STRANGER


def _moved_log(random: Random, answers: list[Json]) -> None:
    random.choice(random.choice(_logs(answers)))["blockHash"] = "0x" + "ee" * 32


def _reordered_logs(random: Random, answers: list[Json]) -> None:
    random.choice(_logs(answers)).reverse()


def _wrong_id(random: Random, answers: list[Json]) -> None:
    random.choice(answers)["id"] = -1


def _swapped(random: Random, answers: list[Json]) -> None:
    first, second = random.sample(answers, 2)
    first["result"], second["result"] = second.get("result"), first.get("result")


def _short_batch(random: Random, answers: list[Json]) -> None:
    answers.pop(random.randrange(len(answers)))


LIES: dict[str, Lie] = {
    "a null block": _null_block,
    "a missing log": _missing_log,
    "no logs": _no_logs,
    "a log twice": _double_log,
    "a foreign log": _foreign_log,
    "another block's log": _moved_log,
    "logs out of order": _reordered_logs,
    "a wrong id": _wrong_id,
    "swapped answers": _swapped,
    "a short batch": _short_batch,
}
_OF_BLOCKS = {"a null block"}
_OF_BATCHES = {"swapped answers", "a short batch"}


def _fits(name: str, calls: list[Json], answers: list[Json]) -> bool:
    """Whether there is anything that a lie would change."""
    if name in _OF_BLOCKS:
        return bool(_blocks(answers))
    if name in _OF_BATCHES:
        return len(calls) > 1
    if name == "a wrong id":
        return True
    if name == "logs out of order":
        return any(len(logs) > 1 for logs in _logs(answers))
    return bool(_logs(answers))


# ---------------------------------------------------------------- HTTP


@contextmanager
def fault_proxy(node_url: str, seed: int, rate: float = 0.3) -> Iterator[FaultProxy]:
    """The proxy, served."""
    proxy = FaultProxy(node_url, seed, rate)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # a reply is one packet
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            answer = proxy.answer(self.rfile.read(int(self.headers["Content-Length"])))
            threading.Event().wait(answer.held_seconds)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut_after])
            self.wfile.flush()
            if answer.cut_after is not None:
                self.close_connection = True
                reset = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                self.connection.close()

        def log_message(self, *_args: Any) -> None:
            """Silent."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, _request: Any, _address: Any) -> None:
            """A client that didn't wait."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
