"""Deployments of a site: put in the queue, settle, publish.

    queued -> building -> storing -> live <-> superseded        or failed, from the first three
                                       ^---- released <-|       beyond the newest that are kept

Invariant: a site has at most one live deployment, the one that it points at; a deployment that
finishes never replaces what was pushed or published after it; one that fails changes nothing.
"""

from __future__ import annotations

from uuid import uuid4

from flask import current_app

from api.db import db, utc_now
from api.deployments import keeping, repository
from api.deployments.schemas import DeploymentOut, Deployments, deployment_out
from api.deployments.sources import Incoming
from api.http.operation import after_commit
from api.http.schemas import bad_cursor, decode_cursor, encode_cursor
from api.jobs.kinds import DEPLOY
from api.jobs.queue import enqueue
from api.problems import Problem
from api.settings import ApiSettings
from api.sites.models import Deployment, DeploymentState, Site
from api.sites.repository import begin_change, lock_site
from api.storage.unixfs import parse_cid


def create_deployment(site: Site, incoming: Incoming) -> DeploymentOut:
    """A queued deployment with its job, in the session's writing transaction."""
    _lock(site)
    now = utc_now()
    deployment = Deployment(
        id=uuid4().hex,
        site_id=site.id,
        number=repository.next_number(site.id),
        state=DeploymentState.QUEUED,
        source=incoming.source,
        upload=incoming.upload.path.name if incoming.upload else None,
        # Where it comes from; `cid` stays empty until the job has seen the whole of it.
        wanted_cid=incoming.cid,
        created_at=now,
        updated_at=now,
    )
    db.session.add(deployment)
    db.session.flush()
    repository.add_log(deployment.id, incoming.told)
    enqueue(DEPLOY, {"deployment_id": deployment.id})
    after_commit(incoming.keep)
    return _out(deployment)


def list_deployments(site: Site, cursor: str | None, limit: int) -> Deployments:
    """A page of a site's deployments."""
    below = None
    if cursor is not None:
        text = decode_cursor(cursor)[0]
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise bad_cursor()
        below = int(text)
    rows = repository.list_deployments(site.id, below, limit + 1)
    page = rows[:limit]
    return Deployments(
        items=[_out(row) for row in page],
        next_cursor=encode_cursor(page[-1].number) if len(rows) > limit else None,
    )


def get_deployment(site: Site, deployment_id: str) -> Deployment:
    """One of the site's deployments; raises a Problem of 404."""
    found = None
    if deployment_id.isascii() and deployment_id.isalnum():
        found = repository.get_deployment(site.id, deployment_id)
    if found is None:
        raise Problem("unknown-deployment")
    return found


def show_deployment(site: Site, deployment_id: str) -> DeploymentOut:
    """One of the site's deployments, as it is shown."""
    return _out(get_deployment(site, deployment_id))


def publish(site: Site, deployment_id: str) -> DeploymentOut:
    """Points the site at a stored deployment: a rollback to that very CID, where it is older.

    Deployments that are still under way when that happens won't replace it.
    """
    revision = begin_change()
    _lock(site)
    deployment = get_deployment(site, deployment_id)
    db.session.refresh(deployment)  # as it stands now that nobody else changes the site
    if deployment.state == DeploymentState.LIVE:
        return _out(deployment)
    if deployment.state == DeploymentState.RELEASED:
        keeping.take_back(deployment, site)
    elif deployment.state != DeploymentState.SUPERSEDED:
        raise Problem(
            "deployment-not-publishable",
            f"Deployment {deployment.number} is {deployment.state}.",
            state=deployment.state,
        )
    newest = repository.next_number(site.id) - 1
    _go_live(site, deployment, revision, newest, "published by its owner")
    keeping.trim(site)
    return _out(deployment)


def settle_stored(deployment: Deployment, cid: str, file_count: int, size_bytes: int) -> None:
    """What a deployment becomes once its directory is stored, in a writing transaction.

    Raises a Problem of 402 where the allowance of the site's owner doesn't reach for it.
    """
    revision = begin_change()
    site = lock_site(deployment.site_id)
    deployment.cid = cid
    deployment.file_count = file_count
    deployment.size_bytes = size_bytes
    deployment.upload = None
    repository.add_log(deployment.id, f"stored {file_count} files, {size_bytes} bytes as {cid}")
    if site.deleted_at is not None:
        keeping.give_up(deployment)
        _supersede(deployment, "the site was deleted")
        return
    keeping.keep(deployment, site, parse_cid(cid), size_bytes)
    if deployment.number > site.settled_number:
        _go_live(site, deployment, revision, deployment.number, None)
    else:
        _supersede(deployment, "a later deployment or rollback came first")
    keeping.trim(site)


def settle_failed(deployment: Deployment, reason: str) -> None:
    """It failed; what was live stays live."""
    keeping.give_up(deployment)
    deployment.state = DeploymentState.FAILED
    deployment.reason = reason
    deployment.upload = None
    deployment.updated_at = utc_now()
    repository.add_log(deployment.id, f"failed: {reason}")


def advance(deployment: Deployment, state: DeploymentState, line: str) -> None:
    """The next step of the work, told in the log."""
    deployment.state = state
    deployment.updated_at = utc_now()
    repository.add_log(deployment.id, line)


def _go_live(
    site: Site, deployment: Deployment, revision: int, settled: int, reason: str | None
) -> None:
    if site.live_deployment_id is not None:
        previous = repository.find_deployment(site.live_deployment_id)
        if previous is not None and previous.id != deployment.id:
            _supersede(previous, f"deployment {deployment.number} was published")
    site.live_deployment_id = deployment.id
    site.settled_number = settled
    site.revision = revision
    deployment.reason = reason
    advance(deployment, DeploymentState.LIVE, "live")


def _supersede(deployment: Deployment, reason: str) -> None:
    deployment.reason = reason
    advance(deployment, DeploymentState.SUPERSEDED, f"superseded: {reason}")


def _lock(site: Site) -> None:
    locked = lock_site(site.id)
    if locked.deleted_at is not None:
        raise Problem("unknown-site")


def _out(deployment: Deployment) -> DeploymentOut:
    settings: ApiSettings = current_app.config["DSPACE"]
    return deployment_out(deployment, settings)
