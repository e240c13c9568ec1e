"""Errors as the Pinning Service API's `Failure` has them, with the problem document beside it.

{"error": {"reason": "NOT_FOUND", "details": "…"}, "type": "/problems/unknown-pin", …}
"""

from __future__ import annotations

from api.problems import Problem
from api.problems.shapes import RFC_9457, Document, ErrorShape

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
    return {"error": {"reason": reason, "details": problem.detail}, **document}


PINNING_SERVICE = ErrorShape(
    name="Failure",
    media_type="application/json",
    schema={
        "description": "The Pinning Service API's failure, beside the members of RFC 9457.",
        "allOf": [
            {
                "type": "object",
                "required": ["error"],
                "properties": {
                    "error": {
                        "type": "object",
                        "required": ["reason"],
                        "properties": {
                            "reason": {"type": "string"},
                            "details": {"type": "string", "minLength": 1},
                        },
                    }
                },
            },
            {"$ref": f"#/components/schemas/{RFC_9457.name}"},
        ],
    },
    statuses={422: 400},
    wrap=_failure,
)
