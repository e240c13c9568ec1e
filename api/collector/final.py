"""Services as of the newest block that can't be undone: which are over, which are not.

A service whose row, or whose owner's account, something newer than that block has changed is
neither: in doubt nothing is done. So is one that the mirror doesn't know, as while it is rebuilt.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from api.collector.errors import NothingFinal
from api.mirror import STATE_NAMES, MirrorView, open_mirror
from indexer import reads
from indexer.rules import ServiceState

# Nothing brings a stopped one back; an expired free one can be renewed.
OVER = frozenset({ServiceState.STOPPED, ServiceState.EXPIRED})


@dataclass(frozen=True, slots=True)
class FinalView:
    """Good for the transaction that it was opened in."""

    mirror: MirrorView
    block: reads.AsOf  # the final one
    unsettled: frozenset[int]  # services that something newer has changed

    def states(self, service_ids: Collection[int]) -> dict[int, ServiceState]:
        """Of those services of which the final block decides."""
        views = reads.read_service_view(self.mirror.connection, service_ids)
        now, grace = self.block.block_timestamp, self.mirror.terms.grace
        return {
            view.service.id: view.state(now, grace)
            for view in views
            if view.service.id not in self.unsettled
        }

    def over(self, service_ids: Collection[int]) -> dict[int, str]:
        """Those that are over, with the state that says so."""
        states = self.states(service_ids)
        return {number: STATE_NAMES[state] for number, state in states.items() if state in OVER}


def open_final() -> FinalView:
    """In the session's transaction; raises NothingFinal, and a Problem where there is no mirror."""
    mirror = open_mirror()
    block = reads.read_final(mirror.connection, mirror.block)
    if block is None:
        raise NothingFinal
    newer = reads.list_services_changed_since(mirror.connection, block.block_number + 1)
    return FinalView(mirror, block, frozenset(view.service.id for view in newer))
