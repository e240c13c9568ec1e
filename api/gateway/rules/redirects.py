"""`_redirects` by IPIP-0002: where paths that don't exist lead to.

    /from/:name/*   /to/:name/:splat   301

Invariant: a file with an error in it counts as a whole (its line is told), since half of the
rules may be worse than none. Rules are tried in their order; the first that matches is taken.
Refuses files over 64 KiB, forced rules (`301!`), and statuses other than those of the document.

Paths are compared segment by segment and targets are filled in once, from the left: neither a
pattern nor a path can make that take longer than they are long.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, unquote, urlsplit

NAME = "_redirects"
MAX_BYTES = 64 * 1024
MAX_LOCATION = 8 * 1024  # letters of what a target becomes; browsers and proxies take no more
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REWRITES = frozenset({200, 404, 410, 451})
_SPLAT = "splat"
_SAFE = "-._~!$&'()*+,;=:@"
_PLACEHOLDER = re.compile(r":([A-Za-z_][A-Za-z0-9_]*)")


class BadRedirects(Exception):
    """The file can't be read; the message names the line."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a path leads: to a URL, or to another file of the site with a status."""

    status: int
    target: str  # of a redirect a Location, of a rewrite a decoded path


@dataclass(frozen=True, slots=True)
class Rule:
    """One line."""

    source: tuple[str, ...]  # segments; `:name` and, as the last one, `*`
    first: str | None  # the first segment where it is no pattern; None: any
    target: str
    status: int

    def match(self, names: Sequence[str]) -> Outcome | None:
        """`names` are a path's decoded segments, without an empty one at the end.

        Raises BadRedirects for a target that becomes too long.
        """
        values = self._values(names)
        if values is None:
            return None
        if self.status in REDIRECTS:
            return Outcome(self.status, _location(self.target, values))
        return Outcome(self.status, _fill(unquote(self.target), values, plain=True))

    def _values(self, names: Sequence[str]) -> dict[str, str] | None:
        values: dict[str, str] = {}
        for at, wanted in enumerate(self.source):
            if wanted == "*":
                values[_SPLAT] = "/".join(names[at:])
                return values
            if at >= len(names):
                return None
            if wanted.startswith(":"):
                if not names[at]:
                    return None
                values[wanted[1:]] = names[at]
            elif wanted != names[at]:
                return None
        return values if len(names) == len(self.source) else None


def parse_redirects(data: bytes) -> tuple[Rule, ...]:
    """The rules of a file; raises BadRedirects."""
    if len(data) > MAX_BYTES:
        raise BadRedirects(f"{NAME} has more than {MAX_BYTES:,} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRedirects(f"{NAME} is no UTF-8") from None
    rules = []
    for number, line in enumerate(text.split("\n"), 1):
        words = _words(line)
        if not words:
            continue
        try:
            rules.append(_parse_rule(words))
        except ValueError as error:
            raise BadRedirects(f"{NAME}, line {number}: {error}") from None
    return tuple(rules)


def find_outcome(rules: Sequence[Rule], names: Sequence[str]) -> Outcome | None:
    """What the first rule that matches says; raises BadRedirects."""
    first = names[0] if names else ""
    for rule in rules:
        if rule.first is not None and rule.first != first:
            continue
        outcome = rule.match(names)
        if outcome is not None:
            return outcome
    return None


def _words(line: str) -> list[str]:
    """A comment may stand behind the rule, after a space."""
    words = line.split()
    comment = next((at for at, word in enumerate(words) if word.startswith("#")), None)
    return words[:comment]


def _parse_rule(words: list[str]) -> Rule:
    if len(words) not in (2, 3):
        raise ValueError("a rule is a path, a target and, if you like, a status")
    source, target = words[0], words[1]
    status = 301
    if len(words) == 3:
        if words[2].endswith("!"):
            raise ValueError("forced rules (with !) aren't supported")
        if not re.fullmatch("[0-9]{3}", words[2]) or int(words[2]) not in REDIRECTS | _REWRITES:
            raise ValueError(f"{words[2][:80]} is no status that a rule can have")
        status = int(words[2])
    segments = _parse_source(source)
    first = segments[0] if segments else ""
    is_pattern = first == "*" or first.startswith(":")
    return Rule(segments, None if is_pattern else first, _parse_target(target, status), status)


def _parse_source(source: str) -> tuple[str, ...]:
    if not source.startswith("/"):
        raise ValueError("a rule's path starts with a slash")
    bare = unquote(source).strip("/")
    segments = tuple(bare.split("/")) if bare else ()
    for at, segment in enumerate(segments):
        if "*" in segment and (segment != "*" or at != len(segments) - 1):
            raise ValueError("a * stands only for the whole end of a path")
        if segment.startswith(":") and not _PLACEHOLDER.fullmatch(segment):
            raise ValueError(f"{segment[:80]} is no placeholder")
    return segments


def _parse_target(target: str, status: int) -> str:
    if target.startswith("/"):
        return target
    if status not in REDIRECTS:
        raise ValueError(f"with status {status} the target is a path of the site")
    parts = urlsplit(target)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("a target is a path, or a URL with http:// or https://")
    if _PLACEHOLDER.search(parts.netloc):
        raise ValueError("a path must not choose the host that it leads to")
    return target


def _location(target: str, values: dict[str, str]) -> str:
    filled = _fill(target, values, plain=False)
    if target.startswith("/"):
        # What was filled in must not make it the address of another host.
        return "/" + filled.lstrip("/\\")
    return filled


def _fill(target: str, values: dict[str, str], *, plain: bool) -> str:
    """The target with its placeholders replaced; a value is never looked into again."""
    filled = _PLACEHOLDER.sub(partial(_value_of, values, plain), target)
    if len(filled) > MAX_LOCATION:
        raise BadRedirects(f"{NAME}: {target[:80]} becomes longer than {MAX_LOCATION:,} letters")
    return filled if plain else quote(filled, safe="%/?#[]@!$&'()*+,;=:-._~")


def _value_of(values: dict[str, str], plain: bool, found: re.Match[str]) -> str:
    value = values.get(found[1])
    if value is None:
        return found[0]
    return value if plain else quote(value, safe=_SAFE + ("/" if found[1] == _SPLAT else ""))
