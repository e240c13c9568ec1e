"""Makes the OpenAPI 3.1 document from what the routes declare; nothing of it is written by hand.

Pydantic's JSON Schema is the dialect of OpenAPI 3.1 already, so models go in as they are.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from werkzeug.routing import Rule

from api.http.operation import Operation, operation_of
from api.problems import PROBLEMS
from api.problems.handlers import MEDIA_TYPE

TAGS = {
    "auth": "Sign in with Ethereum; sessions; API keys.",
    "network": "The contracts, and where the mirror of the chain stands.",
    "account": "Credit: what an account has, burns and may be charged.",
    "services": "Plans and services. They are started and changed on the chain.",
    "sites": "Names on services.",
    "deployments": "Versions of a site.",
    "files": "Folders: an account's own tree of files, with its versions.",
    "about": "The API itself.",
}
_PARAMETER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_REF = "#/components/schemas/{model}"


def openapi_document(app: Flask, server_url: str) -> dict[str, Any]:
    """The whole document."""
    operations = list_operations(app)
    schemas = _schemas([operation for _, _, operation in operations])
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, operation in operations:
        path = _PARAMETER.sub(r"{\1}", rule.rule)
        paths.setdefault(path, {})[method.lower()] = _operation(rule, operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "DecentraSpace",
            "version": version("decentraspace"),
            "summary": "Hosting that is paid on-chain.",
            "description": (
                "Amounts are decimal strings in base units, times RFC 3339 UTC, addresses EIP-55. "
                "Mirrored state comes with `as_of`. Errors are problem documents (RFC 9457)."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server_url}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "session": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of a signed-in wallet.",
                },
                "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
            },
        },
    }


def list_operations(app: Flask) -> list[tuple[Rule, str, Operation]]:
    """Every route and method, in the order of the paths."""
    found = [
        (rule, method, operation)
        for rule in app.url_map.iter_rules()
        if (operation := operation_of(app.view_functions[rule.endpoint])) is not None
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]
    return sorted(found, key=lambda row: (row[0].rule, row[1]))


class _Schemas:
    """The components, and a reference to each model."""

    def __init__(self, references: dict[Any, Any], components: dict[str, Any]) -> None:
        self._references = references
        self.components = components

    def ref(self, model: type[BaseModel], mode: JsonSchemaMode) -> dict[str, Any]:
        """A `$ref`."""
        found: dict[str, Any] = self._references[(model, mode)]
        return found


def _schemas(operations: list[Operation]) -> _Schemas:
    wanted: set[tuple[type[BaseModel], JsonSchemaMode]] = set()
    for operation in operations:
        if operation.body is not None:
            wanted.add((operation.body, "validation"))
        model = operation.returns[1]
        if isinstance(model, type):
            wanted.add((model, "serialization"))
    ordered = sorted(wanted, key=lambda item: (item[0].__name__, item[1]))
    references, definitions = models_json_schema(ordered, ref_template=_REF)
    components = dict(definitions.get("$defs", {}))
    components["Problem"] = _PROBLEM
    return _Schemas(references, components)


def _operation(rule: Rule, operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(rule, operation),
        "responses": _responses(operation, schemas),
        "security": _security(operation),
    }
    if operation.description:
        made["description"] = operation.description
    content: dict[str, Any] = {}
    if operation.body is not None:
        content["application/json"] = {"schema": schemas.ref(operation.body, "validation")}
    if operation.uploads is not None:
        content["multipart/form-data"] = {
            "schema": {
                "type": "object",
                "properties": {operation.uploads: {"contentMediaType": "application/octet-stream"}},
                "required": [operation.uploads],
            }
        }
    if content:
        made["requestBody"] = {"required": True, "content": content}
    return made


def _parameters(rule: Rule, operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(rule.rule)
    ]
    if operation.query is not None:
        schema = operation.query.model_json_schema()
        required = schema.get("required", [])
        found += [
            {"name": name, "in": "query", "required": name in required, "schema": shape}
            for name, shape in schema["properties"].items()
        ]
    if operation.idempotent:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "A repeat with the same key gets the first one's answer.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 128},
            }
        )
    return found


def _responses(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    status, model = operation.returns
    good: dict[str, Any] = {"description": "As asked."}
    if isinstance(model, str):
        good["content"] = {model: {"schema": {"type": "string"}}}
    elif model is not None:
        good["content"] = {"application/json": {"schema": schemas.ref(model, "serialization")}}
    responses: dict[str, Any] = {str(status): good}
    by_status: dict[int, list[str]] = {}
    for slug in operation.problems:
        by_status.setdefault(PROBLEMS[slug].status, []).append(slug)
    for problem_status, slugs in sorted(by_status.items()):
        responses[str(problem_status)] = {
            "description": ", ".join(f"[{slug}](/problems/{slug})" for slug in slugs),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return responses


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.access.kind == "public":
        return []
    if operation.access.scope is None:
        return [{"session": []}]
    return [{"session": []}, {"key": [operation.access.scope]}]


_PROBLEM: dict[str, Any] = {
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
}
