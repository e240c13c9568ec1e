"""What goes into and comes out of sites."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from api.deployments.schemas import DeploymentOut
from api.http.schemas import AsOf, Input, Model, Moment, Number
from api.services.schemas import State
from api.sites.names import check_site_name

SiteName = Annotated[
    str,
    Field(max_length=63, description="A DNS label of 3 to 63 characters.", examples=["hello"]),
    AfterValidator(check_site_name),
]


class SiteRequest(Input):
    """A new site on a service of the caller's."""

    name: SiteName
    service_id: Number


class SettingsChange(Input):
    """How the gateway serves a site; what isn't named stays as it is."""

    spa: bool | None = Field(None, description="A page that isn't there is the root's index page.")
    clean_urls: bool | None = Field(None, description="`/about` is `about.html`.")
    listing: bool | None = Field(None, description="A folder without an index page is listed.")
    clean_redirects: bool | None = Field(
        None, description="With `clean_urls`: `/about.html` leads to `/about` (308)."
    )


class SiteChange(Input):
    """A new name, another service of the caller's, other settings, or some of these."""

    name: SiteName | None = None
    service_id: Number | None = None
    settings: SettingsChange | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.name is None and self.service_id is None and self.settings is None:
            raise ValueError("name, service_id or settings")
        return self


class SiteSettings(Model):
    """How the gateway serves a site."""

    spa: bool
    clean_urls: bool
    listing: bool
    clean_redirects: bool


class SiteOut(Model):
    """A site, with the state of its service now."""

    name: str
    url: str
    service_id: Number
    owner: str
    state: State
    settings: SiteSettings
    created_at: Moment
    live_deployment: DeploymentOut | None


class SiteWithAsOf(SiteOut):
    """A site by itself."""

    as_of: AsOf


class Sites(Model):
    """By name."""

    items: list[SiteOut]
    next_cursor: str | None
    as_of: AsOf
