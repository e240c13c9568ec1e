"""Paths of the account's folders, and how they stand in a URL."""

from __future__ import annotations

from urllib.parse import quote

from scripts.client.errors import ClientError


def parts_of(path: str) -> tuple[str, ...]:
    """`/a/b` as its names; empty for the root. Raises ClientError for `.` and `..`.

    They would be resolved on the way to the server, and mean something else there.
    """
    parts = tuple(part for part in path.split("/") if part)
    if {".", ".."} & set(parts):
        raise ClientError(f"{path}: . and .. have no meaning there")
    return parts


def named(path: str) -> tuple[str, ...]:
    """As `parts_of`, of something below the root."""
    parts = parts_of(path)
    if not parts:
        raise ClientError(f"{path or '/'} is the root: name something in it")
    return parts


def text_of(parts: tuple[str, ...]) -> str:
    """As the API spells it: `/a/b`."""
    return "/" + "/".join(parts)


def url_of(parts: tuple[str, ...]) -> str:
    """Of a file or folder."""
    return "/v1/files/" + "/".join(quote(part, safe="") for part in parts)
