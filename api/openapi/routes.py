"""The description of the API over HTTP."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Flask, Response, current_app

from api.http.access import PUBLIC
from api.http.html import page
from api.http.operation import operation
from api.openapi.document import openapi_document
from api.openapi.reading import reading_page

blueprint = Blueprint("openapi", __name__)


@blueprint.get("/openapi.json")
@operation(access=PUBLIC, tag="about", returns=(200, "application/json"))
def show_openapi() -> Response:
    """The OpenAPI 3.1 document."""
    return Response(json.dumps(_document()), mimetype="application/json")


@blueprint.get("/docs")
@operation(access=PUBLIC, tag="about", returns=(200, "text/html"))
def show_docs() -> Response:
    """The documentation, to read."""
    return page("The API", reading_page(_document()))


def _document() -> dict[str, Any]:
    """Made when it is first asked for: the routes don't change any more."""
    extensions = current_app.extensions
    if "dspace_openapi" not in extensions:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy
        extensions["dspace_openapi"] = openapi_document(app, app.config["DSPACE"].public_url)
    document: dict[str, Any] = extensions["dspace_openapi"]
    return document
