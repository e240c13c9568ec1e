"""The exceptions that become problem documents.

Problem             one of the catalogue, with this occurrence's detail
invalid(…)          a validation-failed Problem with its field errors
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from api.problems.catalogue import PROBLEMS


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; nested names are joined by dots, the whole body is ''."""

    field: str
    message: str


class Problem(Exception):
    """Ends a request with a problem document; `extra` are further members of it."""

    def __init__(
        self,
        slug: str,
        detail: str | None = None,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        self.type = PROBLEMS[slug]
        self.detail = detail or self.type.description
        self.status = status or self.type.status
        self.headers = dict(headers or {})
        self.extra = extra
        super().__init__(f"{slug}: {self.detail}")

    def document(self, instance: str) -> dict[str, Any]:
        """The members of the problem document; `instance` is the request's path."""
        return {
            "type": self.type.uri,
            "title": self.type.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            **self.extra,
        }


def invalid(*errors: FieldError) -> Problem:
    """A request whose shape is wrong."""
    fields = ", ".join(dict.fromkeys(error.field or "the body" for error in errors))
    return Problem(
        "validation-failed",
        f"Wrong or missing: {fields}.",
        errors=[asdict(error) for error in errors],
    )
