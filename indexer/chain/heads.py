"""Hears of new heads at once, by a node's WebSocket subscription (eth_subscribe `newHeads`).

It only wakes whoever polls: what a notification says is never used as an answer, so a node that
lies here costs a question and nothing else, and one that falls silent costs a poll's delay.
A node without a subscription is asked for one again now and then.
"""

from __future__ import annotations

import time
from random import SystemRandom
from threading import Event, Thread
from typing import Any

import orjson
import structlog
from websockets.exceptions import ConnectionClosed, InvalidURI, WebSocketException
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from indexer.chain.rpc import host_of

OPEN_SECONDS = 5.0
LOOK_SECONDS = 0.2  # between two looks at whether it is to end
SUBSCRIBED_POLL_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 1.0
MAX_PAUSE_SECONDS = 60.0
ANNOUNCED_SECONDS = 1.0  # so long a head that was told of is looked for briskly
MAX_MESSAGE_BYTES = 2**20

log = structlog.get_logger()
_random = SystemRandom()


class HeadAlarm:
    """Wakes whoever waits for the next head, as long as the subscription stands."""

    def __init__(self, url: str) -> None:
        """A node that speaks HTTP at a URL is looked for at the same place for WebSocket."""
        self._url = "ws" + url.removeprefix("http") if url.startswith("http") else url
        self._name = host_of(url)
        self._heard = Event()
        self._closing = Event()
        self._told_at = float("-inf")  # monotonic seconds
        self.subscribed = False
        self._thread = Thread(target=self._run, name="head-alarm", daemon=True)

    def start(self) -> None:
        """Begins to listen, in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Ends it; not waited for."""
        self._closing.set()

    def heard(self) -> bool:
        """Whether a head was told of since `clear`."""
        return self._heard.is_set()

    def clear(self) -> None:
        """Forgets what was heard; to be called before the head is asked for."""
        self._heard.clear()

    def wait(self, poll_seconds: float, stop: Event) -> None:
        """Until a head is told of, it is time to ask without that, or `stop` is set.

        A node that has just told of a head may still answer with the one before: then, as where
        nothing is told, `poll_seconds` is the time.
        """
        brisk = not self.subscribed or time.monotonic() - self._told_at < ANNOUNCED_SECONDS
        deadline = time.monotonic() + (poll_seconds if brisk else SUBSCRIBED_POLL_SECONDS)
        while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            if self._heard.wait(min(left, LOOK_SECONDS)):
                return

    def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._closing.is_set():
            try:
                with connect(
                    self._url,
                    open_timeout=OPEN_SECONDS,
                    close_timeout=LOOK_SECONDS,
                    max_size=MAX_MESSAGE_BYTES,
                    compression=None,
                ) as connection:
                    if _subscribe(connection):
                        pause = FIRST_PAUSE_SECONDS
                        self._listen(connection)
            except (OSError, WebSocketException, ValueError) as error:
                if isinstance(error, InvalidURI):
                    return
                log.debug("subscription_failed", provider=self._name, reason=type(error).__name__)
            finally:
                self._note(subscribed=False)
            self._closing.wait(pause * _random.uniform(0.5, 1.5))
            pause = min(MAX_PAUSE_SECONDS, pause * 4)

    def _listen(self, connection: Connection) -> None:
        self._note(subscribed=True)
        while not self._closing.is_set():
            try:
                message = orjson.loads(connection.recv(timeout=LOOK_SECONDS))
            except TimeoutError:
                continue
            except ConnectionClosed:
                return
            if type(message) is dict and message.get("method") == "eth_subscription":
                self._told_at = time.monotonic()
                self._heard.set()

    def _note(self, *, subscribed: bool) -> None:
        if subscribed == self.subscribed:
            return
        self.subscribed = subscribed
        if subscribed:
            log.info("subscribed", provider=self._name)
        else:
            log.info("subscription_lost", provider=self._name)


def _subscribe(connection: Connection) -> bool:
    """Whether the node agreed."""
    question: dict[str, Any] = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "eth_subscribe",
        "params": ["newHeads"],
    }
    connection.send(orjson.dumps(question), text=True)
    answer = orjson.loads(connection.recv(timeout=OPEN_SECONDS))
    return type(answer) is dict and isinstance(answer.get("result"), str)
