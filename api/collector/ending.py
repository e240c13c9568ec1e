"""Notes since when services are over, and forgets it of those that aren't any more.

Run every hour: the grace period of a service counts from when it was seen here first.
"""

from __future__ import annotations

from api.collector import repository
from api.collector.errors import NothingFinal
from api.collector.final import open_final
from api.db import writing


def note_ended_services() -> None:
    """Marks and unmarks by the newest final block; does nothing where there is none."""
    after: int | None = None
    while True:
        with writing():
            try:
                final = open_final()
            except NothingFinal:
                return
            page = repository.list_services(after)
            if not page:
                return
            over = final.over(page)
            repository.mark_ended(over, final.block.block_number)
            repository.unmark(final.states(page).keys() - over.keys())
        after = page[-1]
