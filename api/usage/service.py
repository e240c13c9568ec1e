"""Storage by the byte-second: rolled up by day, and for the days that aren't, as of now.

What a service holds counts from when it is held until it is let go; a root that a service holds
twice counts once. What is kept in a grace period is not counted.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from api.db import begin, db, utc_now, writing
from api.mirror import MirrorView
from api.usage import repository
from api.usage.schemas import StorageLine, StorageUsageOut, UsageQuery
from indexer import reads

# A level is stamped in a transaction that may be committed a little later.
_LATE = timedelta(minutes=10)
_DAY = timedelta(days=1)


def roll_up_days() -> int:
    """Adds up the days that are over since the last one; how many that were."""
    begin(writes=False)
    last, first = repository.last_rolled_day(), repository.first_day()
    db.session.rollback()
    if first is None:
        return 0
    day = first if last is None else last + _DAY
    done = 0
    while day < (utc_now() - _LATE).date():
        with writing():
            repository.roll_up(day)
        day += _DAY
        done += 1
    return done


def list_storage_usage(mirror: MirrorView, address: str, query: UsageQuery) -> StorageUsageOut:
    """The lines of an account's services."""
    views = reads.read_service_view(mirror.connection, owner=address)
    services = [view.service.id for view in views]
    rolled = repository.last_rolled_day()
    lines = [
        StorageLine(
            service_id=str(row.service_id),
            day=row.day,
            byte_seconds=str(row.byte_seconds),
            complete=True,
        )
        for row in repository.list_usage(services, query.first, query.to)
    ]
    first = repository.first_day()
    if first is not None:
        day = max(query.first, first, rolled + _DAY if rolled else first)
        lines += _open_days(services, day, query.to)
    return StorageUsageOut(items=lines, as_of=mirror.as_of)


def _open_days(services: Collection[int], day: date, last: date) -> list[StorageLine]:
    now = int(utc_now().timestamp())
    lines: list[StorageLine] = []
    while day <= last:
        start, end = repository.seconds_of(day)
        if start >= now:
            break
        lines += [
            StorageLine(service_id=str(number), day=day, byte_seconds=str(spent), complete=False)
            for number, spent in sorted(repository.integrate(start, min(end, now), services))
        ]
        day += _DAY
    return lines
