"""Conditional and range requests, by RFC 9110. There are no dates, so none is compared."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAG = re.compile(r'\s*(W/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|$)')
_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


class Unsatisfiable(Exception):
    """No byte of the range exists."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes [start, end)."""

    start: int
    end: int


def matches(header: str, etag: str, *, strongly: bool = False) -> bool:
    """Whether an If-None-Match, or with `strongly` an If-Match, names the tag.

    If-None-Match takes weak and strong tags for the same; to If-Match a weak one is no other's.
    """
    if header.strip() == "*":
        return True
    weak, opaque = etag.startswith("W/"), etag.removeprefix("W/")
    at = 0
    while found := _TAG.match(header, at):
        if found[2] == opaque and not (strongly and (weak or found[1])):
            return True
        at = found.end()
    return False


def read_range(header: str, if_range: str | None, etag: str, size: int) -> ByteRange | None:
    """The range to send; None: all of it. Raises Unsatisfiable.

    Several ranges, other units and nonsense are answered by the whole, as is a range of something
    that has changed since (If-Range: another tag, a weak one, or a date, as there are no dates).
    """
    found = _RANGE.fullmatch(header)
    if found is None or (if_range is not None and if_range.strip() != etag):
        return None
    first, last = found[1], found[2]
    if first:
        start = int(first)
        end = min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    elif last:
        start, end = max(0, size - int(last)), size
    else:
        return None
    if start >= end:
        raise Unsatisfiable
    return ByteRange(start, end)
