"""What an entry may be called, and which entries are dropped as litter.

A name is kept as given, in UTF-8, not normalised: `é` in its two spellings are two names.
Refuses whatever could lead elsewhere on some system, or can't be asked for in a URL.
"""

from __future__ import annotations

import re

from api.storage.archive.limits import ArchiveLimits
from api.storage.ports import ArchiveRejected

_DRIVE = re.compile(r"^[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SHOWN_CHARACTERS = 200

# What operating systems leave in folders without being asked.
_LITTER_FOLDERS = frozenset({"__MACOSX"})
_LITTER_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_RESOURCE_FORK = "._"


def shown(name: str) -> str:
    """A name as it can stand in a message."""
    safe = name.encode(errors="backslashreplace").decode()
    safe = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", safe)
    return safe if len(safe) <= _SHOWN_CHARACTERS else safe[:_SHOWN_CHARACTERS] + "…"


def clean_path(name: str, limits: ArchiveLimits) -> tuple[str, ...]:
    """The segments of an entry's name, none for the root itself; raises ArchiveRejected."""
    entry = shown(name)
    try:
        packed = name.encode()
    except UnicodeEncodeError:
        raise ArchiveRejected("the name isn't UTF-8", entry) from None
    if not name:
        raise ArchiveRejected("an entry without a name")
    if len(packed) > limits.max_path_bytes:
        raise ArchiveRejected(f"a path longer than {limits.max_path_bytes} bytes", entry)
    if _CONTROL.search(name):
        raise ArchiveRejected("a control character in the name", entry)
    if "\\" in name:
        raise ArchiveRejected("a backslash in the name", entry)
    if name.startswith("/") or _DRIVE.match(name):
        raise ArchiveRejected("an absolute path", entry)
    segments = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in segments:
        raise ArchiveRejected("a path that leads outside", entry)
    if len(segments) > limits.max_depth:
        raise ArchiveRejected(f"more than {limits.max_depth} folders deep", entry)
    if any(len(part.encode()) > limits.max_name_bytes for part in segments):
        raise ArchiveRejected(f"a name longer than {limits.max_name_bytes} bytes", entry)
    return segments


def is_litter(path: tuple[str, ...]) -> bool:
    """Whether it is something that no one meant to publish."""
    if not path:
        return False
    return (
        path[0] in _LITTER_FOLDERS
        or path[-1] in _LITTER_FILES
        or path[-1].startswith(_RESOURCE_FORK)
    )
