"""Takes content in, before any transaction is open: files, archives, CARs, each into the store.

    file        one part or many; a file's name may be a relative path, as browsers give of folders
    archive     zip, tar or tar.gz, spooled, then unpacked into the path
    car         one root, spooled, then checked as a whole; also as the body itself

Invariant: what was taken in is flushed, and stays no longer than a day unless a version comes to
hold it; an upload that fails midway leaves no block behind. Whoever may not write is refused
before the body is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BufferedReader
from typing import Any, cast

from flask import current_app, request

from api.db import begin, db
from api.files.cars import import_checked
from api.files.changes import Head
from api.files.paths import Path, below, parse_path, spell
from api.files.schemas import PROFILES, UploadedFile, UploadQuery
from api.files.trees import current_store, empty_root
from api.holds.service import storage_service
from api.http.access import current_caller
from api.http.multipart import Sink, read_parts
from api.http.receive import parse_query
from api.http.spool import FULL, SpoolFile
from api.mirror import open_mirror
from api.problems import FieldError, Problem, invalid
from api.settings import ApiSettings
from api.storage.archive import read_archive
from api.storage.car import MEDIA_TYPE as CAR
from api.storage.ports import ArchiveRejected, CarRejected, PathClash, StoreFull
from api.storage.unixfs import Cid, DirectoryBuilder, Imported, Profile
from api.storage.unixfs.cid import DAG_PB
from api.storage.unixfs.directory import Tree
from api.storage.unixfs.edit import Changes, Edited, Placed, change_at
from api.storage.unixfs.importer import FileWriter
from api.wiring import archive_limits

FILE, ARCHIVE, CAR_FIELD = "file", "archive", "car"
_PART_HEAD_BYTES = 1_024


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


def receive_upload() -> Incoming:
    """The content of `POST /v1/files`; raises a Problem of 4xx or 507."""
    query = parse_query(UploadQuery)
    incoming = Incoming(query, parse_path(query.path))
    require_storage()
    with taken_in():
        try:
            _receive(incoming)
        finally:
            incoming.discard()
    return incoming


def require_storage() -> None:
    """Raises a Problem of 402: nobody sends a gigabyte for a refusal."""
    begin(writes=False)
    try:
        storage_service(open_mirror(), current_caller().address)
    finally:
        db.session.rollback()


@contextmanager
def taken_in() -> Iterator[None]:
    """Flushes what was put within; on any failure nothing of it is kept."""
    store = current_store()
    try:
        yield
        store.flush()
    except BaseException as error:
        store.discard()
        if isinstance(error, StoreFull) or (isinstance(error, OSError) and error.errno in FULL):
            raise Problem("storage-full") from error
        if isinstance(error, ArchiveRejected):
            raise Problem("archive-rejected", f"{error}.", entry=error.entry) from None
        if isinstance(error, CarRejected):
            raise Problem("car-rejected", f"{error}.", entry=error.entry) from None
        raise


def spelt(cid: Cid, profile: Profile) -> str:
    """A file's CID as its profile has it."""
    return cid.text_v0 if profile.cid_version == 0 and cid.codec == DAG_PB else str(cid)


def _receive(incoming: Incoming) -> None:
    settings = _settings()
    if request.mimetype == CAR:
        request.max_content_length = settings.max_upload_bytes
        stream = BufferedReader(cast("Any", request.stream), 2**16)
        incoming.car = import_checked(stream, current_store(), current_caller().address)
    elif request.mimetype == "multipart/form-data":
        _Form(incoming).read()
    else:
        raise Problem(
            "unsupported-media-type",
            f"Send files as multipart/form-data, or a CAR as {CAR}.",
        )


class _Form:
    """The parts of a multipart body."""

    def __init__(self, incoming: Incoming) -> None:
        self.incoming = incoming
        self.profile = PROFILES[incoming.query.profile]
        self.builder = DirectoryBuilder(self.profile)
        self.fields: set[str] = set()
        self.left_bytes = _settings().max_upload_bytes

    def read(self) -> None:
        settings = _settings()
        most = settings.max_archive_files
        heads = min(most * _PART_HEAD_BYTES, settings.max_upload_bytes) + _PART_HEAD_BYTES
        read_parts(self.open, settings.max_upload_bytes + heads, most)
        if not self.fields:
            raise invalid(FieldError(FILE, "one file at least, or an archive, or a car"))
        if self.incoming.spooled:
            self._unpack(self.incoming.spooled[0], settings)
        else:
            self.incoming.builder = self.builder

    def open(self, field: str, filename: str | None) -> Sink:
        """Where a part goes."""
        if field not in (FILE, ARCHIVE, CAR_FIELD) or filename is None:
            raise invalid(FieldError(field, "is no field of files: file, archive, car"))
        if self.fields and (field != FILE or self.fields != {FILE}):
            raise invalid(FieldError(field, "files, or one archive, or one car"))
        self.fields.add(field)
        if field == FILE:
            return _FilePart(self, below(self.incoming.path, filename))
        spool = SpoolFile(_settings().uploads_dir)
        self.incoming.spooled.append(spool)
        return _SpoolPart(self, spool)

    def count(self, data: bytes) -> None:
        """Content of any part."""
        self.left_bytes -= len(data)
        if self.left_bytes < 0:
            most = _settings().max_upload_bytes
            raise Problem("payload-too-large", f"Uploads have at most {most} bytes.")

    def add(self, path: Path, made: Imported) -> None:
        """A file that has come in whole."""
        inside = path[len(self.incoming.path) :]
        try:
            self.builder.add_file(inside, made)
        except PathClash:
            raise Problem(
                "path-rejected",
                f"{spell(path)} comes twice, or is a folder and a file at once.",
                entry="/".join(inside),
            ) from None
        cid = spelt(made.cid, self.profile)
        self.incoming.files.append(UploadedFile(cid=cid, size=made.size_bytes, path=spell(path)))

    def _unpack(self, spool: SpoolFile, settings: ApiSettings) -> None:
        spool.flush()
        with spool.path.open("rb") as file:
            if self.fields == {CAR_FIELD}:
                address = current_caller().address
                self.incoming.car = import_checked(file, current_store(), address)
                return
            limits = archive_limits(settings)
            _, builder = read_archive(file, limits, current_store(), self.profile)
        self.incoming.builder = builder
        for path, made in _files_of(builder.tree):
            shown = spell((*self.incoming.path, *path))
            cid = spelt(made.cid, self.profile)
            self.incoming.files.append(UploadedFile(cid=cid, size=made.size_bytes, path=shown))


@dataclass(slots=True)
class _FilePart:
    """One file, straight into the store."""

    form: _Form
    path: Path
    writer: FileWriter = field(init=False)

    def __post_init__(self) -> None:
        self.writer = FileWriter(current_store(), self.form.profile)

    def write(self, data: bytes) -> None:
        self.form.count(data)
        self.writer.write(data)

    def close(self) -> None:
        self.form.add(self.path, self.writer.finish())


@dataclass(slots=True)
class _SpoolPart:
    """What must be read in another order than it comes in."""

    form: _Form
    spool: SpoolFile

    def write(self, data: bytes) -> None:
        self.form.count(data)
        self.spool.write(data)

    def close(self) -> None:
        """It is read by its path."""


def _files_of(tree: Tree, above: Path = ()) -> Iterator[tuple[Path, Imported]]:
    for name, held in tree.items():
        if isinstance(held, Imported):
            yield (*above, name), held
        else:
            yield from _files_of(held, (*above, name))


def _settings() -> ApiSettings:
    settings: ApiSettings = current_app.config["DSPACE"]
    return settings
