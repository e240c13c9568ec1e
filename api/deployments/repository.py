"""All SQL of deployments and their logs."""

from __future__ import annotations

from sqlalchemy import func, select

from api.db import db, utc_now
from api.sites.models import Deployment, DeploymentLog, DeploymentState

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


def list_stored(site_id: str) -> list[str]:
    """Ids of a site's deployments that were stored."""
    query = select(Deployment.id).where(Deployment.site_id == site_id, Deployment.cid.is_not(None))
    return list(db.session.scalars(query))


def list_old_stored(site_id: str, kept: int) -> list[str]:
    """Ids of a site's stored deployments beyond the newest `kept`."""
    query = select(Deployment.id).where(Deployment.site_id == site_id, Deployment.cid.is_not(None))
    return list(db.session.scalars(query.order_by(Deployment.number.desc()).offset(kept)))


def add_log(deployment_id: str, line: str) -> None:
    """A line of the deployment's log."""
    db.session.add(DeploymentLog(deployment_id=deployment_id, at=utc_now(), line=line))


def list_log(deployment_id: str, after_id: int = 0) -> list[DeploymentLog]:
    """The lines after one, oldest first."""
    query = select(DeploymentLog).where(
        DeploymentLog.deployment_id == deployment_id, DeploymentLog.id > after_id
    )
    return list(db.session.scalars(query.order_by(DeploymentLog.id)))


def list_awaited_uploads() -> set[str]:
    """The spool files that an unfinished deployment still needs."""
    query = select(Deployment.upload).where(
        Deployment.upload.is_not(None), Deployment.state.in_(UNFINISHED)
    )
    return {name for name in db.session.scalars(query) if name is not None}
