"""Exports over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response
from pydantic import BaseModel, Field

from api.deployments.service import get_deployment
from api.exports import service
from api.http.access import current_caller, scope
from api.http.limits import bearer_or_address, limiter, upload_limit
from api.http.operation import operation
from api.mirror import open_mirror
from api.problems import Problem
from api.sites.service import own_site
from api.storage.car import MEDIA_TYPE

blueprint = Blueprint("exports", __name__, url_prefix="/v1")


class SiteExportQuery(BaseModel):
    """Which deployment; else the one that is live."""

    deployment: str | None = Field(None, max_length=32, pattern=r"^[0-9a-f]+$")


@blueprint.get("/account/export")
@limiter.limit(upload_limit, key_func=bearer_or_address)
@operation(
    access=scope("account:export"),
    tag="account",
    returns=(200, "application/zip"),
    problems=["mirror-not-ready"],
)
def export_account() -> Response:
    """Everything that the account has here, as a zip of a manifest and CARs.

    Also of services that are paused, lapsed or suspended.
    """
    return service.export_account(open_mirror(), current_caller().address)


@blueprint.get("/sites/<name>/export")
@limiter.limit(upload_limit, key_func=bearer_or_address)
@operation(
    access=scope("sites:read"),
    tag="sites",
    query=SiteExportQuery,
    returns=(200, MEDIA_TYPE),
    problems=["unknown-site", "not-your-site", "unknown-deployment", "mirror-not-ready"],
)
def export_site(name: str, query: SiteExportQuery) -> Response:
    """A site's directory as a CAR, that any IPFS implementation takes."""
    site, _ = own_site(open_mirror(), current_caller().address, name)
    wanted = query.deployment or site.live_deployment_id
    deployment = get_deployment(site, wanted) if wanted else None
    if deployment is None or deployment.cid is None:
        raise Problem("unknown-deployment", "Nothing of that was stored.")
    return service.export_root(deployment.cid, name)
