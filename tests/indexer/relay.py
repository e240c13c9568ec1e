"""A node that passes on what another one answers, but for the lies that it is told to tell."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

Json = Any


@dataclass
class Relay:
    """To be served by `fakechain.served`; `lies` change a method's results."""

    url: str
    lies: dict[str, Callable[[Json], Json]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)  # methods, as they were asked
    missing: set[str] = field(default_factory=set)  # methods that it doesn't offer

    def __post_init__(self) -> None:
        self._http = requests.Session()

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        """One JSON-RPC call."""
        method = call["method"]
        self.calls.append(method)
        if method in self.missing:
            error = {"code": -32601, "message": "the method does not exist"}
            return {"jsonrpc": "2.0", "id": call["id"], "error": error}
        answer: dict[str, Any] = self._http.post(self.url, json=call, timeout=20).json()
        if answer.get("result") is not None and method in self.lies:
            answer["result"] = self.lies[method](copy.deepcopy(answer["result"]))
        return answer
