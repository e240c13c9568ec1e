"""What a rule says: whose history an event belongs to, what it is about, which rows it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table

Arguments = Mapping[str, Any]  # as indexer.decode makes them: JSON
Row = dict[str, Any]
MakeRow = Callable[[str, Arguments], Row]  # (contract, arguments) -> all but the last event


@dataclass(frozen=True, slots=True)
class EventRule:
    """What an event is about."""

    key: Callable[[str, Arguments], str]  # (contract, arguments) -> the subject's key
    account: str | None = None  # the argument that names whose history it belongs to


@dataclass(frozen=True, slots=True)
class Batch:
    """An event of several subjects: kept as itself, and as an entry for each further subject.

    So that an event, or an entry, has one key.
    """

    entry: str  # what an entry is called: it has a rule and feeds tables like an event
    split: Callable[[Arguments], tuple[Row, list[Row]]]  # its own arguments, its entries'


@dataclass(frozen=True, slots=True)
class Projection:
    """A table, and the row that each of its events leaves behind for the event's key."""

    table: Table
    rows: Mapping[str, MakeRow]  # event -> row


def of_contract(contract: str, _arguments: Arguments) -> str:
    return contract


def of_argument(argument: str) -> Callable[[str, Arguments], str]:
    return lambda _contract, arguments: str(arguments[argument])


def of_both(first: str, second: str) -> Callable[[str, Arguments], str]:
    return lambda _contract, arguments: f"{arguments[first]}:{arguments[second]}"
