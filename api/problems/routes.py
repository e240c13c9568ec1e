"""Where a problem's `type` leads to."""

from __future__ import annotations

from html import escape

from flask import Blueprint, Response

from api.http.access import PUBLIC
from api.http.html import page
from api.http.operation import operation
from api.problems.catalogue import PROBLEMS
from api.problems.errors import Problem

blueprint = Blueprint("problems", __name__)


@blueprint.get("/problems/<slug>")
@operation(access=PUBLIC, tag="about", returns=(200, "text/html"), problems=["not-found"])
def show_problem(slug: str) -> Response:
    """What a problem type means."""
    if slug not in PROBLEMS:
        raise Problem("not-found")
    kind = PROBLEMS[slug]
    return page(
        kind.title,
        f"<p><code>{escape(kind.uri)}</code> · status {kind.status}</p>"
        f"<p>{escape(kind.description)}</p>",
    )
