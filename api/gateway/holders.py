"""Which services hold the content of a CID, asked of the database and kept for a moment.

Content is public while somebody pays for it: `routing.check_holders` asks for the states of these
services at the second of each request, so that only who holds what may be a second old.

A block that many hold (an empty file, a common library) takes long to ask for, so an answer is kept
for longer the longer it took, and those who ask for the same at once wait for one answer. Threads
of its own: whoever asks for CIDs at random holds up nobody's site.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from api.holds.links import select_services_above
from api.storage.lru import WeightedLru

_KEPT = 50_000
_KEPT_SECONDS = 1.0
_KEPT_TIMES_ASKING = 10  # so that one CID takes at most a tenth of a thread
_LONGEST_KEPT_SECONDS = 10.0
_THREADS = 2


class HoldersUnavailable(Exception):
    """The database can't be asked now."""


class Holders:
    """A cache in front of the holds."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="holders")
        self._kept: WeightedLru[str, tuple[frozenset[int], float]] = WeightedLru(_KEPT)
        self._asked: dict[str, asyncio.Future[frozenset[int]]] = {}  # on the loop alone

    def close(self) -> None:
        """Ends the threads."""
        self.threads.shutdown(wait=False, cancel_futures=True)

    def known(self, cid: str) -> frozenset[int] | None:
        """What is in memory and fresh."""
        found = self._kept.get(cid)
        if found is None or time.monotonic() > found[1]:
            return None
        return found[0]

    async def services(self, cid: str) -> frozenset[int]:
        """From memory, or asked once for all who want it now; raises HoldersUnavailable."""
        found = self.known(cid)
        if found is not None:
            return found
        asked = self._asked.get(cid)
        if asked is None:
            loop = asyncio.get_running_loop()
            asked = self._asked[cid] = loop.run_in_executor(self.threads, self.read, cid)
            asked.add_done_callback(lambda _: self._asked.pop(cid, None))
        return await asyncio.shield(asked)

    def read(self, cid: str) -> frozenset[int]:
        """Asks the database; raises HoldersUnavailable."""
        started_at = time.monotonic()
        try:
            with self.engine.connect() as conn:
                rows = conn.execute(select_services_above(cid)).all()
        except SQLAlchemyError:
            raise HoldersUnavailable from None
        services = frozenset(int(row[0]) for row in rows)
        now = time.monotonic()
        kept = min(_LONGEST_KEPT_SECONDS, _KEPT_TIMES_ASKING * (now - started_at))
        self._kept.put(cid, (services, now + max(_KEPT_SECONDS, kept)), 1)
        return services
