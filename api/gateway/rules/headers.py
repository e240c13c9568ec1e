"""`_headers`: what a site adds to its answers.

    /assets/*
      Cache-Control: public, max-age=31536000, immutable
      ! X-Frame-Options

Every rule that matches counts, in their order; a header that comes twice is joined by a comma,
and `! Name` takes away what came so far. What is over 8 KiB for one answer is left off. A line
that can't be read is left out, and told to the owner in the deployment log. Refuses what is the
server's: lengths, encodings, connections, entity tags, cookies (a site's origin has none), and the
gateway's own `X-Ipfs-…`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

NAME = "_headers"
MAX_BYTES = 64 * 1024
MAX_RULES = 200
MAX_LINE = 2_000  # characters
MAX_ADDED = 8 * 1024  # characters that one answer gets; clients and proxies take little more

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_REFUSED = frozenset(
    """accept-ranges age allow alt-svc clear-site-data connection content-encoding content-length
    content-range date etag host keep-alive location server service-worker-allowed set-cookie
    set-cookie2 status strict-transport-security te trailer transfer-encoding upgrade vary
    via www-authenticate""".split()  # noqa: SIM905  # one a line would fill the screen
)
_REFUSED_PREFIXES = ("x-ipfs-", "sec-", "proxy-", "access-control-allow-credentials")

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class HeaderRule:
    """The headers of the paths that a pattern matches."""

    parts: tuple[str, ...]  # of the pattern, between its stars
    changes: tuple[tuple[str, str | None], ...]  # None: taken away

    def matches(self, path: str) -> bool:
        """Whether a decoded path is meant; a star stands for anything."""
        first, *others = self.parts
        if not path.startswith(first):
            return False
        if not others:
            return path == first
        at = len(first)
        for part in others[:-1]:
            found = path.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return len(path) - at >= len(others[-1]) and path.endswith(others[-1])


@dataclass(slots=True)
class HeaderFile:
    """What a file says, and what of it can't be used."""

    rules: list[HeaderRule] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # sentences, each with its line's number


def parse_headers(data: bytes) -> HeaderFile:
    """Reads a file; never fails."""
    read = HeaderFile()
    if len(data) > MAX_BYTES:
        read.left_out.append(f"{NAME} has more than {MAX_BYTES:,} bytes; none of it counts")
        return read
    parts: tuple[str, ...] | None = None
    changes: list[tuple[str, str | None]] = []

    def close() -> None:
        if parts is not None and changes:
            read.rules.append(HeaderRule(parts, tuple(changes)))
        changes.clear()

    for number, line in enumerate(data.decode("utf-8-sig", errors="replace").split("\n"), 1):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        where = f"{NAME}, line {number}"
        if len(line) > MAX_LINE:
            read.left_out.append(f"{where}: longer than {MAX_LINE:,} characters")
        elif not line[0].isspace():
            close()
            parts = _parse_pattern(bare, where, read)
        elif parts is not None:
            change = _parse_change(bare, where, read)
            if change is not None:
                changes.append(change)
    close()
    if len(read.rules) > MAX_RULES:
        read.left_out.append(f"{NAME}: only the first {MAX_RULES} rules count")
        del read.rules[MAX_RULES:]
    return read


def apply_headers(rules: Sequence[HeaderRule], path: str, headers: Headers) -> Headers:
    """The headers of an answer with what the rules of its path add, replace and take away."""
    added: dict[str, str] = {}
    for rule in rules:
        if not rule.matches(path):
            continue
        for name, value in rule.changes:
            if value is None:
                added.pop(name, None)
            else:
                added[name] = f"{added[name]}, {value}" if name in added else value
    room = MAX_ADDED
    for name, value in list(added.items()):
        room -= len(name) + len(value)
        if room < 0:
            del added[name]
    if not added:
        return headers
    return [pair for pair in headers if pair[0] not in added] + list(added.items())


def _parse_pattern(text: str, where: str, read: HeaderFile) -> tuple[str, ...] | None:
    if not text.startswith("/"):
        read.left_out.append(f"{where}: a path starts with a slash")
        return None
    return tuple(text.split("*"))


def _parse_change(text: str, where: str, read: HeaderFile) -> tuple[str, str | None] | None:
    if text.startswith("!"):
        name, value = text[1:].strip().lower(), None
    else:
        given, colon, rest = text.partition(":")
        name, value = given.strip().lower(), rest.strip()
        if not colon or not _VALUE.fullmatch(value):
            read.left_out.append(f"{where}: a header is a name, a colon and a plain value")
            return None
    if not _TOKEN.fullmatch(name):
        read.left_out.append(f"{where}: no name of a header")
        return None
    if name in _REFUSED or name.startswith(_REFUSED_PREFIXES):
        read.left_out.append(f"{where}: {name} is the server's own")
        return None
    return name, value
