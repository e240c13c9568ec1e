"""What an upload brought, and what becomes of the tree with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from api.files.changes import Head
from api.files.paths import Path, spell
from api.files.schemas import UploadedFile, UploadQuery
from api.files.trees import empty_root
from api.http.spool import SpoolFile
from api.problems import Problem
from api.storage.unixfs import DirectoryBuilder
from api.storage.unixfs.edit import Changes, Edited, Placed, change_at


@dataclass(slots=True)
class Incoming:
    """What came in, and where it goes."""

    query: UploadQuery
    path: Path
    builder: DirectoryBuilder | None = None
    files: list[UploadedFile] = field(default_factory=list)
    car: Placed | None = None
    spooled: list[SpoolFile] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """Of the content; where it goes is part of the request's own."""
        told = [f"{each.path}\0{each.cid}" for each in self.files]
        return sha256("\n".join([*told, str(self.car)]).encode()).hexdigest()

    @property
    def told(self) -> str:
        """What a version says of it."""
        if self.car is not None:
            return f"graft {spell(self.path)}"
        if len(self.files) == 1:
            return f"upload {self.files[0].path}"
        return f"upload {len(self.files)} files into {spell(self.path)}"

    def plan(self, head: Head) -> Edited:
        """The head with it."""
        if self.car is not None:
            return self._graft(head, self.car)
        tree = self.builder.tree if self.builder else {}
        changes: Changes = change_at(self.path, tree) if self.path else tree
        return head.edit(changes, keep_folders=True)

    def discard(self) -> None:
        """What was spooled has been read; what was put is the collector's."""
        for file in self.spooled:
            file.discard()

    def _graft(self, head: Head, car: Placed) -> Edited:
        before = head.find(self.path)
        is_filled = before is not None and (bool(self.path) or before.cid != empty_root())
        if is_filled and not self.query.overwrite:
            raise Problem("path-taken", path=spell(self.path))
        if self.path:
            return head.edit(change_at(self.path, car))
        if not head.is_folder(car):
            raise Problem("path-taken", "A file can't be the whole tree; name a path for it.")
        return Edited(car, before.dag_bytes if before else 0)
