"""What a check says: which views are asked about a row, and what they tell of its columns.

Invariant: a column that `tell` leaves out isn't taken as right; it is held against the event that
the row names. So a view is used only where it speaks of the very value that is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from sqlalchemy import Select, Table, select

from indexer.verify.recorded import recorded
from indexer.verify.report import Difference
from indexer.verify.views import Question

Row = Mapping[str, Any]
# Asks once; gives the columns that the answers tell, or None where the chain has no such row.
# An answer is None where the contract reverted.
Telling = Generator[Sequence[Question], list[Any], Row | None]


@dataclass(frozen=True, slots=True)
class At:
    """What views depend on besides a row: the block's second, and Credits' grace period."""

    timestamp: int  # unix seconds
    grace: int  # seconds


class Snapshot(Protocol):
    """The mirror's rows and the contracts' views, both at one block."""

    def stream(self, query: Select[Any]) -> Iterator[Row]:
        """Rows in constant memory; one stream at a time."""

    def ask(self, questions: Sequence[Question]) -> list[Any]:
        """The answers; None for each that reverted."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Keys that have neither row nor event, where the mirror or the chain speaks of them.

    `default` is what a reader takes in the row's place; None where the chain is sure to have one.
    """

    keys: Callable[[Snapshot], Iterator[Row]]
    default: Row | None


@dataclass(frozen=True, slots=True)
class Check:
    """How a table is held against the chain."""

    table: Table
    tell: Callable[[Row, At], Telling]
    absent: Absent | None = None
    rows: Select[Any] | None = None  # where `tell` needs columns of other tables
    more: Callable[[Snapshot], Iterator[Difference]] | None = None
    caveat: str = "no view tells whether a newer event is missing"


def by_view(contract: str, function: str, *keys: str) -> Callable[[Row, At], Telling]:
    """A view whose struct has the columns' names; it reverts where the chain has no such row."""

    def tell(row: Row, _at: At) -> Telling:
        (said,) = yield [Question(contract, function, tuple(row[key] for key in keys))]
        return said  # type: ignore[no-any-return]  # the ABI decides

    return tell


def by_getters(contract: str, **getters: str) -> Callable[[Row, At], Telling]:
    """Getters without arguments, by the column that each tells."""

    def tell(_row: Row, _at: At) -> Telling:
        said = yield [Question(contract, function) for function in getters.values()]
        return dict(zip(getters, said, strict=True))

    return tell


def by_event(_row: Row, _at: At) -> Telling:
    """No view tells anything of it."""
    yield []
    return {}


def keys_of(query: Select[Any]) -> Callable[[Snapshot], Iterator[Row]]:
    """The keys that a query of the mirror finds."""
    return lambda snapshot: snapshot.stream(query)


def one_each(table: Table, default: Row | None, *contracts: str) -> Absent:
    """For a table of one row a contract; a row whose event is stored is looked for by that."""

    def missing(snapshot: Snapshot) -> Iterator[Row]:
        known = {row["contract"] for row in snapshot.stream(select(table.c.contract))}
        known |= {row["contract"] for row in snapshot.stream(recorded(table))}
        return iter([{"contract": name} for name in contracts if name not in known])

    return Absent(missing, default)


def numbered(
    table: Table, column: str, ranges: Callable[[Snapshot], Iterator[range]]
) -> Callable[[Snapshot], Iterator[Row]]:
    """The numbers of some rising ranges that have no row."""

    def missing(snapshot: Snapshot) -> Iterator[Row]:
        expected = chain.from_iterable(list(ranges(snapshot)))
        query = select(table.c[column]).order_by(table.c[column])
        found = (row[column] for row in snapshot.stream(query))
        last = next(found, None)
        for number in expected:
            while last is not None and last < number:
                last = next(found, None)
            if last != number:
                yield {column: number}

    return missing
