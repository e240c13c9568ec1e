"""Usage over HTTP."""

from __future__ import annotations

from flask import Blueprint

from api.http.access import current_caller, scope
from api.http.operation import operation
from api.mirror import open_mirror
from api.usage import service
from api.usage.schemas import StorageUsageOut, UsageQuery

blueprint = Blueprint("usage", __name__, url_prefix="/v1/account/usage")


@blueprint.get("/storage")
@operation(
    access=scope("account:read"),
    tag="account",
    query=UsageQuery,
    returns=(200, StorageUsageOut),
    problems=["mirror-not-ready"],
)
def list_storage_usage(query: UsageQuery) -> StorageUsageOut:
    """What the caller's services kept, in byte-seconds a UTC day.

    A line a service and day, none where nothing was kept. Today's counts up to now.
    """
    return service.list_storage_usage(open_mirror(), current_caller().address, query)
