"""`dspace deploy DIR`: hash here, ask what is missing, send that, publish, follow.

A second run over the same folder sends nothing, and one that was cut off goes on where it was: what
arrived is there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from api.storage.car import MEDIA_TYPE, write_car
from api.storage.unixfs import parse_cid
from scripts.client.local import LocalFolder, load_folder
from scripts.client.remote import ClientError, Remote

_ASKED_AT_ONCE = 1_000
_SENT_AT_ONCE = 64 * 2**20  # bytes of one CAR
_POLL_SECONDS = 0.2
_FOLLOW_SECONDS = 600.0
_OVER = ("live", "superseded", "failed")


@dataclass(frozen=True, slots=True)
class Deployed:
    """What became of it."""

    cid: str
    file_count: int
    size_bytes: int
    sent_blocks: int
    sent_bytes: int
    deployment: dict[str, Any] | None = None  # None: a dry run
    url: str = ""


def deploy_folder(
    remote: Remote,
    folder: Path,
    site: str,
    console: Console,
    *,
    wait: bool = True,
    dry_run: bool = False,
) -> Deployed:
    """Puts a folder on a site; raises ClientError, also where the deployment fails."""
    shown = remote.ask("GET", f"/v1/sites/{site}")
    with _progress(console) as progress:
        task = progress.add_task("hash", total=None)
        local = load_folder(folder, lambda count: progress.advance(task, count))
        progress.update(task, total=local.size_bytes, completed=local.size_bytes)
        for link in local.links:
            console.print(f"left out: {link} is a link", soft_wrap=True)
        missing = _missing(remote, list(local.blocks))
        size = sum(local.size_of(cid) for cid in missing)
        if dry_run:
            return Deployed(str(local.root), local.file_count, local.size_bytes, len(missing), size)
        sending = progress.add_task("send", total=size)
        for cids in _portions(local, missing):
            remote.upload("/v1/blocks", lambda cids=cids: _car(local, cids), MEDIA_TYPE)
            progress.advance(sending, sum(local.size_of(cid) for cid in cids))
    made = remote.ask("POST", f"/v1/sites/{site}/deployments", json={"cid": str(local.root)})
    if wait:
        made = _follow(remote, site, made)
    return Deployed(
        str(local.root),
        local.file_count,
        local.size_bytes,
        len(missing),
        size,
        made,
        shown["url"],
    )


def _missing(remote: Remote, cids: list[str]) -> list[str]:
    found: list[str] = []
    for at in range(0, len(cids), _ASKED_AT_ONCE):
        some = cids[at : at + _ASKED_AT_ONCE]
        found += remote.ask("POST", "/v1/blocks/missing", json={"cids": some})["missing"]
    return found


def _portions(local: LocalFolder, cids: list[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    size = 0
    for cid in cids:
        if portion and size + local.size_of(cid) > _SENT_AT_ONCE:
            yield portion
            portion, size = [], 0
        portion.append(cid)
        size += local.size_of(cid)
    if portion:
        yield portion


def _car(local: LocalFolder, cids: list[str]) -> Iterator[bytes]:
    blocks = ((parse_cid(cid), local.read(cid)) for cid in cids)
    return write_car([local.root], blocks)


def _follow(remote: Remote, site: str, made: dict[str, Any]) -> dict[str, Any]:
    path = f"/v1/sites/{site}/deployments/{made['id']}"
    deadline = time.monotonic() + _FOLLOW_SECONDS
    while made["state"] not in _OVER:
        if time.monotonic() > deadline:
            raise ClientError(f"deployment {made['id']} is still {made['state']}")
        time.sleep(_POLL_SECONDS)
        made = remote.ask("GET", path)
    if made["state"] == "failed":
        raise ClientError(f"deployment {made['number']} failed: {made['reason']}")
    return made


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
