"""What a verification found, as an operator and as a program reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MOST_SHOWN = 1_000  # differences kept in full; more are counted

JSON_SAFE = 2**53  # above it, a JSON reader may round an integer


@dataclass(frozen=True, slots=True)
class Difference:
    """One column of one row; without a column, the row itself."""

    table: str
    key: str
    column: str | None
    mirror: Any
    chain: Any

    def line(self) -> str:
        """For an operator's eyes."""
        what = "row" if self.column is None else self.column
        return (
            f"{self.table} {self.key}: {what}: "
            f"mirror {_shown(self.mirror)}, chain {_shown(self.chain)}"
        )

    def as_json(self) -> dict[str, Any]:
        """Integers above 2**53 as decimal strings."""
        return {
            "table": self.table,
            "key": self.key,
            "column": self.column,
            "mirror": _json(self.mirror),
            "chain": _json(self.chain),
        }


@dataclass(slots=True)
class Report:
    """The outcome at one block."""

    block_number: int
    block_hash: str
    checked: dict[str, int] = field(default_factory=dict)  # table -> rows
    unchecked: dict[str, str] = field(default_factory=dict)  # table -> what wasn't, and why
    differences: list[Difference] = field(default_factory=list)  # the first MOST_SHOWN
    found: int = 0  # all differences

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not self.found

    def add(self, difference: Difference) -> None:
        """Counts one more."""
        self.found += 1
        if len(self.differences) < MOST_SHOWN:
            self.differences.append(difference)

    def lines(self) -> Iterator[str]:
        """A line a difference, what wasn't checked, and the outcome last."""
        yield from (difference.line() for difference in self.differences)
        if self.found > len(self.differences):
            yield f"… and {self.found - len(self.differences)} more"
        for table, reason in self.unchecked.items():
            yield f"not checked: {table}: {reason}"
        rows, tables = sum(self.checked.values()), len(self.checked)
        where = f"the chain at block {self.block_number} {self.block_hash}"
        if self.agrees:
            yield f"{rows} rows of {tables} tables agree with {where}"
        else:
            yield f"{self.found} differences between {rows} rows of {tables} tables and {where}"

    def as_json(self) -> dict[str, Any]:
        """One JSON object."""
        return {
            "block_number": self.block_number,
            "block_hash": self.block_hash,
            "checked": self.checked,
            "unchecked": self.unchecked,
            "differences": [difference.as_json() for difference in self.differences],
            "differences_found": self.found,
        }


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_shown(one)}" for name, one in value.items()) + ")"
    return repr(value) if isinstance(value, str) and not value.startswith("0x") else str(value)


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _json(one) for name, one in value.items()}
    if isinstance(value, int) and not isinstance(value, bool) and value >= JSON_SAFE:
        return str(value)
    return value
