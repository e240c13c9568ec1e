"""Sites over HTTP."""

from __future__ import annotations

from flask import Blueprint

from api.http.access import current_caller, scope
from api.http.operation import operation
from api.http.schemas import PageQuery
from api.mirror import open_mirror
from api.sites import service
from api.sites.schemas import SiteChange, SiteRequest, Sites, SiteWithAsOf

blueprint = Blueprint("sites", __name__, url_prefix="/v1/sites")

_SERVICE = ["unknown-service", "not-your-service", "service-hosts-no-site", "service-not-active"]
_TAKEN = ["site-name-taken", "service-in-use"]
_SITE = ["unknown-site", "not-your-site", "mirror-not-ready"]


@blueprint.post("")
@operation(
    access=scope("sites:write"),
    tag="sites",
    body=SiteRequest,
    returns=(201, SiteWithAsOf),
    problems=[*_SERVICE, *_TAKEN, "mirror-not-ready"],
    writes=True,
    idempotent=True,
)
def create_site(body: SiteRequest) -> tuple[SiteWithAsOf, dict[str, str]]:
    """Make a site on an active service of the caller's. One service carries one site."""
    site = service.create_site(open_mirror(), current_caller().address, body.name, body.service_id)
    return site, {"Location": f"/v1/sites/{site.name}"}


@blueprint.get("")
@operation(
    access=scope("sites:read"),
    tag="sites",
    query=PageQuery,
    returns=(200, Sites),
    problems=["mirror-not-ready"],
)
def list_sites(query: PageQuery) -> Sites:
    """The caller's sites by name, by the mirror: those whose service is the caller's now."""
    return service.list_sites(open_mirror(), current_caller().address, query.cursor, query.limit)


@blueprint.get("/<name>")
@operation(access=scope("sites:read"), tag="sites", returns=(200, SiteWithAsOf), problems=_SITE)
def show_site(name: str) -> SiteWithAsOf:
    """One of the caller's sites, with the state of its service."""
    return service.show_site(open_mirror(), current_caller().address, name)


@blueprint.patch("/<name>")
@operation(
    access=scope("sites:write"),
    tag="sites",
    body=SiteChange,
    returns=(200, SiteWithAsOf),
    problems=[*_SITE, *_SERVICE, *_TAKEN],
    writes=True,
    idempotent=True,
)
def change_site(name: str, body: SiteChange) -> SiteWithAsOf:
    """Rename a site, move it to another service of the caller's, or change how it is served.

    Its content stays.
    """
    return service.change_site(open_mirror(), current_caller().address, name, body)


@blueprint.delete("/<name>")
@operation(
    access=scope("sites:write"),
    tag="sites",
    returns=(204, None),
    problems=_SITE,
    writes=True,
    idempotent=True,
)
def delete_site(name: str) -> None:
    """Delete a site: it is no longer served, and its name and service are free again."""
    service.delete_site(open_mirror(), current_caller().address, name)
