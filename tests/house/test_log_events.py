"""docs/indexer.md lists every event that the indexer logs, and none that it doesn't."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def logged() -> Iterator[tuple[object, str]]:
    """Each call's event and level; an event that isn't a constant is its place in the code."""
    for path in (ROOT / "indexer").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log"), attr=level)) if (
                    level in LEVELS
                ):
                    event = node.args[0] if node.args else node
                    constant = event.value if isinstance(event, ast.Constant) else None
                    yield constant or f"{path.name}:{node.lineno}", level


def test_events_are_constants_in_snake_case() -> None:
    assert [
        event for event, _ in logged() if not re.fullmatch("[a-z]+(_[a-z]+)*", str(event))
    ] == []


def test_the_catalogue_and_the_code_agree_on_events_and_levels() -> None:
    page = (ROOT / "docs/indexer.md").read_text()
    rows = re.findall(rf"^\| `([a-z_]+)` \| ({'|'.join(LEVELS)}) \|", page, re.MULTILINE)
    assert len(rows) == len({event for event, _ in rows})
    assert set(rows) == set(logged())
