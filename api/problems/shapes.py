"""How errors look: as RFC 9457 has it, but for blueprints that speak another specification.

A route of a `ShapedBlueprint` raises the same Problems as every other; `handlers.render` and the
OpenAPI document ask here what becomes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask

from api.problems.errors import Problem

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """One way to tell of a Problem."""

    name: str  # of its schema in the OpenAPI document
    media_type: str
    schema: Mapping[str, Any]
    statuses: Mapping[int, int]  # ours to its own, where they differ
    wrap: Callable[[Problem, Document], Document]  # from the problem document

    def status(self, ours: int) -> int:
        """The status that a problem is answered with."""
        return self.statuses.get(ours, ours)

    def render(self, problem: Problem, instance: str) -> Document:
        """The body of the answer."""
        status = self.status(problem.status)
        return self.wrap(problem, problem.document(instance) | {"status": status})


class ShapedBlueprint(Blueprint):
    """A blueprint whose errors have a shape of their own."""

    def __init__(self, name: str, import_name: str, *, errors: ErrorShape, **options: Any) -> None:
        super().__init__(name, import_name, **options)
        self.errors = errors


RFC_9457 = ErrorShape(
    name="Problem",
    media_type="application/problem+json",
    schema={
        "type": "object",
        "description": "RFC 9457; the types are listed in docs/problems.md.",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string", "format": "uri-reference"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["field", "message"],
                    "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                },
            },
        },
    },
    statuses={},
    wrap=lambda _problem, document: document,
)


def shape_of(app: Flask, blueprint: str | None) -> ErrorShape:
    """How errors look on the routes of a blueprint; None: where no route was found."""
    found = app.blueprints.get(blueprint or "")
    return found.errors if isinstance(found, ShapedBlueprint) else RFC_9457
