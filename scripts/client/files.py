"""`dspace files`: the account's folders, from here."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import requests

from api.storage.carfile import CarFile
from api.storage.ports import CarRejected
from scripts.client.connection import Connection, open_connection
from scripts.client.deploying import list_all
from scripts.client.errors import ClientError, NotReachable
from scripts.client.folder import LocalFolder
from scripts.client.hashing import Told
from scripts.client.remote import named, parts_of, text_of, url_of
from scripts.client.sending import list_local, make_folder, send_all, send_file
from scripts.client.show import Show, size_text
from scripts.client.unpack import unpack_car

_PIECE_BYTES = 2**20


class Files:
    """The commands, over one connection."""

    def __init__(self, api: str, as_json: bool = False) -> None:
        self.show = Show(as_json)
        self.connection: Connection = open_connection(api).signed_in()

    def ls(self, path: str) -> None:
        """What a folder holds."""
        items = list(list_all(self.connection, "/v1/files", path=text_of(parts_of(path))))
        rows = [
            (
                item["name"] + ("/" if item["kind"] == "directory" else ""),
                size_text(item["size"]) if item["size"] is not None else "",
                item["cid"],
            )
            for item in items
        ]
        self.show.table(items, ("name", "size", "cid"), rows)

    def put(self, sources: list[Path], target: str, hidden: bool) -> None:
        """Files and whole folders; into a folder where the target ends in / or they are several."""
        into = len(sources) > 1 or target.endswith("/") or not parts_of(target)
        found = list_local(sources, hidden)
        for path, listed in found:
            for link in listed.links:
                self.show.warn(f"left out: {path}/{link} (symbolic link, not followed)")
        total = sum(listed.size_bytes for _, listed in found)
        count = 0
        with self.show.progress("uploading", total) as told:
            for path, listed in found:
                parts = parts_of(target)
                at = (*parts, path.resolve().name) if into else parts
                count += self._put(path, listed, at, told)
        self.show.out.print(f"put {count} files, {size_text(total)} to {text_of(parts_of(target))}")

    def get(self, path: str, local: Path | None, force: bool) -> None:
        """A file or folder, every block of it checked."""
        parts = named(path)
        target = local or Path()
        if target.is_dir():
            target = target / parts[-1]
        if not target.parent.is_dir():
            raise ClientError(f"there is no folder {target.parent}")
        if target.exists() and not (force and target.is_file()):
            more = "; --force replaces it" if target.is_file() else ""
            raise ClientError(f"{target} is there already{more}")
        with tempfile.TemporaryFile(dir=target.parent) as spool:
            self._fetch(url_of(parts), cast("BinaryIO", spool))
            car = _read_car(cast("BinaryIO", spool))
            with self.show.progress("unpacking", car.block_bytes) as told:
                size = unpack_car(car, target, told, force)
        self.show.out.print(f"got {target}, {size_text(size)}, {car.roots[0]}")

    def cat(self, path: str) -> None:
        """A file's bytes on standard output."""
        with self.connection.ask("GET", url_of(named(path)), stream=True) as answer:
            for piece in _pieces(answer):
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()

    def rm(self, paths: list[str]) -> None:
        """Files and whole folders; older versions still have them."""
        for path in [named(path) for path in paths]:
            self.connection.ask("DELETE", url_of(path))
            self.show.out.print(f"removed {text_of(path)}")

    def mv(self, source: str, target: str, overwrite: bool) -> None:
        """Moves or renames."""
        self._from_to("move", source, target, overwrite)

    def cp(self, source: str, target: str, overwrite: bool) -> None:
        """Copies, at the cost of a few links."""
        self._from_to("copy", source, target, overwrite)

    def mkdir(self, path: str) -> None:
        """An empty folder."""
        make_folder(self.connection, named(path))
        self.show.out.print(f"made {text_of(named(path))}")

    def versions(self) -> None:
        """Of the whole tree, newest first."""
        items = list(list_all(self.connection, "/v1/file-versions"))
        rows = [(str(item["id"]), str(item["created_at"]), str(item["cid"])) for item in items]
        self.show.table(items, ("id", "made", "cid"), rows)

    def restore(self, version: str, path: str | None) -> None:
        """A version as a whole, or a path of it."""
        body = {"path": text_of(named(path))} if path else {}
        self.connection.post(f"/v1/file-versions/{_word(version)}/restore", body)
        self.show.out.print(f"restored {path or 'everything'} as of version {version}")

    def _put(self, path: Path, listed: LocalFolder, at: tuple[str, ...], told: Told) -> int:
        if path.is_dir():
            if not listed.files and not listed.directories and at:
                make_folder(self.connection, at, there_is_well=True)
            return send_all(self.connection, listed, at, told)
        send_file(self.connection, listed.files[0], at, told)
        return 1

    def _fetch(self, url: str, spool: BinaryIO) -> None:
        options: dict[str, Any] = {"params": {"format": "car"}, "stream": True}
        with self.connection.ask("GET", url, **options) as answer:
            total = int(answer.headers.get("Content-Length") or 0)
            with self.show.progress("fetching", total) as told:
                for piece in _pieces(answer):
                    spool.write(piece)
                    told(len(piece))

    def _from_to(self, verb: str, source: str, target: str, overwrite: bool) -> None:
        from_, to = named(source), parts_of(target)
        if target.endswith("/"):
            to = (*to, from_[-1])
        body = {"from": text_of(from_), "to": text_of(to), "overwrite": overwrite}
        self.connection.ask("POST", f"/v1/files/{verb}", json=body)
        self.show.out.print(f"{text_of(from_)} -> {text_of(to)}")


def _read_car(spool: BinaryIO) -> CarFile:
    spool.seek(0)
    try:
        return CarFile(spool)
    except CarRejected as rejected:
        raise ClientError(f"what the server sent is rejected: {rejected}") from None


def _pieces(answer: requests.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_content(_PIECE_BYTES)
    except requests.RequestException:
        raise NotReachable("the connection was cut") from None


def _word(text: str) -> str:
    if not text.isascii() or not text.isalnum():
        raise ClientError(f"{text} is no id of a version")
    return text
