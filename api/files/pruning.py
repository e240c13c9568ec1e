"""Lets old versions of trees go. Their holds are released, so the grace period still applies."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app

from api.db import utc_now, writing
from api.files import repository
from api.holds.models import HoldKind
from api.holds.repository import release_holds
from api.settings import ApiSettings

_AT_ONCE = 500


def prune_versions() -> int:
    """How many went. The newest version of a tree always stays."""
    settings: ApiSettings = current_app.config["DSPACE"]
    before = utc_now() - timedelta(days=settings.file_versions_days)
    pruned = 0
    while True:
        with writing():
            ids = repository.list_outdated(before, settings.file_versions_kept, _AT_ONCE)
            release_holds(HoldKind.FOLDER, ids)
            repository.delete_versions(ids)
        pruned += len(ids)
        if len(ids) < _AT_ONCE:
            return pruned
