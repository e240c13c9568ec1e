"""Keeps the view up with the database, from a thread of its own.

Each poll is one read transaction, so a mirrored row is never seen without its block. Blocks: what
changed since the block seen last, or everything where that block isn't there any more. Sites: by
revision, and every few seconds by the sum of all revisions, which also shows one that committed
late. A database that goes away is told once and asked again; the view stays as it was.
"""

from __future__ import annotations

import threading
import time

import structlog
from sqlalchemy import Connection, Engine, func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from api.gateway.contents import options
from api.gateway.view import SiteView, View
from api.sites.models import Deployment, Site
from indexer.reads import (
    AsOf,
    ServiceView,
    get_service,
    read_as_of,
    read_block_hash,
    read_service_view,
    read_terms,
)
from indexer.rules import ServiceState

RECOUNT_SECONDS = 2.0
_MOST_SILENT_SECONDS = 60.0

log = structlog.get_logger()


class Poller:
    """Refreshes one view until it is stopped."""

    def __init__(self, engine: Engine, view: View, poll_seconds: float) -> None:
        self.engine = engine
        self.view = view
        self.poll_seconds = poll_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="view", daemon=True)
        self._failing_since: float | None = None
        self._told_at = 0.0
        self._recounted_at = 0.0
        self._has_sites = False

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopped.set()
        self._thread.join(timeout=2)

    def refresh(self) -> None:
        """One poll; raises SQLAlchemyError."""
        with self.engine.connect() as conn:
            self._refresh_chain(conn)
            self._refresh_sites(conn)
        self.view.refreshed_at = time.monotonic()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.refresh()
                self._tell_recovered()
            except SQLAlchemyError as error:
                self._tell_failing(error)
            except Exception:
                log.exception("view_refresh_failed")
            self._stopped.wait(self.poll_seconds)

    def _refresh_chain(self, conn: Connection) -> None:
        now, seen = read_as_of(conn), self.view.as_of
        if now is None:
            return
        if seen is not None and (seen.block_number, seen.block_hash) == (
            now.block_number,
            now.block_hash,
        ):
            self.view.as_of = now
            return
        if seen is None or not self._still_there(conn, seen, now):
            terms = read_terms(conn)
            self.view.grace = terms.grace if terms else 0
            self._put(conn, read_service_view(conn), whole=True)
            log.info("view_loaded", block_number=now.block_number, reorg=seen is not None)
        else:
            if not self.view.grace and (terms := read_terms(conn)):
                self.view.grace = terms.grace
            self._put(conn, read_service_view(conn, since_block=seen.block_number), whole=False)
        self.view.as_of = now

    def _still_there(self, conn: Connection, seen: AsOf, now: AsOf) -> bool:
        return (
            now.genesis_hash == seen.genesis_hash
            and now.block_number >= seen.block_number
            and read_block_hash(conn, seen.block_number) == seen.block_hash
        )

    def _put(self, conn: Connection, services: list[ServiceView], *, whole: bool) -> None:
        reasons = {}
        for view in services:
            if view.service.state is ServiceState.SUSPENDED:
                row = get_service(conn, view.service.id)
                if row is not None and row.last_change.reason:
                    reasons[view.service.id] = row.last_change.reason
        if services or whole:
            self.view.put_services(services, reasons, whole=whole)

    def _refresh_sites(self, conn: Connection) -> None:
        if not self._has_sites:
            self._has_sites = inspect(conn).has_table(Site.__tablename__)
            if not self._has_sites:
                return
        seen = self.view.newest_revision
        newest = conn.execute(select(func.max(Site.revision))).scalar_one()
        if newest is not None and newest > seen and self.view.sites_loaded:
            self.view.put_sites(_read_sites(conn, since_revision=seen + 1), whole=False)
        elif not self.view.sites_loaded or self._differs(conn):
            self.view.put_sites(_read_sites(conn), whole=True)

    def _differs(self, conn: Connection) -> bool:
        """Whether the sites as a whole are others than the known ones; asked now and then."""
        if time.monotonic() - self._recounted_at < RECOUNT_SECONDS:
            return False
        self._recounted_at = time.monotonic()
        count, total = conn.execute(select(func.count(), func.sum(Site.revision))).one()
        known = self.view.sites.values()
        return (count, int(total or 0)) != (len(known), sum(site.revision for site in known))

    def _tell_failing(self, error: SQLAlchemyError) -> None:
        now = time.monotonic()
        self._failing_since = self._failing_since or now
        if now - self._told_at > _MOST_SILENT_SECONDS:
            self._told_at = now
            log.warning("database_unavailable", error=type(error).__name__)

    def _tell_recovered(self) -> None:
        if self._failing_since is not None:
            seconds = round(time.monotonic() - self._failing_since, 1)
            log.info("database_available", after_seconds=seconds)
        self._failing_since, self._told_at = None, 0.0


def _read_sites(conn: Connection, since_revision: int | None = None) -> list[SiteView]:
    query = select(
        Site.id,
        Site.name,
        Site.service_id,
        Site.revision,
        Site.deleted_at,
        Site.spa,
        Site.clean_urls,
        Site.listing,
        Site.clean_redirects,
        Deployment.cid,
    ).outerjoin(Deployment, Deployment.id == Site.live_deployment_id)
    if since_revision is not None:
        query = query.where(Site.revision >= since_revision)
    return [
        SiteView(
            id=row.id,
            name=row.name,
            service_id=row.service_id,
            live_cid=row.cid,
            revision=row.revision,
            deleted=row.deleted_at is not None,
            options=options(
                spa=row.spa,
                clean_urls=row.clean_urls,
                listing=row.listing,
                clean_redirects=row.clean_redirects,
            ),
        )
        for row in conn.execute(query)
    ]
