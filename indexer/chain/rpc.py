"""JSON-RPC over HTTP to one node: one post, checked from the status to the ids.

Owns the transport and nothing of Ethereum. Everything that isn't the answer to the question is
an error, and every error says whether asking again can help.
"""

from __future__ import annotations

import itertools
import ssl
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from indexer.errors import BadAnswer, MethodMissing, NodeRefused, ProviderError, RangeTooLarge

METHOD_NOT_FOUND = -32601
LIMIT_EXCEEDED = -32005
PAYLOAD_TOO_LARGE = 413
TOO_MANY_REQUESTS = 429
# How providers say that a range holds too much; none of them agrees with another.
_TOO_LARGE = (
    "block range",
    "exceed",
    "limited to",
    "more than",
    "query returned",
    "range too large",
    "range is too",
    "response size",
    "too many results",
    "too many blocks",
    "too wide",
)

Call = tuple[str, Sequence[Any]]


@cache
def _trusted() -> ssl.SSLContext:
    """Read once: it takes longer than a request."""
    return httpx.create_ssl_context()


class RpcEndpoint:
    """One node. Thread-safe."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self.url = url
        self.name = urlsplit(url).netloc.rpartition("@")[2]  # without a key in path or user info
        self._ids = itertools.count(1)
        self._http = httpx.Client(
            timeout=timeout_seconds,
            headers={"Content-Type": "application/json"},
            verify=_trusted(),
        )

    def close(self) -> None:
        """Ends the connections."""
        self._http.close()

    def call(self, method: str, *params: Any) -> Any:
        """The result of one call; raises ProviderError."""
        question = self._question(method, params)
        return self._result(self._post(question), question["id"], method)

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of many calls in one post, in the order of the calls."""
        if not calls:
            return []
        questions = [self._question(method, params) for method, params in calls]
        answers = self._post(questions)
        if type(answers) is dict and "error" in answers:
            raise self._error(answers["error"], "batch")
        if type(answers) is not list or len(answers) != len(questions):
            raise BadAnswer(f"{self.name}: a batch of {len(questions)} was not answered as one")
        by_id = {answer.get("id"): answer for answer in answers if type(answer) is dict}
        return [
            self._result(by_id.get(question["id"]), question["id"], question["method"])
            for question in questions
        ]

    def _question(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}

    def _post(self, payload: Any) -> Any:
        try:
            response = self._http.post(self.url, content=orjson.dumps(payload))
        except httpx.HTTPError as error:
            raise ProviderError(f"{self.name}: {type(error).__name__}: {error}") from error
        if response.status_code == PAYLOAD_TOO_LARGE:
            raise RangeTooLarge(f"{self.name}: HTTP 413")
        try:
            answer = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            answer = None
        # Some nodes answer a JSON-RPC error with HTTP 400 or 500: the error says more.
        if response.is_success or (type(answer) is dict and "error" in answer):
            if answer is None:
                raise BadAnswer(f"{self.name}: broken JSON of {len(response.content)} bytes")
            if response.status_code != TOO_MANY_REQUESTS:
                return answer
        raise ProviderError(f"{self.name}: HTTP {response.status_code}")

    def _result(self, answer: Any, asked_id: int, method: str) -> Any:
        if type(answer) is not dict:
            raise BadAnswer(f"{self.name}: {method} was not answered")
        if answer.get("error") is not None:
            raise self._error(answer["error"], method)
        if answer.get("id") != asked_id or "result" not in answer:
            raise BadAnswer(f"{self.name}: {method}: the answer to another question")
        return answer["result"]

    def _error(self, error: Any, method: str) -> NodeRefused:
        code = error.get("code") if type(error) is dict else None
        message = str(error.get("message") if type(error) is dict else error)[:200]
        described = f"{self.name}: {method}: {message} ({code})"
        if code == METHOD_NOT_FOUND:
            return MethodMissing(described)
        if method == "eth_getLogs" and (
            code == LIMIT_EXCEEDED or any(words in message.lower() for words in _TOO_LARGE)
        ):
            return RangeTooLarge(described)
        return NodeRefused(described)
