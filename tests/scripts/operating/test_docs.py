"""The operator's guide names every command, and every command that sends has a dry run."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
COMMANDS = {
    path.stem: path.read_text()
    for path in (ROOT / "scripts").glob("*.py")
    if "@operator_command" in path.read_text()
}
READ_ONLY_OR_WHOLE = {"check", "deploy"}  # the one sends nothing, the other has nothing before it


def test_every_command_is_in_the_table() -> None:
    guide = (ROOT / "docs" / "operators.md").read_text()
    named = set(re.findall(r"^\| `([a-z_]+)", guide, re.MULTILINE))
    assert set(COMMANDS) - {"deploy"} <= named
    assert len(COMMANDS) > 15


def test_every_option_is_in_the_guide() -> None:
    guide = (ROOT / "docs" / "operators.md").read_text()
    options = {
        option
        for source in COMMANDS.values()
        for text in re.findall(r'@click\.option\(\s*"([^"]+)"', source)
        for option in text.split("/")
    }
    assert sorted(option for option in options if option.removeprefix("--") not in guide) == []


def test_every_command_that_sends_has_a_dry_run() -> None:
    without = {name for name, source in COMMANDS.items() if "@dry_run_option" not in source}
    assert without == READ_ONLY_OR_WHOLE
