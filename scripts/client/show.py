"""What the commands print: results on standard output, everything on the way on standard error."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from scripts.client.hashing import Told

NANO = 10**9
_STEPS = ("bytes", "KiB", "MiB", "GiB", "TiB")


class Show:
    """The two streams."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.out = Console(highlight=False, markup=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

    def say(self, line: str) -> None:
        """Something on the way."""
        self.err.print(plain(line))

    def warn(self, line: str) -> None:
        """Something that the user may not expect."""
        self.err.print(plain(f"note: {line}"))

    def result(self, value: Any, lines: Sequence[str]) -> None:
        """What the command is for: JSON where that was asked for, else lines to read."""
        if self.as_json:
            print(json.dumps(value, indent=2, ensure_ascii=False))
            return
        for line in lines:
            self.out.print(plain(line))

    def table(self, value: Any, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """The same, of a list."""
        if self.as_json:
            self.result(value, ())
            return
        table = Table(*heads, box=None, pad_edge=False)
        for row in rows:
            table.add_row(*map(plain, row))
        if rows:
            self.out.print(table)

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Told]:
        """A bar with the rate and the time left, where somebody looks."""
        bar = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self.err,
            disable=self.as_json or not self.err.is_terminal,
        )
        with bar:
            task = bar.add_task(what, total=total)
            yield lambda more: bar.advance(task, more)


def plain(text: str) -> str:
    """Without control characters: what a server says must not steer the terminal."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def size_text(size: int) -> str:
    """Bytes to read."""
    amount, step = float(size), 0
    while amount >= 1024 and step < len(_STEPS) - 1:
        amount, step = amount / 1024, step + 1
    return f"{size} bytes" if step == 0 else f"{amount:.1f} {_STEPS[step]}"


def credits_text(nano: int) -> str:
    """Credit from nano credit, exactly."""
    sign, nano = ("-", -nano) if nano < 0 else ("", nano)
    whole, rest = divmod(nano, NANO)
    return f"{sign}{whole}.{rest:09}".rstrip("0").rstrip(".")
