"""Contracts and status over HTTP."""

from __future__ import annotations

from flask import Blueprint

from api.http.access import PUBLIC
from api.http.operation import operation
from api.mirror import open_mirror
from api.network import service
from api.network.schemas import Contracts, Status

blueprint = Blueprint("network", __name__, url_prefix="/v1")


@blueprint.get("/contracts")
@operation(access=PUBLIC, tag="network", returns=(200, Contracts))
def list_contracts() -> Contracts:
    """Addresses and ABIs: all that a wallet needs to call the contracts directly."""
    return service.list_contracts()


@blueprint.get("/status")
@operation(access=PUBLIC, tag="network", returns=(200, Status), problems=["mirror-not-ready"])
def show_status() -> Status:
    """The mirror's cursor, the node's head, the lag, and the digest of the mirrored state."""
    return service.show_status(open_mirror())
