"""Errors as the Pinning Service API's `Failure` has them.

    {"error": {"reason": "NOT_FOUND", "details": "The account has no pin of this requestid."}}

Nothing stands beside `error`: the specification's checker refuses members that it doesn't know,
those of RFC 9457 too. So what is wrong with which field is told in `details`.
"""

from __future__ import annotations

from api.problems import Problem
from api.problems.shapes import Document, ErrorShape

# The reasons that the specification names; every other problem gives its own slug.
_REASONS = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    402: "INSUFFICIENT_FUNDS",
    404: "NOT_FOUND",
    500: "INTERNAL_SERVER_ERROR",
}


def _failure(problem: Problem, document: Document) -> Document:
    slug = problem.type.slug
    reason = _REASONS.get(document["status"], slug.upper().replace("-", "_"))
    fields = [f"{each['field']}: {each['message']}." for each in document.get("errors", [])]
    return {"error": {"reason": reason, "details": " ".join([problem.detail, *fields])}}


PINNING_SERVICE = ErrorShape(
    name="Failure",
    media_type="application/json",
    schema={
        "type": "object",
        "description": "The Pinning Service API's failure.",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["reason"],
                "properties": {
                    "reason": {"type": "string", "examples": ["NOT_FOUND"]},
                    "details": {"type": "string", "minLength": 1},
                },
            }
        },
    },
    statuses={422: 400},
    wrap=_failure,
)
