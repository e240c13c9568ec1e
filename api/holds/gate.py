"""Who may index DAGs and who may remove blocks: many of the first, or one of the second.

A transaction that adds to the index is let in with its like; the collector's waits until they have
ended, and keeps them out until it has. SQLite has one writer at a time anyway.
"""

from __future__ import annotations

from sqlalchemy import text

from api.db import db, hold_lock

_GATE = 0x686F6C64  # "hold"


def enter_to_hold() -> None:
    """Until this writing transaction ends, the collector removes nothing."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _GATE})


def enter_to_remove() -> None:
    """Until this writing transaction ends, nobody adds to the index of blocks."""
    hold_lock(_GATE)
