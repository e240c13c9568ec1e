"""docs/problems.md lists every type of problem with its status."""

from __future__ import annotations

import re
from pathlib import Path

from api.problems.catalogue import PROBLEMS

ROOT = Path(__file__).parents[2]


def test_the_page_and_the_catalogue_agree() -> None:
    page = (ROOT / "docs/problems.md").read_text()
    documented = dict(re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", page, re.MULTILINE))
    assert documented == {slug: str(kind.status) for slug, kind in PROBLEMS.items()}
