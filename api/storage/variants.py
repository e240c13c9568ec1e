"""Compressed forms of small files, made when a site is published.

    variants/<two letters>/<cid>.br, <cid>.gz

They are derived: whoever reads one compares it with the file (`read_variant`), and one that is gone
or cut off is as if it had never been made. So none is fsynced, and none needs a row.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import brotli

from api.storage.ports import BlockStore
from api.storage.unixfs import Dag, Directory
from api.storage.unixfs.cid import RAW, Cid

ENCODINGS = ("br", "gzip")  # the smaller one first
_SUFFIX = {"br": "br", "gzip": "gz"}
MIN_BYTES = 256
_SMALLER_BY = 10  # percent, at least
_BROTLI_QUALITY = 5  # 10 KiB of HTML: 0.4 ms and 1 % larger than at 9, which takes 1.1 ms
_GZIP_LEVEL = 6
_THREADS = 2
_MOST_BYTES = 512 * 2**20  # of one site: beyond, it is served as it is
_COMPRESSIBLE = frozenset(
    """.atom .bmp .css .csv .eot .geojson .gltf .htm .html .ico .ics .js .json .jsonld .map .md
    .mjs .otf .rss .rtf .svg .tsv .ttf .txt .vtt .wasm .webmanifest .xhtml .xml .yaml
    .yml""".split()  # noqa: SIM905  # one a line would fill the screen
)


class Variants:
    """The variants of one data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, store: BlockStore, root: Cid) -> int:
        """Makes what is missing of a site's; how many files there are that could have one."""
        found = _compressible(Dag(store), root)
        with ThreadPoolExecutor(_THREADS) as threads:
            for _ in threads.map(lambda cid: self._make(store, cid), found):
                pass
        return len(found)

    def read(self, cid: Cid, encoding: str, plain: bytes) -> bytes | None:
        """A variant that is whole; `plain` are the file's own bytes."""
        try:
            data = self._path(cid, encoding).read_bytes()
            same = _decompress(data, encoding) == plain
        except (OSError, zlib.error, EOFError, brotli.error):
            return None
        return data if same else None

    def path(self, cid: Cid, encoding: str) -> Path:
        """Where a variant stands that `read` has found to be whole."""
        return self._path(cid, encoding)

    def remove(self, cids: Iterable[str]) -> None:
        """Of files that are gone."""
        for cid in cids:
            for suffix in _SUFFIX.values():
                with suppress(OSError):
                    (self.folder / cid[-3:-1] / f"{cid}.{suffix}").unlink()

    def _make(self, store: BlockStore, cid: Cid) -> None:
        missing = [each for each in ENCODINGS if not self._path(cid, each).exists()]
        if not missing:
            return
        plain = store.get(str(cid))
        for encoding in missing:
            data = _compress(plain, encoding)
            if len(data) * 100 <= len(plain) * (100 - _SMALLER_BY):
                self._write(self._path(cid, encoding), data)

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{uuid4().hex}")
        try:
            part.write_bytes(data)
            part.replace(path)
        except OSError:  # no room for it: the file is served as it is
            part.unlink(missing_ok=True)

    def _path(self, cid: Cid, encoding: str) -> Path:
        name = str(cid)
        return self.folder / name[-3:-1] / f"{name}.{_SUFFIX[encoding]}"


def _compressible(dag: Dag, root: Cid) -> list[Cid]:
    """Files of one raw block, each once, by their names."""
    found: dict[Cid, None] = {}
    pending, seen, left = [root], {root}, _MOST_BYTES
    while pending:
        step = dag.open(pending.pop())
        if not isinstance(step, Directory):
            continue
        for entry in dag.entries(step):
            if entry.cid.codec != RAW:
                if entry.cid not in seen:
                    seen.add(entry.cid)
                    pending.append(entry.cid)
            elif (
                entry.dag_bytes >= MIN_BYTES
                and Path(entry.name).suffix.lower() in _COMPRESSIBLE
                and entry.cid not in found
                and (left := left - entry.dag_bytes) >= 0
            ):
                found[entry.cid] = None
    return list(found)


def _compress(data: bytes, encoding: str) -> bytes:
    if encoding == "br":
        return bytes(brotli.compress(data, quality=_BROTLI_QUALITY))
    return gzip.compress(data, _GZIP_LEVEL, mtime=0)


def _decompress(data: bytes, encoding: str) -> bytes:
    return bytes(brotli.decompress(data)) if encoding == "br" else gzip.decompress(data)
