"""What of a local folder is taken: regular files and folders, but for what is hidden or ignored.

Symbolic links are not followed, wherever they lead, and anything that is neither file nor folder is
left out; both are told. A `.dspaceignore` in the folder says, as a `.gitignore` would, what else to
leave out, or with `!` what to take all the same.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec

from scripts.client.errors import ClientError

IGNORE_FILE = ".dspaceignore"
# What a site has no use for, or would betray: `.env`, `.git`. `.well-known` is for visitors.
HIDDEN = (".*", "!.well-known/")
LITTER = (".DS_Store", "._*", "__MACOSX/", "Thumbs.db", "desktop.ini", IGNORE_FILE)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to take."""

    path: str
    parts: tuple[str, ...]  # below the folder
    size_bytes: int  # when it was listed


@dataclass(slots=True)
class LocalFolder:
    """What is taken, in the order of names, and what isn't."""

    files: list[LocalFile] = field(default_factory=list)
    directories: list[tuple[str, ...]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)  # symbolic, not followed
    special: list[str] = field(default_factory=list)  # devices, pipes, sockets
    ignored: int = 0

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(file.size_bytes for file in self.files)


def look_through(root: Path, hidden: bool = False) -> LocalFolder:
    """Lists a folder; raises ClientError where something can't be read or named."""
    if not root.is_dir():
        raise ClientError(f"{root} is no folder")
    found = LocalFolder()
    _look(str(root), (), _ignored(root, hidden), found)
    return found


def _ignored(root: Path, hidden: bool) -> GitIgnoreSpec:
    lines = [*LITTER, *(() if hidden else HIDDEN)]
    try:
        lines += (root / IGNORE_FILE).read_text().splitlines()
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError):
        raise ClientError(f"{root / IGNORE_FILE} can't be read") from None
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise ClientError(f"{root / IGNORE_FILE}: {error}") from None


def _look(folder: str, above: tuple[str, ...], ignored: GitIgnoreSpec, found: LocalFolder) -> None:
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except OSError as error:
        raise ClientError(f"{folder} can't be read: {error.strerror}") from None
    for entry in entries:
        parts = (*above, _checked(entry))
        path = "/".join(parts)
        is_directory = entry.is_dir(follow_symlinks=False)
        if ignored.match_file(path + "/" if is_directory else path):
            found.ignored += 1
        elif entry.is_symlink():
            found.links.append(path)
        elif is_directory:
            found.directories.append(parts)
            _look(entry.path, parts, ignored, found)
        elif entry.is_file(follow_symlinks=False):
            size = entry.stat(follow_symlinks=False).st_size
            found.files.append(LocalFile(entry.path, parts, size))
        else:
            found.special.append(path)


def _checked(entry: os.DirEntry[str]) -> str:
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        raise ClientError(f"{entry.path!r}: the name is no UTF-8") from None
    return entry.name
