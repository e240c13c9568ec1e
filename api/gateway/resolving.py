"""From a root CID and a path to something to send. The first of these that is there:

    a file                              its bytes
    a directory with a trailing slash   its index.html; else, where that is wanted, a listing
    a directory without one             a redirect that adds it
    on hosts of their own               `path.html`, a rule of `_redirects`, the root's index page
                                        (SPA), the nearest 404.html up the tree

Reads blocks: raises Refusal, and BlockMissing and BlockCorrupt as they come.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from urllib.parse import quote

from api.gateway import pages
from api.gateway.contents import (
    IMMUTABLE,
    INLINE_BYTES,
    LISTED,
    MUST_REVALIDATE,
    SAFE,
    Content,
    Contents,
    Face,
    Redirect,
)
from api.gateway.listing import list_entries, render_listing
from api.gateway.mime import HTML, content_type
from api.gateway.open import OPEN
from api.gateway.routing import Target
from api.gateway.rules.headers import NAME as HEADERS
from api.gateway.rules.headers import HeaderFile, apply_headers, parse_headers
from api.gateway.rules.redirects import (
    MAX_BYTES,
    BadRedirects,
    Outcome,
    Rule,
    find_outcome,
    parse_redirects,
)
from api.gateway.rules.redirects import NAME as REDIRECTS
from api.gateway.rules.redirects import REDIRECTS as REDIRECT_STATUSES
from api.storage.lru import WeightedLru
from api.storage.ports import EntryMissing, NotADirectory, NotAFile
from api.storage.unixfs import Dag, Directory, File, Step
from api.storage.unixfs.cid import RAW, Cid, parse_cid
from api.storage.variants import ENCODINGS, Variants

_OWN_FILES = frozenset({REDIRECTS, HEADERS})
_BARE_FACES = (Face.PATH, Face.ORIGIN)
_MISSING = (EntryMissing, NotADirectory, NotAFile)
_RULES_BYTES = 8 * 2**20  # of parsed rules in memory
_RULE_WEIGHT = 512  # bytes that one takes, about


class Resolver:
    """Resolves over one store; what it finds is for the caller to keep."""

    def __init__(self, contents: Contents, variants: Variants) -> None:
        self.contents = contents
        self.dag: Dag = contents.dag
        self.variants = variants
        self._redirects: WeightedLru[Cid, tuple[Rule, ...]] = WeightedLru(_RULES_BYTES)
        self._headers: WeightedLru[Cid, HeaderFile] = WeightedLru(_RULES_BYTES)

    def resolve(self, target: Target) -> Content | Redirect:
        """What a target is."""
        root = parse_cid(target.root)
        names = target.path.split("/")[1:]
        has_slash = names[-1:] == [""]
        if has_slash:
            names.pop()
        try:
            return self._exact(target, root, names, has_slash)
        except _MISSING as missing:
            if isinstance(missing, NotAFile) and target.face in _BARE_FACES:
                raise pages.kind_not_served() from None
            if target.face is Face.PATH:
                raise pages.not_found() from None
        return self._instead(target, root, names, has_slash)

    def _exact(
        self, target: Target, root: Cid, names: list[str], has_slash: bool
    ) -> Content | Redirect:
        if target.face is not Face.PATH and len(names) == 1 and names[0] in _OWN_FILES:
            raise EntryMissing(names[0])
        steps = self.dag.resolve(root, names)
        found = steps[-1]
        if isinstance(found, Directory):
            return self._directory(target, found, steps, names, has_slash)
        if has_slash and names:
            raise EntryMissing(target.path)
        if target.options.clean_redirects and names and names[-1].endswith(".html"):
            shorter = self._without_extension(steps[-2], names)
            if shorter is not None:
                return Redirect(shorter, 308)
        return self._content(200, target, steps, names)

    def _without_extension(self, parent: Step, names: list[str]) -> str | None:
        """The address of a page without its `.html`, where it leads to the same page."""
        bare = names[-1].removesuffix(".html")
        if bare == "index":
            return quote("".join(f"/{name}" for name in names[:-1]) + "/", safe=SAFE)
        try:
            self.dag.child(cast("Directory", parent), bare)
        except EntryMissing:
            return quote("".join(f"/{name}" for name in [*names[:-1], bare]), safe=SAFE)
        return None

    def _directory(
        self,
        target: Target,
        directory: Directory,
        steps: list[Step],
        names: list[str],
        has_slash: bool,
    ) -> Content | Redirect:
        try:
            index = self.dag.open(self.dag.child(directory, "index.html"))
        except EntryMissing:
            index = None
        if not isinstance(index, File) and not target.options.listing:
            raise EntryMissing(target.path)
        if not has_slash:
            return Redirect(quote(target.path, safe=SAFE) + "/")
        if isinstance(index, File):
            return self._content(200, target, [*steps, index], [*names, "index.html"])
        return self._listing(target, directory, steps)

    def _instead(
        self, target: Target, root: Cid, names: list[str], has_slash: bool
    ) -> Content | Redirect:
        """Of a path that isn't there, on a host of its own."""
        if target.options.clean_urls and names and not has_slash:
            page = self._file(root, [*names[:-1], f"{names[-1]}.html"])
            if page is not None:
                return self._content(200, target, page, [f"{names[-1]}.html"])
        outcome = self._outcome(root, names)
        if outcome is not None:
            return self._ruled(target, root, outcome)
        if target.options.spa and "." not in (names[-1] if names else ""):
            page = self._file(root, ["index.html"])
            if page is not None:
                return self._content(200, target, page, ["index.html"])
        return self._not_found(target, root, names)

    def _ruled(self, target: Target, root: Cid, outcome: Outcome) -> Content | Redirect:
        if outcome.status in REDIRECT_STATUSES:
            return Redirect(outcome.target, outcome.status)
        names = [name for name in outcome.target.split("/") if name]
        if len(names) == 1 and names[0] in _OWN_FILES:
            return self._not_found(target, root, [])
        page = self._file(root, names) or self._file(root, [*names, "index.html"])
        if page is None:
            return self._not_found(target, root, names)
        last = names[-1] if names and "." in names[-1] else "index.html"
        return self._content(outcome.status, target, page, [last])

    def _not_found(self, target: Target, root: Cid, names: Sequence[str]) -> Content:
        for depth in range(len(names), -1, -1):
            page = self._file(root, [*names[:depth], "404.html"])
            if page is not None:
                return self._content(404, target, page, ["404.html"])
        raise pages.not_found()

    def _file(self, root: Cid, names: Sequence[str]) -> list[Step] | None:
        """The steps to a file; None where there is none."""
        try:
            steps = self.dag.resolve(root, names)
        except _MISSING:
            return None
        return steps if isinstance(steps[-1], File) else None

    def _outcome(self, root: Cid, names: Sequence[str]) -> Outcome | None:
        steps = self._file(root, [REDIRECTS])
        if steps is None:
            return None
        file = cast("File", steps[-1])
        rules = self._redirects.get(file.cid)
        if rules is None:
            try:
                rules = parse_redirects(self._small(file))
            except BadRedirects as error:
                raise pages.bad_redirects(str(error)) from None
            self._redirects.put(file.cid, rules, _RULE_WEIGHT * (len(rules) + 1))
        try:
            return find_outcome(rules, names)
        except BadRedirects as error:
            raise pages.bad_redirects(str(error)) from None

    def _added(self, root: Cid) -> HeaderFile | None:
        steps = self._file(root, [HEADERS])
        if steps is None:
            return None
        file = cast("File", steps[-1])
        read = self._headers.get(file.cid)
        if read is None:
            read = parse_headers(self._small(file))
            self._headers.put(file.cid, read, _RULE_WEIGHT * (len(read.rules) + 1))
        return read

    def _small(self, file: File) -> bytes:
        """A file's bytes, one more than a file of rules may have at the most."""
        return b"".join(self.dag.read(file, 0, MAX_BYTES + 1))

    def _content(
        self, status: int, target: Target, steps: list[Step], names: Sequence[str]
    ) -> Content:
        file = cast("File", steps[-1])
        block_path, start = None, b""
        if file.cid.codec == RAW:
            start = self.contents.read_block(file)
            if len(start) > INLINE_BYTES and (found := self.contents.store.path(str(file.cid))):
                block_path = str(found)
        else:
            start = next(self.dag.read(file, 0, 512), b"")
        etag = f'"{file.cid}"' if status == 200 else None
        moves = target.face is Face.SITE or status != 200
        headers = [
            ("content-type", content_type(names[-1] if names else "", start)),
            ("content-length", str(file.size_bytes)),
            ("cache-control", MUST_REVALIDATE if moves else IMMUTABLE),
            ("x-content-type-options", "nosniff"),
            *_ipfs_headers(target, steps),
        ]
        if target.face is not Face.PATH and (added := self._added(steps[0].cid)) is not None:
            headers = apply_headers(added.rules, target.path, headers)
        varies = ["accept"] if target.face in _BARE_FACES else []
        variants = self._variants(file, start, headers, varies) if status == 200 else {}
        if variants:
            varies.append("accept-encoding")
        if varies:
            headers = [*headers, ("vary", ", ".join(varies))]
        if etag is not None:
            headers = [*headers, ("etag", etag), ("accept-ranges", "bytes")]
        return Content(
            status,
            etag,
            file.size_bytes,
            headers,
            file,
            block_path=block_path,
            variants=variants,
            has_parts=True,
        )

    def _variants(
        self, file: File, plain: bytes, headers: list[tuple[str, str]], varies: list[str]
    ) -> dict[str, Content]:
        """The compressed forms that were made of a file of one block."""
        made: dict[str, Content] = {}
        if file.cid.codec != RAW:
            return made
        shared = [pair for pair in headers if pair[0] != "content-length"]
        shared.append(("vary", ", ".join([*varies, "accept-encoding"])))
        for encoding in ENCODINGS:
            data = self.variants.read(file.cid, encoding, plain)
            if data is None:
                continue
            etag = f'"{file.cid}.{encoding}"'
            inline = len(data) <= INLINE_BYTES
            made[encoding] = Content(
                200,
                etag,
                len(data),
                [
                    *shared,
                    ("content-length", str(len(data))),
                    ("content-encoding", encoding),
                    ("etag", etag),
                ],
                None,
                data if inline else b"",
                None if inline else str(self.variants.path(file.cid, encoding)),
            )
        return made

    def _listing(self, target: Target, directory: Directory, steps: list[Step]) -> Content:
        is_bare = target.face in _BARE_FACES
        shown = f"/ipfs/{steps[0].cid}{target.path}" if is_bare else target.path
        hidden = _OWN_FILES if len(steps) == 1 and not is_bare else frozenset()
        entries = list_entries(self.contents.store, directory, hidden)
        made = render_listing(shown, entries, has_parent=len(steps) > 1)
        etag = f'"DirIndex-1_CID-{directory.cid}"'
        headers = [
            ("content-type", HTML),
            ("content-length", str(len(made))),
            ("etag", etag),
            ("cache-control", MUST_REVALIDATE if target.face is Face.SITE else LISTED),
            ("x-content-type-options", "nosniff"),
            *_ipfs_headers(target, steps),
            *([("vary", "accept")] if is_bare else []),
        ]
        return Content(200, etag, len(made), headers, None, made)


def _ipfs_headers(target: Target, steps: list[Step]) -> list[tuple[str, str]]:
    headers = [
        ("x-ipfs-path", f"/ipfs/{steps[0].cid}{quote(target.path, safe=SAFE)}"),
        ("x-ipfs-roots", ",".join(str(step.cid) for step in steps)),
    ]
    if target.face in _BARE_FACES:
        headers += OPEN
    return headers
