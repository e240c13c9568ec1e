"""Sites: a name on a service. Who may act on one follows from the mirror, at every request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import uuid4

from flask import current_app

from api.db import db, utc_now
from api.deployments.keeping import let_go_all, move_all
from api.deployments.schemas import deployment_out
from api.http.schemas import decode_cursor, encode_cursor
from api.mirror import MirrorView
from api.problems import Problem
from api.services.service import SITE_KINDS
from api.settings import ApiSettings
from api.sites import repository
from api.sites.models import Deployment, Site
from api.sites.names import LABEL
from api.sites.schemas import SiteOut, Sites, SiteWithAsOf
from indexer import reads


def own_site(mirror: MirrorView, address: str, name: str) -> tuple[Site, reads.ServiceView]:
    """The caller's site and its service; raises a Problem of 404 or 403."""
    site = repository.get_site(name) if LABEL.fullmatch(name) else None
    if site is None:
        raise Problem("unknown-site")
    views = reads.read_service_view(mirror.connection, [site.service_id])
    if not views or views[0].service.owner != address:
        raise Problem("not-your-site")
    return site, views[0]


def active_site(mirror: MirrorView, address: str, name: str) -> tuple[Site, reads.ServiceView]:
    """As `own_site`, of an active service; raises a Problem of 404, 403 or 402."""
    site, view = own_site(mirror, address, name)
    require_active(mirror, view)
    return site, view


def require_active(mirror: MirrorView, view: reads.ServiceView) -> None:
    """Raises a Problem of 402 where the service is not active now."""
    state = mirror.state_of(view)
    if state != "active":
        raise Problem(
            "service-not-active",
            f"Service {view.service.id} is {state}.",
            service_id=str(view.service.id),
            state=state,
            as_of=mirror.as_of.model_dump(),
        )


def create_site(mirror: MirrorView, address: str, name: str, service_id: str) -> SiteWithAsOf:
    """A new site; raises a Problem of 402, 403, 404 or 409."""
    view = _own_hosting_service(mirror, address, int(service_id))
    revision = repository.begin_change()
    _require_free_name(name)
    _require_free_service(view.service.id)
    site = Site(
        id=uuid4().hex,
        name=name,
        service_id=view.service.id,
        settled_number=0,
        revision=revision,
        created_at=utc_now(),
    )
    db.session.add(site)
    db.session.flush()
    return _with_as_of(mirror, site, view)


def list_sites(mirror: MirrorView, address: str, cursor: str | None, limit: int) -> Sites:
    """A page of the caller's sites."""
    after = decode_cursor(cursor)[0].replace("\0", "") if cursor else ""
    sites = repository.list_sites(address, after, limit + 1)
    page = sites[:limit]
    views = {
        view.service.id: view
        for view in reads.read_service_view(mirror.connection, [site.service_id for site in page])
    }
    live = _live_deployments(page)
    return Sites(
        items=[_out(mirror, site, views[site.service_id], live) for site in page],
        next_cursor=encode_cursor(page[-1].name) if len(sites) > limit else None,
        as_of=mirror.as_of,
    )


def show_site(mirror: MirrorView, address: str, name: str) -> SiteWithAsOf:
    """One of the caller's sites."""
    return _with_as_of(mirror, *own_site(mirror, address, name))


def change_site(
    mirror: MirrorView, address: str, name: str, new_name: str | None, service_id: str | None
) -> SiteWithAsOf:
    """Renames a site, or moves it to another service of the caller's; its content stays."""
    site, view = own_site(mirror, address, name)
    if service_id is not None and int(service_id) != site.service_id:
        view = _own_hosting_service(mirror, address, int(service_id))
    revision = _begin_change(site)
    if new_name is not None and new_name != site.name:
        _require_free_name(new_name)
        site.name = new_name
    if view.service.id != site.service_id:
        _require_free_service(view.service.id)
        site.service_id = view.service.id
        move_all(site, view.service.id)
    site.revision = revision
    db.session.flush()
    return _with_as_of(mirror, site, view)


def delete_site(mirror: MirrorView, address: str, name: str) -> None:
    """Frees the name and the service; what was deployed goes once its grace period is over."""
    site, _ = own_site(mirror, address, name)
    site.revision = _begin_change(site)
    site.deleted_at = utc_now()
    let_go_all(site)


def _begin_change(site: Site) -> int:
    """The change's revision; the site as it stands now that nobody else changes it."""
    revision = repository.begin_change()
    db.session.refresh(site)
    if site.deleted_at is not None:
        raise Problem("unknown-site")
    return revision


def _own_hosting_service(mirror: MirrorView, address: str, service_id: int) -> reads.ServiceView:
    found = reads.read_service_view(mirror.connection, [service_id])
    if not found:
        raise Problem("unknown-service", f"The mirror knows no service {service_id}.")
    view = found[0]
    if view.service.owner != address:
        raise Problem("not-your-service")
    plan = reads.get_plan(mirror.connection, view.service.plan)
    if plan is None or plan.kind not in SITE_KINDS:
        raise Problem("service-hosts-no-site")
    require_active(mirror, view)
    return view


def _require_free_name(name: str) -> None:
    if repository.get_site(name) is not None:
        raise Problem("site-name-taken", f"There is a site {name} already.")


def _require_free_service(service_id: int) -> None:
    if repository.get_site_of_service(service_id) is not None:
        raise Problem("service-in-use", f"Service {service_id} carries a site already.")


def _with_as_of(mirror: MirrorView, site: Site, view: reads.ServiceView) -> SiteWithAsOf:
    shown = _out(mirror, site, view, _live_deployments([site]))
    return SiteWithAsOf(**shown.model_dump(), as_of=mirror.as_of)


def _live_deployments(sites: Sequence[Site]) -> dict[str, Deployment]:
    """By id; one query for all sites, none where nothing is live."""
    ids = [site.live_deployment_id for site in sites if site.live_deployment_id is not None]
    return repository.get_deployments(ids) if ids else {}


def _out(
    mirror: MirrorView,
    site: Site,
    view: reads.ServiceView,
    live_deployments: Mapping[str, Deployment],
) -> SiteOut:
    settings: ApiSettings = current_app.config["DSPACE"]
    live = live_deployments.get(site.live_deployment_id or "")
    return SiteOut(
        name=site.name,
        url=settings.site_url(site.name),
        service_id=str(site.service_id),
        owner=view.service.owner,
        state=mirror.state_of(view),
        created_at=site.created_at,
        live_deployment=deployment_out(live, settings) if live else None,
    )
