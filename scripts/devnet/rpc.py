"""JSON-RPC 2.0: what one post asks, single or batch, and what it is answered.

Each call holds the chain's lock by itself: a batch is no snapshot, as on any node. A fault of our
own is logged and answered as -32603 without its text.
"""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import orjson
import structlog

from scripts.devnet.errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcError,
)
from scripts.devnet.methods import METHODS
from scripts.devnet.node import Node

MAX_BATCH = 1_000

log = structlog.get_logger()


def answer(node: Node, body: bytes) -> bytes | None:
    """The answer to a post; None where it holds nothing but notifications."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return orjson.dumps(_failed(None, RpcError(PARSE_ERROR, "parse error")))
    if not isinstance(asked, list):
        single = _answer_one(node, asked)
        return None if single is None else orjson.dumps(single)
    if not asked:
        return orjson.dumps(_failed(None, RpcError(INVALID_REQUEST, "empty batch")))
    if len(asked) > MAX_BATCH:
        return orjson.dumps(_failed(None, RpcError(INVALID_REQUEST, "batch too large")))
    answers = [done for one in asked if (done := _answer_one(node, one)) is not None]
    return orjson.dumps(answers) if answers else None


def _answer_one(node: Node, asked: Any) -> dict[str, Any] | None:
    id_ = asked.get("id") if isinstance(asked, dict) else None
    try:
        if not isinstance(asked, dict) or not isinstance(asked.get("method"), str):
            raise RpcError(INVALID_REQUEST, "invalid request")
        if not isinstance(id_, str | int | float | None):
            id_ = None
            raise RpcError(INVALID_REQUEST, "invalid request id")
        result = _call(node, asked["method"], asked.get("params") or [])
    except RpcError as error:
        return _failed(id_, error)
    except Exception:
        log.exception("call_failed", method=asked.get("method"))
        return _failed(id_, RpcError(INTERNAL_ERROR, "internal error"))
    if "id" not in asked:
        return None
    return {"jsonrpc": "2.0", "id": id_, "result": result}


def _call(node: Node, name: str, params: Any) -> Any:
    method = METHODS.get(name)
    if method is None:
        raise RpcError(METHOD_NOT_FOUND, f"the method {name[:80]} does not exist/is not available")
    if not isinstance(params, list):
        raise RpcError(INVALID_PARAMS, "params: a list is expected")
    least, most = _arity(name)
    if len(params) < least:
        raise RpcError(INVALID_PARAMS, f"missing value for required argument {len(params)}")
    if len(params) > most:
        raise RpcError(INVALID_PARAMS, f"too many arguments, want at most {most}")
    with node.chain.lock:
        return method(node, *params)


@cache
def _arity(name: str) -> tuple[int, int]:
    """How many parameters a method needs and takes, the node not counted."""
    parameters = list(inspect.signature(METHODS[name]).parameters.values())[1:]
    needed = sum(parameter.default is parameter.empty for parameter in parameters)
    return needed, len(parameters)


def _failed(id_: Any, error: RpcError) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "error": error.as_json()}
