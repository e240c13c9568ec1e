"""What goes into and comes out of deployments."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from api.http.schemas import Input, Model, Moment
from api.settings import ApiSettings
from api.sites.models import Deployment, DeploymentState

CAR: Final = "car"
Source = Literal["archive", "car", "cid"]


class CidRequest(Input):
    """A directory that the store holds already."""

    cid: str = Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9]+$")


class DeploymentOut(Model):
    """One version of a site."""

    id: str
    number: int  # 1, 2, … within the site
    state: DeploymentState
    source: str
    cid: str | None  # once it is stored
    size_bytes: int | None
    file_count: int | None
    reason: str | None  # why it is in this state
    preview_url: str
    created_at: Moment
    updated_at: Moment


class Deployments(Model):
    """Newest first."""

    items: list[DeploymentOut]
    next_cursor: str | None


def deployment_out(deployment: Deployment, settings: ApiSettings) -> DeploymentOut:
    """A row as it is shown."""
    return DeploymentOut(
        id=deployment.id,
        number=deployment.number,
        state=DeploymentState(deployment.state),
        source=deployment.source,
        cid=deployment.cid,
        size_bytes=deployment.size_bytes,
        file_count=deployment.file_count,
        reason=deployment.reason,
        preview_url=settings.site_url(f"{deployment.id}.preview"),
        created_at=deployment.created_at,
        updated_at=deployment.updated_at,
    )
