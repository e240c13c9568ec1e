"""Deployments of a site: put in the queue, settle, publish.

    queued -> building -> storing -> live <-> superseded        or failed, from the first three

Invariant: a site has at most one live deployment, the one that it points at; a deployment that
finishes never replaces what was pushed or published after it; one that fails changes nothing.
"""

from __future__ import annotations

from uuid import uuid4

from flask import current_app

from api.db import db, utc_now
from api.deployments import repository
from api.deployments.schemas import DeploymentOut, Deployments, deployment_out
from api.deployments.sources import Incoming
from api.holds import repository as holds
from api.holds.links import index_dag
from api.holds.models import HoldKind
from api.holds.service import lock_account, require_room
from api.http.operation import after_commit
from api.http.schemas import bad_cursor, decode_cursor, encode_cursor
from api.jobs.kinds import DEPLOY
from api.jobs.queue import enqueue
from api.mirror import MirrorView
from api.problems import Problem
from api.services.service import service_owner
from api.settings import ApiSettings
from api.sites.models import Deployment, DeploymentState, Site
from api.sites.repository import begin_change, lock_site
from api.storage.ports import BlockStore
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
    if deployment.state != DeploymentState.SUPERSEDED or deployment.cid is None:
        raise Problem(
            "deployment-not-publishable",
            f"Deployment {deployment.number} is {deployment.state}.",
            state=deployment.state,
        )
    if not holds.take_back_holds(HoldKind.DEPLOYMENT, [deployment.id]):
        raise Problem(
            "deployment-not-publishable",
            f"What deployment {deployment.number} stored is no longer kept.",
            state=deployment.state,
        )
    newest = repository.next_number(site.id) - 1
    _go_live(site, deployment, revision, newest, "published by its owner")
    return _out(deployment)


def hold_wanted(deployment: Deployment) -> None:
    """Keeps what a deployment of a CID refers to, before it is seen whether all of it is here."""
    if deployment.wanted_cid and not holds.has_hold(HoldKind.DEPLOYMENT, deployment.id):
        site = lock_site(deployment.site_id)
        root = parse_cid(deployment.wanted_cid)
        holds.add_hold(HoldKind.DEPLOYMENT, deployment.id, site.service_id, root, 0, None)


def settle_stored(
    mirror: MirrorView, deployment: Deployment, cid: str, file_count: int, size_bytes: int
) -> None:
    """What a deployment becomes once its directory is stored, in a writing transaction."""
    revision = begin_change()
    site = lock_site(deployment.site_id)
    reason = _hold(mirror, site, deployment, cid, size_bytes)
    if reason is not None:
        settle_failed(deployment, reason)
        return
    deployment.cid = cid
    deployment.file_count = file_count
    deployment.size_bytes = size_bytes
    deployment.upload = None
    repository.add_log(deployment.id, f"stored {file_count} files, {size_bytes} bytes as {cid}")
    if site.deleted_at is not None:
        _supersede(deployment, "the site was deleted")
        holds.release_holds(HoldKind.DEPLOYMENT, [deployment.id])
    elif deployment.number > site.settled_number:
        _go_live(site, deployment, revision, deployment.number, None)
    else:
        _supersede(deployment, "a later deployment or rollback came first")
    _release_old(site)


def settle_failed(deployment: Deployment, reason: str) -> None:
    """It failed; what was live stays live."""
    holds.drop_hold(HoldKind.DEPLOYMENT, deployment.id)
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


def _hold(
    mirror: MirrorView, site: Site, deployment: Deployment, cid: str, size_bytes: int
) -> str | None:
    """Keeps what was stored; else the reason why it can't be."""
    root = parse_cid(cid)
    owner = service_owner(mirror, site.service_id)
    if owner is None:
        return "the site's service is gone"
    lock_account(owner)
    try:
        require_room(mirror, owner, size_bytes)
    except Problem as problem:
        return problem.detail
    store: BlockStore = current_app.extensions["dspace_store"]
    if holds.has_hold(HoldKind.DEPLOYMENT, deployment.id):
        index_dag(store, root)
        holds.resize_hold(HoldKind.DEPLOYMENT, deployment.id, size_bytes)
    else:
        holds.add_hold(HoldKind.DEPLOYMENT, deployment.id, site.service_id, root, size_bytes, store)
    return None


def _release_old(site: Site) -> None:
    """Lets the oldest go beyond what is kept for rollbacks; never the live one."""
    settings: ApiSettings = current_app.config["DSPACE"]
    old = repository.list_old_stored(site.id, settings.deployments_kept)
    holds.release_holds(
        HoldKind.DEPLOYMENT, [found for found in old if found != site.live_deployment_id]
    )


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
