"""What a site keeps of its deployments, as holds: what is live, and the newest others.

Invariant: a deployment that is live or superseded has a hold that wasn't let go; one that is
`released` has one that was, or none any more once its grace period is over. All of it happens in
the transaction that changes the deployment's state.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from flask import current_app

from api.db import utc_now
from api.deployments import repository
from api.holds.links import index_dag
from api.holds.models import HoldKind
from api.holds.repository import (
    add_hold,
    counted_bytes,
    drop_hold,
    get_hold,
    move_holds,
    release_holds,
    resize_hold,
    take_back_holds,
)
from api.holds.service import require_room
from api.mirror import open_mirror
from api.problems import Problem
from api.settings import ApiSettings
from api.sites.models import Deployment, DeploymentState, Site
from api.sites.repository import begin_change
from api.storage.ports import BlockStore
from api.storage.unixfs import Cid, parse_cid
from indexer import reads

_KIND = HoldKind.DEPLOYMENT


def claim(deployment: Deployment, site: Site) -> None:
    """Holds what a deployment was asked for by its CID, before anyone looks whether it is whole."""
    if deployment.wanted_cid is not None and get_hold(_KIND, deployment.id) is None:
        root = parse_cid(deployment.wanted_cid)
        add_hold(_KIND, deployment.id, site.service_id, root, 0, None)


def keep(deployment: Deployment, site: Site, root: Cid, size_bytes: int) -> None:
    """Holds a stored deployment; raises a Problem of 402 where the allowance doesn't reach."""
    _require_room(site, str(root), size_bytes)
    store: BlockStore = current_app.extensions["dspace_store"]
    if get_hold(_KIND, deployment.id) is None:
        add_hold(_KIND, deployment.id, site.service_id, root, size_bytes, store)
        return
    index_dag(store, root)
    move_holds(_KIND, [deployment.id], site.service_id)  # the site may have moved meanwhile
    resize_hold(_KIND, deployment.id, size_bytes)


def take_back(deployment: Deployment, site: Site) -> None:
    """Undoes a release; raises a Problem of 402 or, where the grace period is over, of 410."""
    _require_room(site, str(deployment.cid), deployment.size_bytes or 0)
    if not take_back_holds(_KIND, [deployment.id]):
        raise Problem(
            "deployment-released",
            f"Deployment {deployment.number} can't come back: {deployment.reason}.",
        )


def give_up(deployment: Deployment) -> None:
    """Nothing came of it."""
    drop_hold(_KIND, deployment.id)


def trim(site: Site) -> None:
    """Lets go what is beyond the newest that the settings keep; never what is live."""
    settings: ApiSettings = current_app.config["DSPACE"]
    kept, days = settings.deployments_kept, settings.deployments_kept_days
    until = utc_now() - timedelta(days=days)
    beyond = repository.list_beyond(site.id, kept, until)
    if not beyond:
        return
    reason = (
        f"let go, since the site keeps its {kept} newest deployments; "
        f"it can be published again for {settings.grace_days} days"
    )
    for deployment in beyond:
        deployment.state = DeploymentState.RELEASED
        deployment.reason = reason
        deployment.updated_at = utc_now()
        repository.add_log(deployment.id, f"released: {reason}")
    release_holds(_KIND, [deployment.id for deployment in beyond])


def let_go_all(site: Site) -> None:
    """Of a site that is deleted."""
    for ids in repository.in_parts(repository.list_ids(site.id)):
        release_holds(_KIND, ids)


def move_all(site: Site, service_id: int) -> None:
    """Of a site whose service is another from now on."""
    for ids in repository.in_parts(repository.list_ids(site.id)):
        move_holds(_KIND, ids, service_id)


def forget(ids: Collection[str], reason: str) -> None:
    """The collector drops their holds: nobody can have them back, and no site shows them."""
    repository.release(ids, reason)
    repository.clear_pointers(ids, begin_change())


def _require_room(site: Site, cid: str, size_bytes: int) -> None:
    mirror = open_mirror()
    views = reads.read_service_view(mirror.connection, [site.service_id])
    if not views:
        raise Problem("unknown-service", f"The mirror knows no service {site.service_id}.")
    more = size_bytes - counted_bytes(site.service_id, cid)
    require_room(mirror, views[0].service.owner, max(0, more))
