"""Notices over HTTP."""

from __future__ import annotations

from flask import Blueprint

from api.http.access import current_caller, scope
from api.http.operation import operation
from api.http.schemas import PageQuery
from api.notices import service
from api.notices.schemas import Notices

blueprint = Blueprint("notices", __name__, url_prefix="/v1/account/notices")


@blueprint.get("")
@operation(access=scope("account:read"), tag="account", query=PageQuery, returns=(200, Notices))
def list_notices(query: PageQuery) -> Notices:
    """What the account was told, newest first: credit that runs out, content that goes."""
    return service.list_notices(current_caller().address, query.cursor, query.limit)
