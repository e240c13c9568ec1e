"""The OpenAPI document as one page to read: no script, nothing from elsewhere."""

from __future__ import annotations

import json
from html import escape
from typing import Any


def reading_page(document: dict[str, Any]) -> str:
    """The body of the page, as HTML."""
    parts = [
        f"<p>{_text(document['info']['description'])}</p>",
        '<p>The same for machines: <a href="/openapi.json"><code>/openapi.json</code></a>.</p>',
        "<p>Send a token or an API key as <code>Authorization: Bearer …</code>.</p>",
    ]
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    for tag in document["tags"]:
        parts.append(f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p>")
        parts += [
            _operation(path, method, operation)
            for path, method, operation in operations
            if tag["name"] in operation["tags"]
        ]
    parts.append("<h2>shapes</h2>")
    parts += [_shape(name, shape) for name, shape in document["components"]["schemas"].items()]
    return "".join(parts)


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = [("who", _who(operation["security"]))]
    for parameter in operation["parameters"]:
        name = f"{parameter['name']} ({parameter['in']})"
        rows.append((name, _schema(parameter["schema"])))
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        rows.append((f"body, {media}", _schema(body["schema"])))
    for status, response in operation["responses"].items():
        told = _links(response["description"])
        for media, body in response.get("content", {}).items():
            if media != "application/problem+json":
                told = f"{_schema(body['schema'])} <span class=note>{escape(media)}</span>"
        rows.append((status, told))
    table = "".join(f"<tr><td>{escape(name)}</td><td>{html}</td></tr>" for name, html in rows)
    return (
        f'<section id="{escape(operation["operationId"])}">'
        f'<h3><span class="method">{method.upper()}</span> <code>{escape(path)}</code></h3>'
        f"<p>{_text(operation['summary'])}. {_text(operation.get('description', ''))}</p>"
        f"<table>{table}</table></section>"
    )


def _who(security: list[dict[str, list[str]]]) -> str:
    if not security:
        return "anyone"
    scopes = [scope for item in security for scope in item.get("key", [])]
    return "a session" + "".join(
        f", or a key with <code>{escape(scope)}</code>" for scope in scopes
    )


def _schema(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f'<a href="#{escape(name)}">{escape(name)}</a>'
    if "anyOf" in schema:
        return " or ".join(_schema(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " · ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    kind = escape(str(schema.get("type", "")))
    if kind == "array":
        return f"list of {_schema(schema.get('items', {}))}"
    if kind == "object" and "properties" in schema:
        return "form with " + ", ".join(
            f"<code>{escape(name)}</code>" for name in schema["properties"]
        )
    described = _text(schema["description"]) if "description" in schema else ""
    return f"{kind} <span class=note>{described}</span>"


def _shape(name: str, shape: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code></td><td>{_schema(kind)}</td></tr>"
        for field, kind in shape.get("properties", {}).items()
    )
    body = f"<table>{rows}</table>" if rows else f"<pre>{escape(json.dumps(shape, indent=1))}</pre>"
    told = _text(shape.get("description", ""))
    return f'<section id="{escape(name)}"><h3>{escape(name)}</h3><p>{told}</p>{body}</section>'


def _links(text: str) -> str:
    """`[slug](/problems/slug)` of our own document."""
    found = []
    for part in text.split(", "):
        if part.startswith("["):
            slug = escape(part[1 : part.index("]")])
            found.append(f'<a href="/problems/{slug}">{slug}</a>')
        else:
            found.append(escape(part))
    return ", ".join(found)


def _text(text: str) -> str:
    """Escaped, with `code` as code."""
    pieces = escape(text).split("`")
    return "".join(
        f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces)
    )
