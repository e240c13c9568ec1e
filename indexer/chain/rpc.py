"""JSON-RPC over HTTP to one node: one post, checked from the status to the ids.

Owns the protocol and nothing of Ethereum but how an error to eth_getLogs is read. Everything
that isn't the answer to the question is an error, and every error says whether asking again can
help. No error holds a key of the URL.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from indexer.chain.limits import range_limit, rate_limit, timed_out
from indexer.chain.transport import MAX_ANSWER_BYTES, AnswerTooLong, Reply, Transport
from indexer.errors import (
    BadAnswer,
    CutAnswer,
    MethodMissing,
    NodeRefused,
    ProviderError,
    ProviderTimeout,
    RangeTooLarge,
    RateLimited,
)
from indexer.metrics import observed

METHOD_NOT_FOUND = -32601
GATEWAY_TIMEOUTS = frozenset({408, 504, 522, 524})
GET_LOGS = "eth_getLogs"
WORDS_READ = 2_000  # of an error, for what they say
WORDS_SHOWN = 200
KEY_LENGTH = 8  # a shorter part of a path is a version or a network's name

Call = tuple[str, Sequence[Any]]


def host_of(url: str) -> str:
    """What a node is called in logs: without a key in path or user info."""
    return urlsplit(url).netloc.rpartition("@")[2]


class RpcEndpoint:
    """One node. Thread-safe."""

    def __init__(
        self, url: str, timeout_seconds: float, max_answer_bytes: int = MAX_ANSWER_BYTES
    ) -> None:
        self.url = url
        self.name = host_of(url)
        self._keys = _keys(url)
        self._ids = itertools.count(1)
        self._transport = Transport(url, timeout_seconds, max_answer_bytes)

    def close(self) -> None:
        """Ends the connections."""
        self._transport.close()

    @observed
    def call(self, method: str, *params: Any) -> Any:
        """The result of one call; raises ProviderError."""
        question = self._question(method, params)
        return self._result(self._post(question, method), question["id"], method)

    @observed
    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of many calls in one post, in the order of the calls."""
        if not calls:
            return []
        questions = [self._question(method, params) for method, params in calls]
        about = calls[0][0] if len({method for method, _ in calls}) == 1 else "batch"
        answers = self._post(questions, about)
        if type(answers) is dict and answers.get("error") is not None:
            raise self._error(answers["error"], about)
        if type(answers) is not list or len(answers) != len(questions):
            raise BadAnswer(f"{self.name}: a batch of {len(questions)} was not answered as one")
        by_id = {
            answer["id"]: answer
            for answer in answers
            if type(answer) is dict and type(answer.get("id")) is int
        }
        return [
            self._result(by_id.get(question["id"]), question["id"], question["method"])
            for question in questions
        ]

    def _question(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}

    def _post(self, payload: Any, about: str) -> Any:
        try:
            reply = self._transport.post(orjson.dumps(payload))
        except AnswerTooLong as error:
            if about == GET_LOGS:
                raise RangeTooLarge(self._said(about, str(error))) from error
            raise ProviderError(self._said(about, str(error))) from error
        except ProviderError as error:
            raise type(error)(self._said(about, str(error))) from error
        try:
            answer = orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            answer = None
        self._check_status(reply, answer, about)
        if answer is None:
            raise CutAnswer(f"{self.name}: {about}: broken JSON of {len(reply.body)} bytes")
        return answer

    def _check_status(self, reply: Reply, answer: Any, about: str) -> None:
        """Raises for a status that is no success, unless the answer holds an error to read."""
        error = answer.get("error") if type(answer) is dict else None
        code, words = _code_and_words(error) if error is not None else (None, "")
        status = reply.status
        said = self._said(about, f"HTTP {status} {words[:WORDS_SHOWN]}".rstrip())
        if often := rate_limit(code, words, status, reply.retry_after):
            raise RateLimited(said, often.retry_after_seconds)
        if about == GET_LOGS and error is None and (told := range_limit(None, "", status)):
            raise RangeTooLarge(said, max_blocks=told.max_blocks)
        # Some nodes answer a JSON-RPC error with HTTP 400 or 500: the error says more.
        if 200 <= status < 300 or error is not None:
            return
        raise (ProviderTimeout if status in GATEWAY_TIMEOUTS else ProviderError)(said)

    def _result(self, answer: Any, asked_id: int, method: str) -> Any:
        if type(answer) is not dict:
            raise BadAnswer(f"{self.name}: {method} was not answered")
        if answer.get("error") is not None:
            raise self._error(answer["error"], method)
        if answer.get("id") != asked_id or "result" not in answer:
            raise BadAnswer(f"{self.name}: {method}: the answer to another question")
        return answer["result"]

    def _error(self, error: Any, method: str) -> ProviderError:
        code, words = _code_and_words(error)
        said = self._said(method, f"{words[:WORDS_SHOWN]} ({code})")
        if code == METHOD_NOT_FOUND:
            return MethodMissing(said)
        if often := rate_limit(code, words):
            return RateLimited(said, often.retry_after_seconds)
        if method == GET_LOGS and (told := range_limit(code, words)):
            return RangeTooLarge(said, max_blocks=told.max_blocks, suggested=told.suggested)
        return ProviderTimeout(said) if timed_out(words) else NodeRefused(said)

    def _said(self, about: str, words: str) -> str:
        for key in self._keys:
            words = words.replace(key, "…")
        return f"{self.name}: {about}: {words}"


def _code_and_words(error: Any) -> tuple[Any, str]:
    """A JSON-RPC error's code, and its message with its data, which may say more."""
    if type(error) is not dict:
        return None, str(error)[:WORDS_READ]
    words = str(error.get("message"))
    data = error.get("data")
    if data is not None:
        words += " " + (data if type(data) is str else orjson.dumps(data).decode())
    return error.get("code"), words[:WORDS_READ]


def _keys(url: str) -> list[str]:
    """The parts of a URL that may be secret, the longest first."""
    parts = urlsplit(url)
    secrets = {parts.username, parts.password, parts.query}
    secrets |= {part for part in parts.path.split("/") if len(part) >= KEY_LENGTH}
    return sorted((secret for secret in secrets if secret), key=len, reverse=True)
