"""Whether this process can do its work: the database, its tables, the mirror."""

from __future__ import annotations

import time
from dataclasses import dataclass

import structlog
from alembic.runtime.migration import MigrationContext
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from api.db import begin, db
from api.migrate import newest_revision
from api.mirror import is_of
from api.settings import ApiSettings
from indexer import reads

OK = "ok"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Readiness:
    """Each check's name with `ok`, or with what is wrong."""

    checks: dict[str, str]

    @property
    def ready(self) -> bool:
        """Whether all of them hold."""
        return all(result == OK for result in self.checks.values())


def check_readiness() -> Readiness:
    """Asks everything once; never raises."""
    try:
        begin(writes=False)
        conn = db.session.connection()
        conn.execute(text("SELECT 1"))
        checks = {"database": OK, "tables": _tables(conn), **_mirror(conn)}
    except SQLAlchemyError as error:
        log.warning("database_unavailable", exc_info=error)
        checks = {"database": "unavailable"}
    finally:
        db.session.rollback()
    return Readiness(checks)


def _tables(conn: Connection) -> str:
    current = MigrationContext.configure(conn).get_current_revision()
    return OK if current == newest_revision() else "not migrated to this version"


def _mirror(conn: Connection) -> dict[str, str]:
    settings: ApiSettings = current_app.config["DSPACE"]
    block = reads.read_as_of(conn)
    if block is None:
        return {"mirror": "nothing is mirrored yet"}
    if not is_of(block, current_app.config["DEPLOYMENT"]):
        return {"mirror": "of another chain than the deployment manifest's"}
    if block.halted:
        return {"mirror": f"halted: {block.halted}"}
    lag = block.lag_seconds(int(time.time()))
    if settings.ready_max_lag and lag > settings.ready_max_lag:
        return {"mirror": f"{lag} s behind"}
    return {"mirror": OK}
