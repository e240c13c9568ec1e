"""`dspace export`: everything of an account, or one site, verified as it comes in."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import BinaryIO, cast

from rich.console import Console
from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from api.storage.car import read_car
from api.storage.ports import CarRejected
from scripts.client.remote import ClientError, Remote

_PIECE_BYTES = 2**20


def export_account(remote: Remote, target: Path, console: Console) -> dict[str, int]:
    """The zip at a path, once every block of it was verified; figures of what is in it."""
    part = _download(remote, "/v1/account/export", target, console)
    try:
        figures = _verify_zip(part)
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError):
        raise ClientError(f"the download was cut off; what came is {part}") from None
    part.replace(target)
    return figures


def export_site(remote: Remote, site: str, target: Path, console: Console) -> dict[str, int]:
    """A site's CAR at a path, once every block of it was verified."""
    part = _download(remote, f"/v1/sites/{site}/export", target, console)
    with part.open("rb") as file:
        count = _verify_car(file, site)
    part.replace(target)
    return {"cars": 1, "blocks": count}


def _download(remote: Remote, path: str, target: Path, console: Console) -> Path:
    part = target.with_name(f"{target.name}.part")
    columns = (TextColumn("export"), DownloadColumn(), TransferSpeedColumn())
    with (
        remote.open("GET", path, stream=True) as answer,
        part.open("wb") as file,
        Progress(*columns, console=console, transient=True) as progress,
    ):
        task = progress.add_task("", total=None)
        try:
            for piece in answer.iter_content(_PIECE_BYTES):
                file.write(piece)
                progress.advance(task, len(piece))
        except OSError:
            raise ClientError(f"the download was cut off; what came is {part}") from None
    return part


def _verify_zip(path: Path) -> dict[str, int]:
    blocks = 0
    with zipfile.ZipFile(path) as archive:
        sent = json.loads(archive.read("sent.json"))
        cars = json.loads(archive.read("manifest.json"))["cars"]
        for cid, name in cars.items():
            if sent[cid]["missing"]:
                raise ClientError(f"{cid} isn't whole there: {sent[cid]['missing']}")
            with archive.open(name) as file:
                blocks += _verify_car(cast("BinaryIO", file), name)
    return {"cars": len(cars), "blocks": blocks}


def _verify_car(file: BinaryIO, name: str) -> int:
    try:
        return sum(1 for _ in read_car(file).blocks)
    except CarRejected as rejected:
        raise ClientError(f"{name}: {rejected}") from None
