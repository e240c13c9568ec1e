"""One file as the body of a PUT: streamed into the store, chunk by chunk, never whole in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, cast

from flask import current_app, request

from api.db import begin, db
from api.files import repository
from api.files.changes import Head
from api.files.conditions import Conditions, read_conditions
from api.files.paths import Path, parse_entry
from api.files.schemas import PROFILES, PutQuery
from api.files.trees import current_store
from api.files.uploads import taken_in
from api.holds.service import require_room, storage_service
from api.http.access import current_caller
from api.http.receive import parse_query
from api.mirror import open_mirror
from api.problems import Problem
from api.settings import ApiSettings
from api.storage.ports import EntryMissing, NotADirectory
from api.storage.unixfs import Imported, Profile, import_file, parse_cid
from api.storage.unixfs.edit import Edited, Placed, change_at, find_entry


@dataclass(slots=True)
class IncomingFile:
    """A file that is in the store, and where it goes."""

    path: Path
    file: Imported
    profile: Profile
    conditions: Conditions
    replaced: bool = False

    @property
    def fingerprint(self) -> str:
        """Of the content."""
        return str(self.file.cid)

    def plan(self, head: Head) -> Edited:
        """The head with it; raises a Problem of 409 or 412."""
        before = head.find(self.path)
        self.conditions.check(before.cid if before else None)
        self.replaced = before is not None
        return head.edit(change_at(self.path, self.file), keep_folders=True)

    def discard(self) -> None:
        """Blocks that no version came to hold are the collector's."""


def receive_put(path: str) -> IncomingFile:
    """The body of `PUT /v1/files/{path}`; raises a Problem of 4xx or 507."""
    where = parse_entry(path)
    if request.content_length is None:
        # The server ends a chunked body that breaks off like one that is whole.
        raise Problem("length-required")
    conditions = read_conditions()
    _require_welcome(where, conditions)
    settings: ApiSettings = current_app.config["DSPACE"]
    request.max_content_length = settings.max_upload_bytes
    profile = PROFILES[parse_query(PutQuery).profile]
    with taken_in():
        made = import_file(cast("BinaryIO", request.stream), current_store(), profile)
        if made.size_bytes != request.content_length:
            raise Problem("bad-request", "The body is cut off.")
    return IncomingFile(where, made, profile, conditions)


def _require_welcome(path: Path, conditions: Conditions) -> None:
    """What can be refused before the body has come; looked at again when it is written."""
    address = current_caller().address
    begin(writes=False)
    try:
        mirror = open_mirror()
        storage_service(mirror, address)
        if "Idempotency-Key" in request.headers:
            return  # a repeat is answered as the first one was, whatever stands there by now
        before = _find(address, path)
        conditions.check(before.cid if before else None)
        require_room(mirror, address, request.content_length or 0)
    finally:
        db.session.rollback()


def _find(address: str, path: Path) -> Placed | None:
    head = repository.get_head(address)
    if head is None:
        return None
    try:
        return find_entry(current_store(), parse_cid(head.cid), path)
    except (EntryMissing, NotADirectory):
        return None
