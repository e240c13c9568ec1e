"""`dspace deploy`: tells what happens on the way, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scripts.client.connection import open_connection, retrying
from scripts.client.deploying import (
    choose_site,
    create_deployment,
    create_site,
    find_site,
    follow,
)
from scripts.client.errors import ClientError
from scripts.client.folder import LocalFolder, look_through
from scripts.client.hashing import Hashed, hash_folder
from scripts.client.show import Show, size_text
from scripts.client.upload import Upload

_LISTED = 5


class Publishing:
    """One run of the command."""

    def __init__(self, api: str, as_json: bool) -> None:
        self.show = Show(as_json)
        self.connection = open_connection(api)

    def run(
        self,
        folder: Path,
        site: str | None,
        service: str | None,
        *,
        hidden: bool,
        wait: bool,
        dry_run: bool,
    ) -> bool:
        """Whether it didn't fail; raises ClientError."""
        if dry_run and not self.connection.token:
            self._tell_dry(self._hash(folder, hidden), None)
            return True
        self.connection.signed_in()
        listed = look_through(folder, hidden)  # before anything is asked
        name, is_new = ("", False) if dry_run else choose_site(self.connection, site, service)
        hashed = self._hash(folder, hidden, listed)
        upload = Upload(self.connection, hashed.blocks, say=self.show.warn)
        lacking = upload.missing()
        if dry_run:
            self._tell_dry(hashed, lacking)
            return True
        total = sum(map(hashed.blocks.size_of, lacking))
        with self.show.progress("uploading", total) as told:
            upload.told = told
            upload.send(lacking)
        if is_new and service is not None:
            create_site(self.connection, name, service)
        made = create_deployment(self.connection, name, str(hashed.root))
        if wait:
            made = follow(self.connection, name, made["id"], self.show.say)
        return self._tell(name, made, hashed, upload)

    def _hash(self, folder: Path, hidden: bool, listed: LocalFolder | None = None) -> Hashed:
        listed = listed or look_through(folder, hidden)
        if not listed.files:
            raise ClientError(f"{folder} has no files to publish")
        self._tell_of(listed.links, "symbolic link, not followed", "symbolic links, not followed")
        self._tell_of(listed.special, "is neither file nor folder", "are neither file nor folder")
        if ("index.html",) not in {file.parts for file in listed.files}:
            self.show.warn("there is no index.html at the top of the folder")
        with self.show.progress("hashing", listed.size_bytes) as told:
            return hash_folder(listed, told)

    def _tell_of(self, paths: list[str], one: str, many: str) -> None:
        if not paths:
            return
        names = ", ".join(paths[:_LISTED]) + (", …" if len(paths) > _LISTED else "")
        self.show.warn(f"left out: {names} ({one if len(paths) == 1 else many})")

    def _tell(self, name: str, made: dict[str, Any], hashed: Hashed, upload: Upload) -> bool:
        sent = upload.sent
        site = retrying(lambda: find_site(self.connection, name))
        value = {
            "site": name,
            "url": site["url"] if site else None,
            "deployment": made,
            "cid": str(hashed.root),
            "sent": {"blocks": sent.blocks, "bytes": sent.bytes},
            "skipped": {"blocks": sent.skipped_blocks, "bytes": sent.skipped_bytes},
        }
        had = f"{sent.skipped_blocks}, {size_text(sent.skipped_bytes)}"
        lines = [
            f"sent      {sent.blocks} blocks, {size_text(sent.bytes)}; the server had {had}",
            f"cid       {hashed.root}",
            f"preview   {made['preview_url']}",
        ]
        if made["state"] == "live" and site:
            lines.append(f"live      {site['url']}")
        else:
            lines.append(f"{made['state']:<9} {made['reason'] or ''}".rstrip())
        self.show.result(value, lines)
        return bool(made["state"] != "failed")

    def _tell_dry(self, hashed: Hashed, lacking: list[str] | None) -> None:
        value: dict[str, Any] = {
            "cid": str(hashed.root),
            "files": hashed.file_count,
            "bytes": hashed.size_bytes,
            "blocks": len(hashed.blocks),
        }
        lines = [
            f"cid       {hashed.root}",
            f"files     {hashed.file_count}, {size_text(hashed.size_bytes)}",
        ]
        if lacking is not None:
            size = sum(map(hashed.blocks.size_of, lacking))
            value["missing"] = {"blocks": len(lacking), "bytes": size}
            lines.append(f"to send   {len(lacking)} blocks, {size_text(size)}")
        self.show.result(value, lines)
