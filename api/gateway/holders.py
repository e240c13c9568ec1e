"""Which services hold the content of a CID, asked of the database and kept for a moment.

Content is public while somebody pays for it: `routing.check_holders` asks for the states of these
services at the second of each request, so that only who holds what may be a second old.
"""

from __future__ import annotations

import time

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from api.holds.links import select_services_above
from api.storage.lru import WeightedLru

_KEPT = 50_000
_KEPT_SECONDS = 1.0


class HoldersUnavailable(Exception):
    """The database can't be asked now."""


class Holders:
    """A cache in front of the holds."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._kept: WeightedLru[str, tuple[frozenset[int], float]] = WeightedLru(_KEPT)

    def known(self, cid: str) -> frozenset[int] | None:
        """What is in memory and fresh."""
        found = self._kept.get(cid)
        if found is None or time.monotonic() - found[1] > _KEPT_SECONDS:
            return None
        return found[0]

    def read(self, cid: str) -> frozenset[int]:
        """Asks the database; raises HoldersUnavailable."""
        try:
            with self.engine.connect() as conn:
                rows = conn.execute(select_services_above(cid)).all()
        except SQLAlchemyError:
            raise HoldersUnavailable from None
        services = frozenset(int(row[0]) for row in rows)
        self._kept.put(cid, (services, time.monotonic()), 1)
        return services
