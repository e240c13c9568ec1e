"""From a root CID and a path to something to send, kept in memory since it can never change.

    a file                              its bytes
    a directory with a trailing slash   its index.html; else, on the path gateway, a listing
    a directory without one             a redirect that adds it
    anything else                       the nearest 404.html up the tree, on sites

The key holds the root, so a publish needs no invalidation: it asks with another root. Every file's
first block is read, and its hash checked, before the file is served for the first time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

from api.gateway import pages
from api.gateway.listing import render_listing
from api.gateway.mime import HTML, content_type
from api.storage.lru import WeightedLru
from api.storage.ports import BlockStore, EntryMissing, NotADirectory, NotAFile
from api.storage.unixfs import Dag, Directory, File, Step
from api.storage.unixfs.cid import RAW, Cid

INLINE_BYTES = 2**16  # files up to this length are served from memory
_RECORD_WEIGHT = 2_048  # bytes that a resolution takes, about
_SAFE = "/-._~!$&'()*+,;=:@"

MUST_REVALIDATE = "public, max-age=0, must-revalidate"
IMMUTABLE = "public, max-age=29030400, immutable"  # the IPFS gateway's 48 weeks
_LISTED = "public, max-age=604800"


class Face(Enum):
    """How content is presented."""

    SITE = "site"
    PREVIEW = "preview"
    PATH = "path"  # /ipfs/{cid}/…


@dataclass(frozen=True, slots=True)
class Content:
    """Something to send; `headers` are those of the whole, with status 200 or 404."""

    status: int
    etag: str | None
    size: int
    headers: list[tuple[str, str]]
    file: File | None  # None: `made` is all there is
    made: bytes = b""
    block_path: str | None = None  # of a file that is one block: the block's own file


@dataclass(frozen=True, slots=True)
class Redirect:
    """Ask with a slash behind it."""

    path: str


class Contents:
    """Resolves paths over one store; `cache_bytes` bounds what it keeps in memory."""

    def __init__(self, store: BlockStore, cache_bytes: int) -> None:
        self.store = store
        self.dag = Dag(store, cache_bytes // 4)
        self._resolved: WeightedLru[tuple[str, str, Face], Content | Redirect] = WeightedLru(
            cache_bytes // 4
        )
        self._inline: WeightedLru[Cid, bytes] = WeightedLru(cache_bytes // 2)

    def known(self, root: str, path: str, face: Face) -> Content | Redirect | None:
        """What is in memory."""
        return self._resolved.get((root, path, face))

    def forget(self, root: str, path: str, face: Face) -> None:
        """After a block was found to be gone."""
        self._resolved.drop((root, path, face))

    def inline(self, file: File) -> bytes | None:
        """A small file's bytes, where they are in memory."""
        return self._inline.get(file.cid)

    def resolve(self, root: Cid, path: str, face: Face) -> Content | Redirect:
        """Reads blocks. Raises Refusal, and BlockMissing and BlockCorrupt as they come."""
        found = self._find(root, path, face)
        if not (isinstance(found, Content) and found.status == 404):
            # Paths that lead nowhere are without number: keeping them would drop all others.
            self._resolved.put((str(root), path, face), found, _RECORD_WEIGHT)
        return found

    def read_block(self, file: File) -> bytes:
        """The one block of a file that has one, its hash checked."""
        data = self.store.get(str(file.cid))
        if len(data) <= INLINE_BYTES:
            self._inline.put(file.cid, data, len(data))
        return data

    def _find(self, root: Cid, path: str, face: Face) -> Content | Redirect:
        names = path.split("/")[1:]
        has_slash = names[-1:] == [""]
        if has_slash:
            names.pop()
        try:
            steps = self.dag.resolve(root, names)
            target = steps[-1]
            if isinstance(target, Directory):
                return self._directory(target, steps, names, path, has_slash, face)
            if has_slash and names:
                raise EntryMissing(path)
            return self._content(200, target, names, path, steps, face)
        except (EntryMissing, NotADirectory, NotAFile):
            if face is Face.PATH:
                raise pages.not_found() from None
            return self._not_found(root, names, path, face)

    def _directory(
        self,
        directory: Directory,
        steps: list[Step],
        names: list[str],
        path: str,
        has_slash: bool,
        face: Face,
    ) -> Content | Redirect:
        try:
            index = self.dag.open(self.dag.child(directory, "index.html"))
        except EntryMissing:
            index = None
        if not isinstance(index, File) and face is not Face.PATH:
            raise EntryMissing(path)
        if not has_slash:
            return Redirect(quote(path, safe=_SAFE) + "/")
        if isinstance(index, File):
            named = [*names, "index.html"]
            return self._content(200, index, named, path, [*steps, index], face)
        return self._listing(directory, path, steps)

    def _not_found(self, root: Cid, names: list[str], path: str, face: Face) -> Content:
        for depth in range(len(names), -1, -1):
            try:
                steps = self.dag.resolve(root, [*names[:depth], "404.html"])
            except (EntryMissing, NotADirectory, NotAFile):
                continue
            page = steps[-1]
            if isinstance(page, File):
                return self._content(404, page, ["404.html"], path, steps, face)
        raise pages.not_found()

    def _content(
        self,
        status: int,
        file: File,
        names: list[str],
        path: str,
        steps: list[Step],
        face: Face,
    ) -> Content:
        block_path = None
        if file.cid.codec == RAW:
            start = self.read_block(file)
            if len(start) > INLINE_BYTES and (found := self.store.path(str(file.cid))):
                block_path = str(found)
        else:
            start = next(self.dag.read(file, 0, 512), b"")
        etag = f'"{file.cid}"' if status == 200 else None
        headers = [
            ("content-type", content_type(names[-1] if names else "", start)),
            ("content-length", str(file.size_bytes)),
            ("cache-control", MUST_REVALIDATE if face is Face.SITE or status != 200 else IMMUTABLE),
            ("x-content-type-options", "nosniff"),
            *_ipfs_headers(path, steps, face),
        ]
        if etag is not None:
            headers += [("etag", etag), ("accept-ranges", "bytes")]
        return Content(status, etag, file.size_bytes, headers, file, block_path=block_path)

    def _listing(self, directory: Directory, path: str, steps: list[Step]) -> Content:
        made = render_listing(f"/ipfs/{steps[0].cid}{path}", self.dag.entries(directory))
        etag = f'"DirIndex-1_CID-{directory.cid}"'
        headers = [
            ("content-type", HTML),
            ("content-length", str(len(made))),
            ("etag", etag),
            ("cache-control", _LISTED),
            ("x-content-type-options", "nosniff"),
            *_ipfs_headers(path, steps, Face.PATH),
        ]
        return Content(200, etag, len(made), headers, None, made)


def _ipfs_headers(path: str, steps: list[Step], face: Face) -> list[tuple[str, str]]:
    headers = [
        ("x-ipfs-path", f"/ipfs/{steps[0].cid}{quote(path, safe=_SAFE)}"),
        ("x-ipfs-roots", ",".join(str(step.cid) for step in steps)),
    ]
    if face is Face.PATH:
        headers.append(("access-control-allow-origin", "*"))
    return headers
