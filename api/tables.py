"""Every module with off-chain tables, so that whoever imports this knows them all."""

from __future__ import annotations

from sqlalchemy import MetaData

from api.auth import models as auth
from api.collector import models as collector
from api.db import Base
from api.holds import levels, links
from api.holds import models as holds
from api.idempotency import models as idempotency
from api.jobs import models as jobs
from api.notices import models as notices
from api.sites import models as sites
from api.usage import models as usage

MODULES = (
    auth,
    collector,
    holds,
    levels,
    links,
    idempotency,
    jobs,
    notices,
    sites,
    usage,
)


def off_chain_tables() -> MetaData:
    """What migrations make."""
    return Base.metadata
