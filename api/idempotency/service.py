"""Idempotency-Key: the first call is done and its answer kept, a repeat gets that answer.

    no row                  -> this call is the first: a row is put, and filled with its answer
    same key, same content  -> the kept answer, with `Idempotency-Replayed: true`
    same key, other content -> 422
    first one still at work -> the repeat waits for its end; after some seconds 409

The row is part of the call's own transaction. A call that failed leaves no row and can be tried
again under the same key. Answers with secrets (tokens, API keys) are never kept: those routes
don't take the header.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, cast

from flask import Response, current_app, request
from sqlalchemy import CursorResult, delete, text
from sqlalchemy.exc import IntegrityError, OperationalError

from api.db import begin, db, utc_now
from api.http.access import Caller
from api.idempotency.models import KeptAnswer
from api.problems import FieldError, Problem, invalid

MAX_KEY_LENGTH = 128
WAIT_MS = 5_000  # PostgreSQL; SQLite waits its busy timeout
REPLAYED = "Idempotency-Replayed"


@dataclass(slots=True)
class Claim:
    """The right to answer a call, or the answer that was given to it."""

    row: KeptAnswer
    answer: Response | None = None

    def keep(self, response: Response) -> None:
        """Keeps the answer, to be committed with what it tells of."""
        self.row.status = response.status_code
        self.row.content_type = response.content_type
        self.row.location = response.headers.get("Location")
        self.row.body = response.get_data()


def claim_key(caller: Caller, fingerprint: str | None) -> Claim | None:
    """None where the request has no key; `fingerprint` stands for a body that was spooled."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= MAX_KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise invalid(FieldError("Idempotency-Key", f"1 to {MAX_KEY_LENGTH} printable characters"))
    route = sha256(f"{request.method} {request.full_path}".encode()).hexdigest()
    content = fingerprint or sha256(request.get_data()).hexdigest()
    now = utc_now()
    identity = {"caller": caller.address, "route": route, "key": key}
    row = db.session.get(KeptAnswer, identity)
    if row is not None and row.expires_at <= now:
        db.session.delete(row)
        db.session.flush()
        row = None
    if row is None:
        ttl = timedelta(seconds=current_app.config["DSPACE"].idempotency_ttl)
        row = KeptAnswer(**identity, fingerprint=content, expires_at=now + ttl)
        first = _put(row)
        if first:
            return Claim(row)
        begin(writes=True)
        row = db.session.get(KeptAnswer, identity)
        if row is None:
            raise Problem("request-in-progress", headers={"Retry-After": "1"})
    if row.fingerprint != content:
        raise Problem("idempotency-key-reused")
    return Claim(row, _answer(row))


def delete_expired() -> int:
    """How many kept answers were let go."""
    result = db.session.execute(delete(KeptAnswer).where(KeptAnswer.expires_at <= utc_now()))
    return cast("CursorResult[Any]", result).rowcount


def _put(row: KeptAnswer) -> bool:
    """Whether it is the first; waits for another transaction that put the same key."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text(f"SET LOCAL lock_timeout = {WAIT_MS}"))
    db.session.add(row)
    try:
        db.session.flush()
    except IntegrityError:
        return False
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_timeout
            raise Problem("request-in-progress", headers={"Retry-After": "1"}) from None
        raise
    return True


def _answer(row: KeptAnswer) -> Response:
    response = Response(row.body, row.status, content_type=row.content_type)
    if row.location:
        response.headers["Location"] = row.location
    response.headers[REPLAYED] = "true"
    return response
