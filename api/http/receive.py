"""Takes JSON bodies and query strings in, checked against their models before anything happens."""

from __future__ import annotations

from typing import TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from api.problems import FieldError, Problem, invalid

MAX_JSON_BYTES = 64 * 1024

Model = TypeVar("Model", bound=BaseModel)


def parse_body(model: type[Model], max_bytes: int = MAX_JSON_BYTES) -> Model:
    """The request's JSON body; raises a Problem of 413, 415 or 422."""
    if request.mimetype != "application/json":
        raise Problem("unsupported-media-type", "Send the body as application/json.")
    request.max_content_length = max_bytes
    return parse_json(model, request.get_data())


def parse_json(model: type[Model], data: bytes) -> Model:
    """A model from JSON text; raises a Problem of 422."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        raise invalid(*_fields(error)) from None


def parse_query(model: type[Model]) -> Model:
    """The request's query string; raises a Problem of 422."""
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise invalid(*_fields(error)) from None


def _fields(error: ValidationError) -> list[FieldError]:
    found = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        field = ".".join(str(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        found.append(
            FieldError(field, "not valid JSON" if item["type"] == "json_invalid" else message)
        )
    return found
