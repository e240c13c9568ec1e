"""`/healthz` and `/readyz`, on the bare domain alone: a site may have files of these names."""

from __future__ import annotations

import time
from collections.abc import Mapping

import orjson

from api.gateway.view import View

Answer = tuple[int, list[tuple[str, str]], bytes]


def health_answer(view: View, path: str) -> Answer | None:
    """Status, headers and body; None: the path is neither of them."""
    if path == "/healthz":
        return _answer(200, {"status": "ok"})
    if path != "/readyz":
        return None
    if view.as_of is None:
        return _answer(503, {"status": "waiting", "reason": "nothing is mirrored yet"})
    if not view.sites_loaded:
        return _answer(503, {"status": "waiting", "reason": "there are no tables yet"})
    return _answer(
        200,
        {
            "status": "ready",
            "block_number": view.as_of.block_number,
            "block_hash": view.as_of.block_hash,
            "sites": len(view.by_name),
            "halted": view.as_of.halted or None,  # sites are served all the same
            "refreshed_milliseconds_ago": int((time.monotonic() - view.refreshed_at) * 1_000),
        },
    )


def _answer(status: int, said: Mapping[str, object]) -> Answer:
    body = orjson.dumps(said)
    headers = [
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
    ]
    if status != 200:
        headers.append(("retry-after", "1"))
    return status, headers, body
