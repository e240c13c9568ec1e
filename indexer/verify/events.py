"""The rows as their own events make them, the events read anew from the chain.

For what no view tells. A row names the block and the place of its event there; the block's logs
are held against its header as the indexer does, and the projection's rule makes the row again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Table

from indexer.chain.fetch import Fetcher
from indexer.chain.node import BATCH_CALLS, Node
from indexer.decode import Decoder, Event
from indexer.projections import PROJECTIONS, Projection
from indexer.verify.check import Row

_PROJECTION_OF: Mapping[Table, Projection] = {one.table: one for one in PROJECTIONS}


class OwnEvents:
    """Reads the events that rows name."""

    def __init__(self, node: Node, fetcher: Fetcher, decoder: Decoder, last_block: int) -> None:
        self._node = node
        self._fetcher = fetcher
        self._decoder = decoder
        self._last_block = last_block

    def rows(self, table: Table, rows: Sequence[Row]) -> list[Row | None]:
        """Each row as its event makes it; None where the block has no such event."""
        projection = _PROJECTION_OF[table]
        wanted = {(row["block_number"], row["log_index"]) for row in rows}
        numbers = sorted({block for block, _ in wanted if 0 <= block <= self._last_block})
        made: dict[tuple[object, ...], Row] = {}
        for at in range(0, len(numbers), BATCH_CALLS):
            for event in self._events(numbers[at : at + BATCH_CALLS], wanted):
                if event.name in projection.rows:
                    row = projection.rows[event.name](event.contract, event.arguments)
                    made[_identity(projection, row, event.block_number, event.log_index)] = row
        return [
            made.get(_identity(projection, row, row["block_number"], row["log_index"]))
            for row in rows
        ]

    def _events(self, numbers: Sequence[int], wanted: set[tuple[int, int]]) -> Iterable[Event]:
        for found in self._fetcher.with_logs(self._node.blocks(numbers)):
            for entry in found.logs:
                if (entry.block_number, entry.log_index) in wanted:
                    yield from self._decoder.decode(found.block, entry)


def _identity(projection: Projection, row: Row, block: int, log_index: int) -> tuple[object, ...]:
    return (block, log_index, *(row[column.name] for column in projection.table.primary_key))
