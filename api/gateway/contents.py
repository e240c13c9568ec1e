"""What paths of a root lead to, kept in memory since it can never change.

The key holds the root, so a publish needs no invalidation: it asks with another root. Every file's
first block is read, and its hash checked, before the file is served for the first time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cache

from api.storage.lru import WeightedLru
from api.storage.ports import BlockStore
from api.storage.unixfs import Dag, File
from api.storage.unixfs.cid import RAW

INLINE_BYTES = 2**16  # files up to this length are served from memory
_RECORD_WEIGHT = 2_048  # bytes that a resolution takes, about

SAFE = "/-._~!$&'()*+,;=:@"  # what a path may hold as it is

MUST_REVALIDATE = "public, max-age=0, must-revalidate"
IMMUTABLE = "public, max-age=29030400, immutable"  # the IPFS gateway's 48 weeks
LISTED = "public, max-age=604800"


class Face(Enum):
    """How content is presented."""

    SITE = "site"
    PREVIEW = "preview"
    ORIGIN = "origin"  # {cid}.ipfs.{base}
    PATH = "path"  # /ipfs/{cid}/…

    __hash__ = object.__hash__  # members are single; an Enum's own hash is that of its name


@dataclass(frozen=True, slots=True, eq=False)
class Options:
    """What a site's owner chose; made by `options`, so that what is the same is one object."""

    spa: bool = False  # pages that aren't there are the root's index page
    clean_urls: bool = True  # `/about` is `about.html` where there is no `about`
    listing: bool = False  # directories without an index page are listed
    clean_redirects: bool = False  # and `/about.html` leads to `/about`


@cache
def options(*, spa: bool, clean_urls: bool, listing: bool, clean_redirects: bool) -> Options:
    """The one object of these choices; a look-up by it costs no comparison."""
    return Options(spa, clean_urls, listing, clean_redirects)


DEFAULTS = options(spa=False, clean_urls=True, listing=False, clean_redirects=False)
BARE = options(  # content without a site
    spa=False, clean_urls=False, listing=True, clean_redirects=False
)


@dataclass(frozen=True, slots=True)
class Content:
    """Something to send; `headers` are those of the whole, with its status: 200, 404, 410, 451."""

    status: int
    etag: str | None
    size: int
    headers: list[tuple[str, str]]
    file: File | None  # None: `made`, or the file at `block_path`, is all there is
    made: bytes = b""
    block_path: str | None = None  # a file of this machine with exactly these bytes
    variants: dict[str, Content] = field(default_factory=dict)  # by content coding, smallest first
    has_parts: bool = False  # whether ranges of it are given


@dataclass(frozen=True, slots=True)
class Redirect:
    """Ask elsewhere; a `location` with a slash in front is of the same root."""

    location: str
    status: int = 301


Key = tuple[str, str, Face, Options]


class Contents:
    """What was found over one store; `cache_bytes` bounds what it keeps in memory."""

    def __init__(self, store: BlockStore, cache_bytes: int) -> None:
        self.store = store
        self.dag = Dag(store, cache_bytes // 4)
        self._resolved: WeightedLru[Key, Content | Redirect] = WeightedLru(cache_bytes // 4)
        self._inline: WeightedLru[bytes, bytes] = WeightedLru(cache_bytes // 2)

    def known(self, key: Key) -> Content | Redirect | None:
        """What is in memory."""
        return self._resolved.get(key)

    def keep(self, key: Key, found: Content | Redirect) -> None:
        """Keeps what was found, unless it is one of the paths without number that lead nowhere."""
        if isinstance(found, Redirect) or found.status == 200:
            variants = found.variants.values() if isinstance(found, Content) else ()
            weight = _RECORD_WEIGHT + sum(_RECORD_WEIGHT + len(each.made) for each in variants)
            self._resolved.put(key, found, weight)

    def forget(self, key: Key) -> None:
        """After a block was found to be gone."""
        self._resolved.drop(key)

    def inline(self, file: File) -> bytes | None:
        """A small file's bytes, where they are in memory."""
        return self._inline.get(file.cid.digest) if file.cid.codec == RAW else None

    def read_block(self, file: File) -> bytes:
        """The one block of a file that has one, its hash checked."""
        data = self.store.get(str(file.cid))
        if len(data) <= INLINE_BYTES:
            self._inline.put(file.cid.digest, data, len(data))
        return data
