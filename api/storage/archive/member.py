"""One entry of an archive, whatever the format."""

from __future__ import annotations

from dataclasses import dataclass

from api.storage.archive.limits import MemberStream


@dataclass(frozen=True, slots=True)
class Member:
    """An entry; `stream` must be read before the next member is asked for, None: a directory."""

    path: tuple[str, ...]
    entry: str  # the name for messages
    stream: MemberStream | None
