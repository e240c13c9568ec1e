"""Paths in an account's tree: by the same rules as the entries of archives."""

from __future__ import annotations

from collections.abc import Sequence

from api.problems import FieldError, invalid
from api.storage.archive import ArchiveLimits
from api.storage.archive.names import clean_path
from api.storage.ports import ArchiveRejected

Path = tuple[str, ...]


def parse_path(text: str, field: str = "path") -> Path:
    """The segments of a path, none for the root; raises a Problem of 422 that names the field."""
    bare = text.strip("/")
    if not bare:
        return ()
    try:
        return clean_path(bare, ArchiveLimits())
    except ArchiveRejected as rejected:
        raise invalid(FieldError(field, rejected.reason)) from None


def parse_entry(text: str, field: str) -> Path:
    """As `parse_path`, of something that has a name: never the root."""
    path = parse_path(text, field)
    if not path:
        raise invalid(FieldError(field, "names nothing below the root"))
    return path


def show_path(path: Sequence[str]) -> str:
    """With a slash before it."""
    return "/" + "/".join(path)
