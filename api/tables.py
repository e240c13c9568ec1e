"""Every module with off-chain tables, so that whoever imports this knows them all."""

from __future__ import annotations

from sqlalchemy import MetaData

from api.auth import models as auth
from api.db import Base
from api.files import models as files
from api.holds import links
from api.holds import models as holds
from api.idempotency import models as idempotency
from api.jobs import models as jobs
from api.sites import models as sites

MODULES = (auth, files, holds, links, idempotency, jobs, sites)


def off_chain_tables() -> MetaData:
    """What migrations make."""
    return Base.metadata
