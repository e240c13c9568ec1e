"""Deployments over HTTP. A repository as a source comes with the link to GitHub, not yet."""

from __future__ import annotations

from flask import Blueprint, Response, request

from api.deployments import service
from api.deployments.logs import EVENT_STREAM, stream_log, text_log
from api.deployments.schemas import DeploymentOut, Deployments, SourceRequest
from api.deployments.sources import ARCHIVE_FIELD, Incoming, receive_source
from api.http.access import current_caller, scope
from api.http.limits import bearer_or_address, limiter, upload_limit
from api.http.operation import operation
from api.http.schemas import PageQuery
from api.mirror import open_mirror
from api.sites.service import active_site, own_site

blueprint = Blueprint("deployments", __name__, url_prefix="/v1/sites/<name>/deployments")

_SITE = ["unknown-site", "not-your-site", "mirror-not-ready"]
_DEPLOYMENT = [*_SITE, "unknown-deployment"]


@blueprint.post("")
@limiter.limit(upload_limit, key_func=bearer_or_address)
@operation(
    access=scope("sites:write"),
    tag="deployments",
    body=SourceRequest,
    receive=receive_source,
    uploads=ARCHIVE_FIELD,
    returns=(202, DeploymentOut),
    problems=[
        *_SITE,
        "service-not-active",
        "archive-rejected",
        "content-not-held",
        "unknown-path",
        "unknown-version",
        "storage-not-active",
        "storage-full",
    ],
    writes=True,
    idempotent=True,
)
def create_deployment(name: str, received: Incoming) -> tuple[DeploymentOut, dict[str, str]]:
    """Deploy an archive (zip, tar, tar.gz), a CID that the store holds, or a folder of one's own.

    The archive is looked through before it is accepted. It goes live by itself once it is stored,
    unless something newer was pushed or published meanwhile.
    """
    site, _ = active_site(open_mirror(), current_caller().address, name)
    made = service.create_deployment(site, received)
    return made, {"Location": f"/v1/sites/{name}/deployments/{made.id}"}


@blueprint.get("")
@operation(
    access=scope("sites:read"),
    tag="deployments",
    query=PageQuery,
    returns=(200, Deployments),
    problems=_SITE,
)
def list_deployments(name: str, query: PageQuery) -> Deployments:
    """A site's deployments, newest first."""
    site, _ = own_site(open_mirror(), current_caller().address, name)
    return service.list_deployments(site, query.cursor, query.limit)


@blueprint.get("/<deployment_id>")
@operation(
    access=scope("sites:read"),
    tag="deployments",
    returns=(200, DeploymentOut),
    problems=_DEPLOYMENT,
)
def show_deployment(name: str, deployment_id: str) -> DeploymentOut:
    """One deployment: its state, and why it is in it."""
    site, _ = own_site(open_mirror(), current_caller().address, name)
    return service.show_deployment(site, deployment_id)


@blueprint.get("/<deployment_id>/log")
@operation(
    access=scope("sites:read"),
    tag="deployments",
    returns=(200, "text/plain"),
    problems=_DEPLOYMENT,
)
def show_log(name: str, deployment_id: str) -> Response:
    """The log as text; with `Accept: text/event-stream` line by line as it grows."""
    site, _ = own_site(open_mirror(), current_caller().address, name)
    deployment = service.get_deployment(site, deployment_id)
    wanted = request.accept_mimetypes.best_match(["text/plain", EVENT_STREAM], default="text/plain")
    return stream_log(deployment) if wanted == EVENT_STREAM else text_log(deployment)


@blueprint.post("/<deployment_id>/publish")
@operation(
    access=scope("sites:write"),
    tag="deployments",
    returns=(200, DeploymentOut),
    problems=[*_DEPLOYMENT, "service-not-active", "deployment-not-publishable"],
    writes=True,
    idempotent=True,
)
def publish_deployment(name: str, deployment_id: str) -> DeploymentOut:
    """Point the site at this deployment. Of an older one that is a rollback to that very CID."""
    site, _ = active_site(open_mirror(), current_caller().address, name)
    return service.publish(site, deployment_id)
