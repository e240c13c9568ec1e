"""Uploads as multipart bodies: files straight into the store, an archive or a CAR by the spool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import current_app

from api.files.cars import import_checked
from api.files.incoming import Incoming
from api.files.paths import Path, below, spell
from api.files.schemas import PROFILES, UploadedFile
from api.files.trees import current_store
from api.http.access import current_caller
from api.http.multipart import Sink, read_parts
from api.http.spool import SpoolFile
from api.problems import FieldError, Problem, invalid
from api.settings import ApiSettings
from api.storage.archive import read_archive
from api.storage.ports import PathClash
from api.storage.unixfs import Cid, DirectoryBuilder, Imported, Profile
from api.storage.unixfs.cid import DAG_PB
from api.storage.unixfs.directory import Tree
from api.storage.unixfs.importer import FileWriter
from api.wiring import archive_limits

FILE, ARCHIVE, CAR_FIELD = "file", "archive", "car"
_PART_HEAD_BYTES = 1_024


def receive_form(incoming: Incoming) -> None:
    """Reads the body into what came in; raises a Problem, ArchiveRejected, CarRejected."""
    _Form(incoming).read()


def current_settings() -> ApiSettings:
    """Of this process."""
    settings: ApiSettings = current_app.config["DSPACE"]
    return settings


def spelt(cid: Cid, profile: Profile) -> str:
    """A file's CID as its profile has it."""
    return cid.text_v0 if profile.cid_version == 0 and cid.codec == DAG_PB else str(cid)


class _Form:
    """The parts of one body."""

    def __init__(self, incoming: Incoming) -> None:
        self.incoming = incoming
        self.profile = PROFILES[incoming.query.profile]
        self.builder = DirectoryBuilder(self.profile)
        self.fields: set[str] = set()
        self.left_bytes = current_settings().max_upload_bytes

    def read(self) -> None:
        settings = current_settings()
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
        spool = SpoolFile(current_settings().uploads_dir)
        self.incoming.spooled.append(spool)
        return _SpoolPart(self, spool)

    def count(self, data: bytes) -> None:
        """Content of any part."""
        self.left_bytes -= len(data)
        if self.left_bytes < 0:
            most = current_settings().max_upload_bytes
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
