"""All SQL of deployments and their logs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import func, select, update

from api.db import db, utc_now
from api.sites.models import Deployment, DeploymentLog, DeploymentState, Site

UNFINISHED = (
    DeploymentState.QUEUED.value,
    DeploymentState.BUILDING.value,
    DeploymentState.STORING.value,
)


def next_number(site_id: str) -> int:
    """Of a new deployment; the site's row must be locked."""
    query = select(func.max(Deployment.number)).where(Deployment.site_id == site_id)
    return (db.session.execute(query).scalar_one() or 0) + 1


def get_deployment(site_id: str, deployment_id: str) -> Deployment | None:
    """One of a site's deployments."""
    query = select(Deployment).where(Deployment.site_id == site_id, Deployment.id == deployment_id)
    return db.session.execute(query).scalar_one_or_none()


def find_deployment(deployment_id: str) -> Deployment | None:
    """A deployment as it stands in the database now."""
    return db.session.get(Deployment, deployment_id, populate_existing=True)


def list_deployments(site_id: str, below: int | None, limit: int) -> list[Deployment]:
    """A site's deployments, newest first; those with a lower number than `below`."""
    query = select(Deployment).where(Deployment.site_id == site_id)
    if below is not None:
        query = query.where(Deployment.number < below)
    return list(db.session.scalars(query.order_by(Deployment.number.desc()).limit(limit)))


def add_log(deployment_id: str, line: str) -> None:
    """A line of the deployment's log."""
    db.session.add(DeploymentLog(deployment_id=deployment_id, at=utc_now(), line=line))


def list_log(deployment_id: str, after_id: int = 0) -> list[DeploymentLog]:
    """The lines after one, oldest first."""
    query = select(DeploymentLog).where(
        DeploymentLog.deployment_id == deployment_id, DeploymentLog.id > after_id
    )
    return list(db.session.scalars(query.order_by(DeploymentLog.id)))


def list_beyond(site_id: str, kept: int, until: datetime) -> list[Deployment]:
    """What was superseded, is older than a time and not among the newest that are stored."""
    stored = select(Deployment.id).where(
        Deployment.site_id == site_id,
        Deployment.state.in_((DeploymentState.LIVE, DeploymentState.SUPERSEDED)),
    )
    newest = stored.order_by(Deployment.number.desc()).limit(kept)
    query = select(Deployment).where(
        Deployment.site_id == site_id,
        Deployment.state == DeploymentState.SUPERSEDED,
        Deployment.created_at < until,
        Deployment.id.not_in(newest),
    )
    return list(db.session.scalars(query.order_by(Deployment.number)))


def list_ids(site_id: str) -> list[str]:
    """Of all deployments of a site."""
    return list(db.session.scalars(select(Deployment.id).where(Deployment.site_id == site_id)))


def in_parts(ids: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    """As many at once as a statement takes."""
    return (ids[at : at + size] for at in range(0, len(ids), size))


def release(ids: Collection[str], reason: str) -> None:
    """Deployments that are no longer kept."""
    now = utc_now()
    where = (Deployment.id.in_(ids), Deployment.cid.is_not(None))
    stored = list(db.session.scalars(select(Deployment.id).where(*where)))
    db.session.execute(
        update(Deployment)
        .where(Deployment.id.in_(stored))
        .values(state=DeploymentState.RELEASED, reason=reason, updated_at=now)
    )
    db.session.add_all(
        DeploymentLog(deployment_id=found, at=now, line=f"released: {reason}") for found in stored
    )


def clear_pointers(ids: Collection[str], revision: int) -> None:
    """Sites that pointed at one of these point at nothing."""
    db.session.execute(
        update(Site)
        .where(Site.live_deployment_id.in_(ids))
        .values(live_deployment_id=None, revision=revision)
    )


def list_awaited_uploads() -> set[str]:
    """The spool files that an unfinished deployment still needs."""
    query = select(Deployment.upload).where(
        Deployment.upload.is_not(None), Deployment.state.in_(UNFINISHED)
    )
    return {name for name in db.session.scalars(query) if name is not None}
