"""What a route is, declared once: access, input, output, problems. And its one transaction.

    authorise -> receive the input (no transaction is open) -> begin -> view -> commit -> wake

Invariant: no lock of the database is held while a body comes in, so a slow client stops nobody;
what a request changed is committed whole, or not at all; nothing is told before it is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol

import structlog
from flask import Response, current_app, g
from pydantic import BaseModel

from api.auth.callers import authorise
from api.db import begin, db
from api.http.access import Access
from api.http.receive import MAX_JSON_BYTES, parse_body, parse_query
from api.idempotency.service import Claim, claim_key
from api.problems import PROBLEMS

ALWAYS = ("too-many-requests", "internal-error", "busy")

log = structlog.get_logger()


class Received(Protocol):
    """Input that lies outside the request, such as a spooled upload."""

    @property
    def fingerprint(self) -> str:
        """The same for the same input."""

    def discard(self) -> None:
        """Gives it up, unless the committed database refers to it."""


Receive = Callable[..., Received]


@dataclass(frozen=True, slots=True)
class Operation:
    """What a route declares; the OpenAPI document is made of these."""

    access: Access
    tag: str
    summary: str
    description: str
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    uploads: str | None  # the multipart field of a file
    takes: str | None  # the media type of a body that is taken as it is
    returns: tuple[int, type[BaseModel] | str | None]
    problems: tuple[str, ...]
    idempotent: bool
    writes: bool


def operation(
    *,
    access: Access,
    tag: str,
    returns: tuple[int, type[BaseModel] | str | None],
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    receive: Receive | None = None,
    uploads: str | None = None,
    takes: str | None = None,
    max_body_bytes: int = MAX_JSON_BYTES,
    problems: Sequence[str] = (),
    writes: bool = False,
    idempotent: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Declares a route; below the blueprint's decorator.

    The view gets the path's parts, and `body`, `query` or `received` where they are declared. It
    answers with the declared model, with (model, headers), with None or with a Response.
    """

    def declare(view: Callable[..., Any]) -> Callable[..., Response]:
        lines = (view.__doc__ or "").strip().split("\n", 1)
        declared = Operation(
            access=access,
            tag=tag,
            summary=lines[0].strip().rstrip("."),
            description=" ".join(lines[1].split()) if len(lines) > 1 else "",
            body=body,
            query=query,
            uploads=uploads,
            takes=takes,
            returns=returns,
            problems=_all_problems(access, body, query, problems, idempotent),
            idempotent=idempotent,
            writes=writes,
        )

        @wraps(view)
        def run(**path: Any) -> Response:
            g.caller = authorise(access)
            arguments = dict(path)
            if query is not None:
                arguments["query"] = parse_query(query)
            if receive is None:
                if body is not None:
                    arguments["body"] = parse_body(body, max_body_bytes)
                return _transact(declared, view, arguments)
            received = receive(**path)
            arguments["received"] = received
            try:
                return _transact(declared, view, arguments, received.fingerprint)
            finally:
                received.discard()

        run.__operation__ = declared  # type: ignore[attr-defined]  # read by operation_of
        return run

    return declare


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """What a view function declared, through any decorators around it."""
    return getattr(view, "__operation__", None)


def after_commit(action: Callable[[], None]) -> None:
    """To be done once this request's changes are committed; a failure is logged, no more."""
    g.setdefault("after_commit", []).append(action)


def _transact(
    declared: Operation,
    view: Callable[..., Any],
    arguments: Mapping[str, Any],
    fingerprint: str | None = None,
) -> Response:
    begin(writes=declared.writes)
    claim: Claim | None = None
    if declared.idempotent:
        claim = claim_key(g.caller, fingerprint)
        if claim is not None and claim.answer is not None:
            return claim.answer
    response = _respond(declared, view(**arguments))
    if claim is not None:
        claim.keep(response)
    db.session.commit()
    for action in g.pop("after_commit", []):
        try:
            action()
        except Exception:
            log.exception("after_commit_failed")
    return response


def _respond(declared: Operation, answer: Any) -> Response:
    if isinstance(answer, Response):
        return answer
    headers: Mapping[str, str] = {}
    if isinstance(answer, tuple):
        answer, headers = answer
    if answer is None:
        return Response(status=declared.returns[0], headers=headers)
    body = answer.model_dump_json()
    response: Response = current_app.response_class(
        body, declared.returns[0], headers, mimetype="application/json"
    )
    return response


def _all_problems(
    access: Access,
    body: type[BaseModel] | None,
    query: type[BaseModel] | None,
    own: Sequence[str],
    idempotent: bool,
) -> tuple[str, ...]:
    slugs = list(own)
    if access.kind != "public":
        slugs.append("unauthenticated")
        slugs.append("session-required" if access.kind == "session" else "scope-missing")
    if body is not None:
        slugs += ["unsupported-media-type", "payload-too-large"]
    if body is not None or query is not None:
        slugs.append("validation-failed")
    if idempotent:
        slugs += ["idempotency-key-reused", "request-in-progress"]
    slugs += ALWAYS
    unknown = [slug for slug in slugs if slug not in PROBLEMS]
    if unknown:
        raise ValueError(f"no such problems: {unknown}")
    return tuple(dict.fromkeys(slugs))
