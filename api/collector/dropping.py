"""Drops the holds whose time is over: let go, or of a service that is over, for the grace period.

Both are looked at again in the very transaction: what was taken back stays, and of a service that
something not final has touched nothing is dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from api.collector import hooks, repository
from api.collector.final import FinalView, open_final
from api.db import begin, db, writing
from api.holds.models import Hold, HoldKind
from api.holds.repository import drop_holds
from api.notices.service import tell_removed
from api.sites.repository import begin_change
from indexer.acts import record_acts

_DELETED = "content_deleted"
_LET_GO = "its owner let it go, and the grace period is over"


def drop_released(before: datetime) -> int:
    """Those that were let go before a time; how many."""
    dropped = 0
    while True:
        with writing():
            begin_change()  # first, as those do who publish
            final = open_final()
            holds = repository.lock_released(before)
            _drop(final, holds, dict.fromkeys({hold.service_id for hold in holds}, _LET_GO))
        if not holds:
            return dropped
        dropped += len(holds)


def drop_of_ended(before: datetime) -> int:
    """Those of services that were over before a time and are; how many."""
    dropped = 0
    for service_ids in due_services(before):
        while True:
            with writing():
                begin_change()
                final = open_final()
                over = final.over(service_ids)
                holds = repository.lock_of_services(list(over))
                _drop(
                    final,
                    holds,
                    {
                        number: f"service {number} is {state}, and the grace period is over"
                        for number, state in over.items()
                    },
                )
                tell_removed(final.mirror, holds)
            if not holds:
                break
            dropped += len(holds)
    return dropped


def due_services(before: datetime) -> list[list[int]]:
    """Pages of services whose holds are due by their mark."""
    pages: list[list[int]] = []
    while True:
        begin(writes=False)
        page = repository.list_ended(before, pages[-1][-1] if pages else None)
        db.session.rollback()
        if not page:
            return pages
        pages.append(page)


def _drop(final: FinalView, holds: Sequence[Hold], reasons: Mapping[int, str]) -> None:
    """With what hears of it, in this transaction."""
    grouped: dict[tuple[HoldKind, str], list[str]] = defaultdict(list)
    for hold in holds:
        grouped[HoldKind(hold.kind), reasons[hold.service_id]].append(hold.subject)
    record_acts(
        db.session.connection(),
        final.block,
        _DELETED,
        {
            f"{hold.kind} {hold.subject}": {
                "cid": hold.cid,
                "service_id": str(hold.service_id),
                "reason": reasons[hold.service_id],
            }
            for hold in holds
        },
    )
    for (kind, reason), subjects in grouped.items():
        if kind in hooks.HOLDS_DROPPED:
            hooks.HOLDS_DROPPED[kind](subjects, reason)
        drop_holds(kind, subjects)
    roots = {hold.cid for hold in holds}
    let_go = roots - repository.list_still_held(roots)
    if let_go:
        for hook in hooks.ROOTS_LET_GO:
            hook(let_go)
