"""What an export says of itself: docs/export.md is its specification.

All of it is read in one transaction, so it is true at one block and one moment; the holds keep the
content while it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from flask import current_app
from sqlalchemy import select

from api.accounts.service import list_ledger, show_account
from api.db import db, utc_now
from api.deployments.schemas import deployment_out
from api.files.models import FileVersion
from api.files.reading import version_out
from api.holds.models import Hold
from api.mirror import MirrorView
from api.pins.models import Pin
from api.pins.service import pin_out
from api.services.service import list_services
from api.settings import ApiSettings
from api.sites.models import Deployment, Site
from indexer import reads, schema
from indexer.manifest import Deployment as Contracts

FORMAT = "decentraspace-export"
VERSION = 1
_PAGE = 100


def make_manifest(mirror: MirrorView, address: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The manifest, and the roots to send with it: file names by CID."""
    contracts: Contracts = current_app.config["DEPLOYMENT"]
    roots = {cid: f"cars/{cid}.car" for cid in _list_roots(address)}
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": utc_now().isoformat(),
        "as_of": mirror.as_of.model_dump(mode="json"),
        "chain": {
            "chain_id": contracts.chain_id,
            "genesis_hash": contracts.genesis_hash,
            "contracts": {name: contract.address for name, contract in contracts.contracts.items()},
        },
        "account": show_account(mirror, address).model_dump(mode="json"),
        "services": _services(mirror, address),
        "names": [_plain(asdict(name)) for name in reads.list_names(mirror.connection, address)],
        "ledger": list(_ledger(mirror, address)),
        "sites": _sites(address),
        "files": [
            version_out(row).model_dump(mode="json")
            for row in db.session.scalars(
                select(FileVersion)
                .where(FileVersion.address == address)
                .order_by(FileVersion.number.desc())
            )
        ],
        "pins": [
            pin_out(row).model_dump(mode="json")
            for row in db.session.scalars(
                select(Pin).where(Pin.address == address).order_by(Pin.created_at)
            )
        ],
        "cars": roots,
    }
    return manifest, roots


def _list_roots(address: str) -> list[str]:
    """What the account's services hold, what was let go and is still here among it."""
    services = schema.services.c
    query = (
        select(Hold.cid)
        .join(schema.services, services.id == Hold.service_id)
        .where(services.owner == address)
        .distinct()
        .order_by(Hold.cid)
    )
    return list(db.session.scalars(query))


def _services(mirror: MirrorView, address: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = list_services(mirror, address, cursor, _PAGE)
        found += [item.model_dump(mode="json") for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


def _ledger(mirror: MirrorView, address: str) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        page = list_ledger(mirror, address, cursor, _PAGE)
        for item in page.items:
            yield item.model_dump(mode="json")
        cursor = page.next_cursor
        if cursor is None:
            return


def _sites(address: str) -> list[dict[str, Any]]:
    settings: ApiSettings = current_app.config["DSPACE"]
    services = schema.services.c
    sites = db.session.scalars(
        select(Site)
        .join(schema.services, services.id == Site.service_id)
        .where(services.owner == address, Site.deleted_at.is_(None))
        .order_by(Site.name)
    ).all()
    deployments: dict[str, list[dict[str, Any]]] = {site.id: [] for site in sites}
    for row in db.session.scalars(
        select(Deployment)
        .where(Deployment.site_id.in_(deployments))
        .order_by(Deployment.number.desc())
    ):
        shown = deployment_out(row, settings).model_dump(mode="json")
        deployments[row.site_id].append(shown)
    return [
        {
            "name": site.name,
            "service_id": str(site.service_id),
            "settings": {
                "spa": site.spa,
                "clean_urls": site.clean_urls,
                "listing": site.listing,
                "clean_redirects": site.clean_redirects,
            },
            "live_deployment_id": site.live_deployment_id,
            "deployments": deployments[site.id],
        }
        for site in sites
    ]


def _plain(value: Any) -> Any:
    """Integers as decimal strings, as everywhere outside."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value
