"""Local files and folders into the account's folders.

Small files of one folder travel together, large ones alone and streamed; so memory is bounded by
one such group. Each request is one version of the account's tree.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from io import FileIO
from pathlib import Path

from scripts.client.connection import Connection, retrying
from scripts.client.errors import ClientError, Refused
from scripts.client.folder import LocalFile, LocalFolder, look_through
from scripts.client.hashing import Told, changed
from scripts.client.remote import text_of, url_of

TOGETHER_BYTES = 8 * 2**20
TOGETHER_FILES = 100
SMALL_BYTES = 2**20
_PIECE_BYTES = 2**20
_CONFLICT = 409

Parts = tuple[str, ...]
Group = tuple[Parts, list[LocalFile]]  # a folder, and small files to put into it


def list_local(paths: list[Path], hidden: bool) -> list[tuple[Path, LocalFolder]]:
    """What lies behind each path; raises ClientError before anything is sent."""
    return [
        (path, look_through(path, hidden) if path.is_dir() else _one_file(path)) for path in paths
    ]


def send_all(connection: Connection, listed: LocalFolder, target: Parts, told: Told) -> int:
    """Puts a folder's content below a path; how many files that were."""
    small = [file for file in listed.files if file.size_bytes <= SMALL_BYTES]
    for folder, files in _groups(small):
        _send_group(connection, (*target, *folder), files, told)
    for file in listed.files:
        if file.size_bytes > SMALL_BYTES:
            send_file(connection, file, (*target, *file.parts), told)
    filled = {file.parts[:depth] for file in listed.files for depth in range(len(file.parts))}
    for parts in listed.directories:
        if parts not in filled:
            make_folder(connection, (*target, *parts), there_is_well=True)
    return len(listed.files)


def send_file(connection: Connection, file: LocalFile, target: Parts, told: Told) -> None:
    """One file under a name, streamed; what was there becomes an older version."""

    def attempt() -> None:
        body = FileBody(file, told)
        try:
            connection.ask("PUT", url_of(target), data=body)
        except BaseException:
            told(-body.told_bytes)
            raise

    retrying(attempt)


def make_folder(connection: Connection, parts: Parts, there_is_well: bool = False) -> None:
    """An empty folder; raises Refused where the name is taken, unless that is well."""
    try:
        connection.post("/v1/files/folders", {"path": text_of(parts)})
    except Refused as refused:
        if not (there_is_well and refused.status == _CONFLICT):
            raise


class FileBody:
    """A file's bytes, as many as it had when it was listed; raises FileChanged."""

    def __init__(self, file: LocalFile, told: Told) -> None:
        self._file = file
        self._told = told
        self.told_bytes = 0

    def __len__(self) -> int:
        return self._file.size_bytes

    def __bool__(self) -> bool:
        return True  # an empty body is a body too

    def __iter__(self) -> Iterator[bytes]:
        try:
            with _open(self._file.path) as stream:
                yield from self._pieces(stream)
        except OSError:
            raise changed(self._file.path) from None

    def _pieces(self, stream: FileIO) -> Iterator[bytes]:
        left = self._file.size_bytes
        before = os.fstat(stream.fileno()).st_mtime_ns
        while left:
            data = stream.read(min(_PIECE_BYTES, left))
            left -= len(data)
            # Looked at before the last piece goes out: without it, nothing is kept.
            if not data or (not left and not self._is_whole(stream, before)):
                raise changed(self._file.path)
            yield data
            self.told_bytes += len(data)
            self._told(len(data))

    def _is_whole(self, stream: FileIO, before: int) -> bool:
        return not stream.read(1) and os.fstat(stream.fileno()).st_mtime_ns == before


def _send_group(connection: Connection, folder: Parts, files: list[LocalFile], told: Told) -> None:
    parts = [("file", (file.parts[-1], b"".join(FileBody(file, _untold)))) for file in files]
    retrying(
        partial(connection.ask, "POST", "/v1/files", params={"path": text_of(folder)}, files=parts)
    )
    told(sum(file.size_bytes for file in files))


def _groups(files: list[LocalFile]) -> Iterator[Group]:
    by_folder: dict[Parts, list[LocalFile]] = {}
    for file in files:
        by_folder.setdefault(file.parts[:-1], []).append(file)
    for folder, inside in by_folder.items():
        group: list[LocalFile] = []
        size = 0
        for file in inside:
            if group and (size + file.size_bytes > TOGETHER_BYTES or len(group) == TOGETHER_FILES):
                yield folder, group
                group, size = [], 0
            group.append(file)
            size += file.size_bytes
        yield folder, group


def _one_file(path: Path) -> LocalFolder:
    if not path.is_file():
        raise ClientError(f"{path} is neither a file nor a folder")
    return LocalFolder(files=[LocalFile(str(path), (path.name,), path.stat().st_size)])


def _open(path: str) -> FileIO:
    return FileIO(os.open(path, os.O_RDONLY | os.O_CLOEXEC))


def _untold(_more: int) -> None:
    """Of what is told as a whole."""
