"""All SQL of sites."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from api.db import db, hold_lock
from api.sites.models import Deployment, Site
from indexer import schema

REVISION_LOCK = 0x73697465  # "site"


def get_site(name: str) -> Site | None:
    """The site of a name that stands."""
    query = select(Site).where(Site.name == name, Site.deleted_at.is_(None))
    return db.session.execute(query).scalar_one_or_none()


def lock_site(site_id: str) -> Site:
    """A site whose row nobody else changes until this writing transaction ends."""
    query = select(Site).where(Site.id == site_id).with_for_update()
    return db.session.execute(query.execution_options(populate_existing=True)).scalar_one()


def get_site_of_service(service_id: int) -> Site | None:
    """The site that a service carries."""
    query = select(Site).where(Site.service_id == service_id, Site.deleted_at.is_(None))
    return db.session.execute(query).scalar_one_or_none()


def list_sites(owner: str, after_name: str, limit: int) -> list[Site]:
    """The sites whose service belongs to an account, by name."""
    services = schema.services.c
    return list(
        db.session.scalars(
            select(Site)
            .join(schema.services, services.id == Site.service_id)
            .where(services.owner == owner, Site.deleted_at.is_(None), Site.name > after_name)
            .order_by(Site.name)
            .limit(limit)
        )
    )


def get_deployments(ids: Collection[str]) -> dict[str, Deployment]:
    """Deployments by id."""
    query = select(Deployment).where(Deployment.id.in_(ids))
    return {deployment.id: deployment for deployment in db.session.scalars(query)}


def begin_change() -> int:
    """The revision of a change of a site: greater than every one committed before.

    From here to the end of the transaction nobody else changes any site, so that revisions are
    committed in their order and a reader that looks for greater ones misses none.
    """
    hold_lock(REVISION_LOCK)
    newest = db.session.execute(select(func.max(Site.revision))).scalar_one()
    return (newest or 0) + 1
