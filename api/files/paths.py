"""Paths in a tree: `/a/b`, by the rules that names in archives have. `/` is the tree itself."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from api.problems import Problem
from api.storage.archive import ArchiveLimits
from api.storage.archive.names import clean_path
from api.storage.ports import ArchiveRejected

Path = tuple[str, ...]

LIMITS = ArchiveLimits()  # of names: their length, their depth


def parse_path(text: str) -> Path:
    """A path with or without its leading slash; raises a Problem of 422."""
    relative = text.lstrip("/")
    return _clean(relative) if relative else ()


def parse_entry(text: str) -> Path:
    """As `parse_path`, of something in the tree, not the tree itself."""
    path = parse_path(text)
    if not path:
        raise Problem("path-rejected", "The tree itself can't be named here.", entry="/")
    return path


def below(path: Path, name: str) -> Path:
    """A relative path, such as an uploaded file's name, below another; raises a Problem of 422."""
    inside = _clean(name)
    if not inside:
        raise Problem("path-rejected", "A file without a name.", entry=name)
    _clean("/".join((*path, *inside)))
    return (*path, *inside)


def spell(path: Sequence[str]) -> str:
    """As it is shown."""
    return "/" + "/".join(path)


def url_of(path: Path) -> str:
    """As the last part of an address."""
    return quote(spell(path))


def _clean(relative: str) -> Path:
    try:
        return clean_path(relative, LIMITS)
    except ArchiveRejected as rejected:
        raise Problem("path-rejected", f"{rejected}.", entry=rejected.entry) from None
