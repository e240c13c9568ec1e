"""The job that stores a deployment. Run twice, it imports the same blocks and settles once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from flask import current_app

from api.db import writing
from api.deployments import repository, service
from api.deployments.schemas import CAR
from api.jobs.work import GiveUp, Payload
from api.settings import ApiSettings
from api.sites.models import Deployment, DeploymentState
from api.storage.archive import import_archive
from api.storage.car import import_car
from api.storage.ports import (
    ArchiveRejected,
    BadCid,
    BlockMissing,
    BlockStore,
    CarRejected,
    NotADirectory,
    NotAFile,
)
from api.storage.unixfs import Dag, measure_directory, parse_cid
from api.wiring import archive_limits


@dataclass(frozen=True, slots=True)
class _Stored:
    cid: str
    file_count: int
    size_bytes: int


def deploy(payload: Payload) -> None:
    """From the spooled archive or CAR, or the CID to a settled deployment."""
    begun = _begin(payload)
    if begun is None:
        return
    upload = _upload_path(begun)
    stored = _store_upload(begun, upload) if upload is not None else _measure(begun)
    with writing():
        deployment = _unfinished(begun.id)
        if deployment is not None:
            service.settle_stored(deployment, stored.cid, stored.file_count, stored.size_bytes)
    if upload is not None:
        upload.unlink(missing_ok=True)


def deploy_failed(payload: Payload, reason: str) -> None:
    """Tells the owner, and lets the upload go."""
    deployment = _unfinished(str(payload["deployment_id"]))
    if deployment is None:
        return
    upload = _upload_path(deployment)
    service.settle_failed(deployment, reason)
    if upload is not None:
        # Before the commit: were it lost, the next try would find no file, and fail all the same.
        upload.unlink(missing_ok=True)


def _begin(payload: Payload) -> Deployment | None:
    """None where another run has settled it."""
    with writing():
        deployment = _unfinished(str(payload["deployment_id"]))
        if deployment is not None:
            service.advance(deployment, DeploymentState.BUILDING, "building")
        return deployment


def _store_upload(deployment: Deployment, upload: Path) -> _Stored:
    try:
        file = upload.open("rb")
    except FileNotFoundError:
        raise GiveUp("the upload is gone; please upload it again") from None
    with file:
        _advance(deployment.id, "storing")
        if deployment.source != CAR:
            return _import_archive(file)
        _import_car(file)
    return _measure(deployment)


def _import_archive(file: BinaryIO) -> _Stored:
    settings: ApiSettings = current_app.config["DSPACE"]
    try:
        made = import_archive(file, archive_limits(settings), _store())
    except ArchiveRejected as rejected:
        raise GiveUp(f"the archive was rejected: {rejected}") from None
    return _Stored(made.cid, made.file_count, made.size_bytes)


def _import_car(file: BinaryIO) -> None:
    store = _store()
    try:
        import_car(file, store)
    except CarRejected as rejected:
        store.discard()
        raise GiveUp(f"the CAR was rejected: {rejected}") from None
    store.flush()


def _measure(deployment: Deployment) -> _Stored:
    """Nothing of a held directory has to be stored again; that it is whole is seen here."""
    _advance(deployment.id, "looking at every block")
    try:
        cid = parse_cid(str(deployment.wanted_cid))
        measured = measure_directory(Dag(_store()), cid)
    except (BadCid, BlockMissing, NotADirectory, NotAFile):
        raise GiveUp("the store no longer holds the whole of this CID") from None
    return _Stored(str(cid), measured.file_count, measured.size_bytes)


def _advance(deployment_id: str, line: str) -> None:
    with writing():
        deployment = _unfinished(deployment_id)
        if deployment is not None:
            service.advance(deployment, DeploymentState.STORING, line)


def _unfinished(deployment_id: str) -> Deployment | None:
    deployment = repository.find_deployment(deployment_id)
    if deployment is None or deployment.state not in repository.UNFINISHED:
        return None
    return deployment


def _upload_path(deployment: Deployment) -> Path | None:
    settings: ApiSettings = current_app.config["DSPACE"]
    return settings.uploads_dir / deployment.upload if deployment.upload else None


def _store() -> BlockStore:
    store: BlockStore = current_app.extensions["dspace_store"]
    return store
