"""What goes into and comes out of deployments."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from api.http.schemas import Input, Model, Moment
from api.settings import ApiSettings
from api.sites.models import Deployment, DeploymentState

Source = Literal["archive", "cid", "folder"]


class SourceRequest(Input):
    """A directory that the store holds already, by its CID or by its path in the caller's tree."""

    cid: str | None = Field(None, min_length=1, max_length=128, pattern=r"^[A-Za-z0-9]+$")
    folder: str | None = Field(None, min_length=1, max_length=1_100, examples=["/site"])
    version: str | None = Field(
        None, pattern=r"^[0-9a-f]{32}$", description="Of the folder's tree; else the newest."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.cid is None) == (self.folder is None):
            raise ValueError("cid or folder, one of them")
        if self.version is not None and self.folder is None:
            raise ValueError("a version is one of a folder's")
        return self


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
