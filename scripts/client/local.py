"""A folder of this machine as blocks, without a copy of it.

The importer is the platform's own, so the CIDs are the ones that it will have. Of a leaf only
its place in its file is kept, and it is read and hashed again when it is sent: a file that changed
meanwhile is noticed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from api.storage.archive import ArchiveLimits
from api.storage.archive.names import clean_path, is_litter
from api.storage.nowhere import Nowhere
from api.storage.ports import ArchiveRejected, ShardTooDeep
from api.storage.unixfs import Cid, DirectoryBuilder, import_file, parse_cid
from api.storage.unixfs.cid import RAW
from scripts.client.remote import ClientError

_LEFT_OUT = frozenset({".git", ".hg", ".svn", "node_modules", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a leaf is."""

    path: Path
    offset: int
    length: int  # bytes


@dataclass(slots=True)
class LocalFolder:
    """What a folder comes to."""

    root: Cid
    file_count: int
    size_bytes: int
    blocks: dict[str, Place | bytes] = field(default_factory=dict)  # by CID
    links: list[Path] = field(default_factory=list)  # symbolic ones, which were left out

    def read(self, cid: str) -> bytes:
        """A block's bytes; raises ClientError where the file has changed."""
        block = self.blocks[cid]
        if isinstance(block, bytes):
            return block
        with block.path.open("rb") as file:
            file.seek(block.offset)
            data = file.read(block.length)
        if not parse_cid(cid).matches(data):
            raise ClientError(f"{block.path} has changed while it was sent; run it again")
        return data

    def size_of(self, cid: str) -> int:
        """A block's length in bytes."""
        block = self.blocks[cid]
        return len(block) if isinstance(block, bytes) else block.length


def load_folder(folder: Path, told: Callable[[int], None] = lambda _bytes: None) -> LocalFolder:
    """Reads every file once; `told` hears of bytes as they are read. Raises ClientError."""
    if not folder.is_dir():
        raise ClientError(f"{folder} is no folder")
    store = _Places()
    builder = DirectoryBuilder()
    count = size_bytes = 0
    links: list[Path] = []
    for path, names in walk_folder(folder, links):
        try:
            with path.open("rb") as file:
                stream = _Counted(file, told)
                store.begin(path, stream)
                made = import_file(cast("BinaryIO", stream), store)
        except OSError as error:
            raise ClientError(f"{path}: {error.strerror}") from None
        builder.add_file(names, made)
        count, size_bytes = count + 1, size_bytes + made.size_bytes
    if not count:
        raise ClientError(f"{folder} holds no files")
    try:
        root = builder.build(store)
    except ShardTooDeep as clash:
        raise ClientError(f"{clash}: its name can't be told from another's") from None
    return LocalFolder(root.cid, count, size_bytes, store.blocks, links)


def walk_folder(folder: Path, links: list[Path]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The files of a folder by name, each with its path below it; links are noted, not followed."""
    limits = ArchiveLimits()
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        links += [Path(at, name) for name in folders if Path(at, name).is_symlink()]
        for name in sorted(files):
            path = Path(at, name)
            if path.is_symlink() or not path.is_file():
                links.append(path)
                continue
            try:
                names = clean_path(path.relative_to(folder).as_posix(), limits)
            except ArchiveRejected as rejected:
                raise ClientError(str(rejected)) from None
            if not is_litter(names):
                yield path, names


class _Places(Nowhere):
    """A store that notes where leaves are, and keeps the nodes above them."""

    def __init__(self) -> None:
        self.blocks: dict[str, Place | bytes] = {}
        self._path = Path()
        self._stream: _Counted | None = None

    def begin(self, path: Path, stream: _Counted) -> None:
        """The leaves that come now are this file's."""
        self._path, self._stream = path, stream

    def put(self, cid: str, data: bytes, *, verified: bool = False) -> None:
        """A leaf ends where its file was read to."""
        del verified
        if cid in self.blocks:
            return
        if parse_cid(cid).codec == RAW and self._stream is not None:
            self.blocks[cid] = Place(self._path, self._stream.at - len(data), len(data))
        else:
            self.blocks[cid] = data


class _Counted:
    """A file's stream that knows how far it was read."""

    def __init__(self, file: BinaryIO, told: Callable[[int], None]) -> None:
        self.file = file
        self.told = told
        self.at = 0

    def read(self, length: int = -1) -> bytes:
        """As the file's."""
        data = self.file.read(length)
        self.at += len(data)
        self.told(len(data))
        return data
