"""Deployments by id, read from the database when they are first asked for.

A deployment's directory never changes once it has one, so what was found is kept; what wasn't
found, or has no directory yet, is asked for again after a moment.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from api.sites.models import Deployment
from api.storage.lru import WeightedLru

_KEPT = 10_000
_MISSING_SECONDS = 1.0


class PreviewsUnavailable(Exception):
    """The database can't be asked now."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A deployment's site and directory; no site: there is no such deployment."""

    site_id: str | None
    cid: str | None


class Previews:
    """A cache in front of the deployments."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._kept: WeightedLru[str, tuple[Preview, float]] = WeightedLru(_KEPT)

    def known(self, deployment_id: str) -> Preview | None:
        """What is in memory and still holds."""
        found = self._kept.get(deployment_id)
        if found is None:
            return None
        preview, read_at = found
        if preview.cid is None and time.monotonic() - read_at > _MISSING_SECONDS:
            return None
        return preview

    def read(self, deployment_id: str) -> Preview:
        """Asks the database; raises PreviewsUnavailable."""
        query = select(Deployment.site_id, Deployment.cid).where(Deployment.id == deployment_id)
        try:
            with self.engine.connect() as conn:
                row = conn.execute(query).one_or_none()
        except SQLAlchemyError:
            raise PreviewsUnavailable from None
        preview = Preview(row.site_id, row.cid) if row else Preview(None, None)
        self._kept.put(deployment_id, (preview, time.monotonic()), 1)
        return preview
