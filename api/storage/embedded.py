"""The store of one machine: a block is a file, named by its CID, under the data folder.

    blocks/<two letters>/<cid>      whole, durable, never changed
    blocks/tmp/<instance>/…         put and not yet flushed
    blocks/corrupt/<cid>            set aside when its bytes were found not to be the CID's
    blocks/gate                     a lock between putting blocks that are there and removing

Invariant: a name in a shard folder appears only by the rename of a file that was written whole
and fsynced, so whatever is killed whenever, a block that can be read is whole. Any number of
processes and threads may use one folder: two that put the same block write the same bytes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, local
from typing import IO, NoReturn

from api.storage.ports import BlockCorrupt, BlockMissing, StoreFull
from api.storage.unixfs.cid import parse_cid

_TMP, _CORRUPT, _LOCK, _GATE = "tmp", "corrupt", "lock", "gate"
_FULL = {errno.ENOSPC, errno.EDQUOT}
# 1,000 fsyncs of 10 KB took 0.32 s one after another and 0.07 s in 16 threads (ext4): the journal
# commits many at once.
_SYNC_THREADS = 16
_STARTING_SECONDS = 3_600  # a folder that isn't locked after so long never will be


class EmbeddedBlockStore:
    """Blocks as files below a folder, which is made at the first put."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._batches = _Batches()
        self._lock = Lock()
        self._own_tmp: Path | None = None
        self._own_lock: IO[str] | None = None
        self._counter = 0
        self._remove_leftovers()

    def put(self, cid: str, data: bytes, *, verified: bool = False) -> None:
        """See the port."""
        parsed = parse_cid(cid)
        name = str(parsed)
        if not verified and not parsed.matches(data):
            raise BlockCorrupt(f"the bytes are not those of {name}")
        batch = self._batches.current
        if name in batch:
            return
        if self._claim(name):
            batch[name] = None  # whoever renamed it may not have synced the folder yet
            return
        part: Path | None = None
        try:
            part = self._next_part()
            part.write_bytes(data)
        except OSError as error:
            if part is not None:
                part.unlink(missing_ok=True)
            self._fail(error)
        batch[name] = part

    def flush(self) -> None:
        """See the port. The batch is renamed only once all of it is on disk."""
        batch = self._batches.current
        parts = {name: part for name, part in batch.items() if part is not None}
        try:
            folders = {self._shard(name) for name in batch}
            made = [folder for folder in folders if not folder.exists()]
            for folder in made:
                folder.mkdir(parents=True, exist_ok=True)
            _sync_all(list(parts.values()))
            for name, part in parts.items():
                part.replace(self._path(name))
            _sync_all([*folders, *([self.folder] if made else [])])
        except OSError as error:
            self._fail(error)
        batch.clear()

    def touch(self, cids: Iterable[str]) -> set[str]:
        """See the port. The gate is passed once for all of them."""
        names = [str(parse_cid(cid)) for cid in cids]
        here: set[str] = set()
        if not self.folder.is_dir():
            return here
        batch = self._batches.current
        with self._gate(fcntl.LOCK_SH):
            for name in names:
                with suppress(FileNotFoundError):
                    os.utime(self._path(name))
                    here.add(name)
                    batch.setdefault(name, None)  # as in `put`
        return here

    def discard(self) -> None:
        """See the port."""
        batch = self._batches.current
        for part in batch.values():
            if part is not None:
                with suppress(OSError):
                    part.unlink(missing_ok=True)
        batch.clear()

    def get(self, cid: str) -> bytes:
        """See the port; the hash is checked each time."""
        parsed = parse_cid(cid)
        name = str(parsed)
        pending = self._batches.current.get(name)
        try:
            data = (pending or self._path(name)).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise BlockMissing(name) from None
        if not parsed.matches(data):
            self._set_aside(name)
            raise BlockCorrupt(name)
        return data

    def has(self, cid: str) -> bool:
        """See the port."""
        name = str(parse_cid(cid))
        return name in self._batches.current or self._path(name).exists()

    def path(self, cid: str) -> Path | None:
        """See the port."""
        path = self._path(str(parse_cid(cid)))
        return path if path.exists() else None

    def cids(self) -> Iterator[str]:
        """See the port."""
        if not self.folder.is_dir():
            return
        for shard in sorted(self.folder.iterdir()):
            if len(shard.name) == 2:
                yield from sorted(block.name for block in shard.iterdir())

    def remove_older(self, cids: Sequence[str], put_before: float) -> int:
        """See the port."""
        removed = 0
        if not self.folder.is_dir():
            return 0
        with self._gate(fcntl.LOCK_EX):
            for cid in cids:
                path = self._path(str(parse_cid(cid)))
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < put_before:
                        path.unlink()
                        removed += 1
        return removed

    def _claim(self, name: str) -> bool:
        """Whether the block is there; if so, it counts as put now, and so isn't removed."""
        path = self._path(name)
        if not path.exists():
            return False
        with self._gate(fcntl.LOCK_SH):
            try:
                os.utime(path)
            except FileNotFoundError:  # it was removed between the two
                return False
        return True

    @contextmanager
    def _gate(self, kind: int) -> Iterator[None]:
        """Between those who put a block that is there (shared) and who removes some (alone)."""
        with (self.folder / _GATE).open("a") as gate:
            fcntl.flock(gate, kind)
            yield

    def _shard(self, name: str) -> Path:
        """1,024 folders by the last letters but one; the very last has one bit of hash only."""
        return self.folder / name[-3:-1]

    def _path(self, name: str) -> Path:
        return self._shard(name) / name

    def _next_part(self) -> Path:
        with self._lock:
            if self._own_tmp is None:
                self._own_tmp, self._own_lock = self._make_own_tmp()
            self._counter += 1
            return self._own_tmp / str(self._counter)

    def _make_own_tmp(self) -> tuple[Path, IO[str]]:
        """A folder of this instance's own, locked for as long as its process lives."""
        folder = self.folder / _TMP / uuid.uuid4().hex
        new = folder.with_name(f".{folder.name}")  # no one sweeps it before it is locked
        new.mkdir(parents=True)
        lock = (new / _LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return new.rename(folder), lock

    def _remove_leftovers(self) -> None:
        """Sweeps what instances left that are gone, by their locks."""
        tmp = self.folder / _TMP
        for folder in list(tmp.iterdir()) if tmp.is_dir() else []:
            if folder.name.startswith(".") and time.time() < _age_limit(folder):
                continue
            with suppress(OSError), (folder / _LOCK).open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)

    def _set_aside(self, name: str) -> None:
        """So that the block counts as missing, and a new put mends it."""
        with suppress(OSError):
            aside = self.folder / _CORRUPT
            aside.mkdir(exist_ok=True)
            self._path(name).replace(aside / name)

    def _fail(self, error: OSError) -> NoReturn:
        self.discard()
        if error.errno in _FULL:
            raise StoreFull("no space is left for blocks") from error
        raise error


class _Batches(local):
    """Each thread's blocks since its last flush: the temporary file, None for one that is there."""

    def __init__(self) -> None:
        self.current: dict[str, Path | None] = {}


def _age_limit(folder: Path) -> float:
    """When a folder that was being made counts as left (unix seconds)."""
    try:
        return folder.stat().st_mtime + _STARTING_SECONDS
    except OSError:
        return float("inf")


def _sync_all(paths: list[Path]) -> None:
    if len(paths) <= 2:
        for path in paths:
            _sync(path)
        return
    with ThreadPoolExecutor(min(_SYNC_THREADS, len(paths))) as threads:
        for _ in threads.map(_sync, paths):
            pass


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
