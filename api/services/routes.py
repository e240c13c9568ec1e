"""Tiers, plans and services over HTTP. They are started and changed on the chain, not here."""

from __future__ import annotations

from flask import Blueprint

from api.http.access import PUBLIC, current_caller, scope
from api.http.operation import operation
from api.http.schemas import PageQuery
from api.mirror import open_mirror
from api.services import service
from api.services.schemas import Plans, Services, ServiceWithAsOf, Tiers

blueprint = Blueprint("services", __name__, url_prefix="/v1")


@blueprint.get("/tiers")
@operation(access=PUBLIC, tag="services", returns=(200, Tiers), problems=["mirror-not-ready"])
def list_tiers() -> Tiers:
    """The tiers that accounts can take, by `Hosting.subscribe`; tier 0 is everyone's."""
    return service.list_tiers(open_mirror())


@blueprint.get("/plans")
@operation(access=PUBLIC, tag="services", returns=(200, Plans), problems=["mirror-not-ready"])
def list_plans() -> Plans:
    """The plans that services can be started on, by `Hosting.start`."""
    return service.list_plans(open_mirror())


@blueprint.get("/services")
@operation(
    access=scope("account:read"),
    tag="services",
    query=PageQuery,
    returns=(200, Services),
    problems=["mirror-not-ready"],
)
def list_services(query: PageQuery) -> Services:
    """The caller's services, by number."""
    return service.list_services(open_mirror(), current_caller().address, query.cursor, query.limit)


@blueprint.get("/services/<service_id>")
@operation(
    access=PUBLIC,
    tag="services",
    returns=(200, ServiceWithAsOf),
    problems=["unknown-service", "mirror-not-ready"],
)
def show_service(service_id: str) -> ServiceWithAsOf:
    """Any service: what stands on the chain is public."""
    return service.show_service(open_mirror(), service_id)
