"""Takes content in, before any transaction is open: straight into blocks, or through the spool.

    PUT              the body is the file
    POST multipart   `file` (any number, each with a path in its file name), or `archive`, or `car`
    POST CAR         the body is a CAR of one root

Invariant: when this returns, every block is durable and was put by this process; what no change
then refers to is the collector's. Asked first, so that nobody sends a gigabyte for a refusal: the
storage service must be active, and what the body says of its length must fit the allowance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO, TypeVar

from flask import current_app, request

from api.db import begin, db
from api.files.paths import Path, parse_entry, parse_path
from api.files.schemas import PutQuery, UploadQuery
from api.holds.service import require_room, storage_service
from api.http.access import current_caller
from api.http.parts import Part, receive_parts
from api.http.receive import parse_query
from api.mirror import open_mirror
from api.problems import FieldError, Problem, invalid
from api.settings import ApiSettings
from api.storage.archive import import_archive
from api.storage.archive.names import clean_path, is_litter, shown
from api.storage.car import MEDIA_TYPE as CAR
from api.storage.car import import_car
from api.storage.claim import claim_dag
from api.storage.ports import (
    ArchiveRejected,
    BadCid,
    BlockCorrupt,
    BlockMissing,
    BlockStore,
    CarRejected,
    NotAFile,
    StoreFull,
)
from api.storage.unixfs import (
    UNIXFS_V0_2015,
    UNIXFS_V1_2025,
    Dag,
    Directory,
    Imported,
    import_file,
    parse_cid,
)
from api.wiring import archive_limits

PROFILES = {profile.name: profile for profile in (UNIXFS_V0_2015, UNIXFS_V1_2025)}
MAX_FILES = 5_000  # in one multipart body

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Piece:
    """A file or a whole directory that came in."""

    path: Path  # below where it is put
    content: Imported
    is_directory: bool


@dataclass(slots=True)
class Incoming:
    """All that came in with one request."""

    into: Path
    pieces: list[Piece] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """Of where it goes and what it is."""
        told = [f"{self.into}"] + [f"{piece.path} {piece.content.cid}" for piece in self.pieces]
        return sha256("\n".join(told).encode()).hexdigest()

    @property
    def dag_bytes(self) -> int:
        """Of everything that came."""
        return sum(piece.content.dag_bytes for piece in self.pieces)

    def discard(self) -> None:
        """Blocks that nothing refers to are the collector's."""


def receive_put(path: str) -> Incoming:
    """The body as one file; raises a Problem."""
    target = parse_entry(path, "path")
    profile = PROFILES[parse_query(PutQuery).profile]
    _ask_first()
    settings: ApiSettings = current_app.config["DSPACE"]
    request.max_content_length = settings.max_upload_bytes
    made = _importing(lambda store: import_file(_body(), store, profile))
    return Incoming(target[:-1], [Piece(target[-1:], made, is_directory=False)])


def receive_upload() -> Incoming:
    """A form of files, an archive or a CAR; raises a Problem."""
    query = parse_query(UploadQuery)
    incoming = Incoming(parse_path(query.path))
    if request.mimetype not in ("multipart/form-data", CAR):
        raise Problem(
            "unsupported-media-type",
            f"Send files, an archive or a CAR as multipart/form-data, or a CAR as {CAR}.",
        )
    _ask_first()
    settings: ApiSettings = current_app.config["DSPACE"]
    if request.mimetype == CAR:
        request.max_content_length = settings.max_upload_bytes
        incoming.pieces = [_graft(_body())]
        return incoming
    with receive_parts(settings.uploads_dir, settings.max_upload_bytes, MAX_FILES) as parts:
        incoming.pieces = _pieces(parts, query)
    return incoming


def _ask_first() -> None:
    begin(writes=False)
    try:
        mirror = open_mirror()
        address = current_caller().address
        storage_service(mirror, address)
        require_room(mirror, address, request.content_length or 0)
    finally:
        db.session.rollback()


def _pieces(parts: list[Part], query: UploadQuery) -> list[Piece]:
    fields = {part.field for part in parts}
    if fields == {"file"}:
        return _files(parts, query)
    if fields in ({"archive"}, {"car"}) and len(parts) == 1:
        content = parts[0].open()
        return [_unpack(content, query)] if fields == {"archive"} else [_graft(content)]
    raise invalid(FieldError("file", "one or more files in `file`, or one `archive`, or one `car`"))


def _files(parts: list[Part], query: UploadQuery) -> list[Piece]:
    profile = PROFILES[query.profile]
    limits = archive_limits(current_app.config["DSPACE"])
    paths: list[Path] = []
    for part in parts:
        try:
            path = clean_path(part.filename or "", limits)
        except ArchiveRejected as rejected:
            raise Problem("archive-rejected", f"{rejected}.", entry=rejected.entry) from None
        if not path or path in paths:
            entry = shown(part.filename or "")
            raise Problem("archive-rejected", f"{entry}: comes twice, or has no name.", entry=entry)
        paths.append(path)

    def load(store: BlockStore) -> list[Piece]:
        return [
            Piece(path, import_file(part.open(), store, profile), is_directory=False)
            for path, part in zip(paths, parts, strict=True)
            if not is_litter(path)
        ]

    return _importing(load)


def _unpack(archive: BinaryIO, query: UploadQuery) -> Piece:
    limits = archive_limits(current_app.config["DSPACE"])

    def load(store: BlockStore) -> Piece:
        made = import_archive(archive, limits, store, PROFILES[query.profile], keep_top=True)
        root = parse_cid(made.cid)
        return Piece((), Imported(root, made.size_bytes, made.dag_bytes), is_directory=True)

    try:
        return _importing(load)
    except ArchiveRejected as rejected:
        raise Problem("archive-rejected", f"{rejected}.", entry=rejected.entry) from None


def _graft(car: BinaryIO) -> Piece:
    """The one root of a CAR, of which every block must be in it or here already."""

    def load(store: BlockStore) -> Piece:
        roots = import_car(car, store).roots
        if len(roots) != 1:
            raise CarRejected(f"it has {len(roots)} roots, and not one")
        dag_bytes = claim_dag(store, roots[0])
        step = Dag(store).open(roots[0])
        is_directory = isinstance(step, Directory)
        size = 0 if isinstance(step, Directory) else step.size_bytes
        name = () if is_directory else (str(roots[0]),)
        return Piece(name, Imported(roots[0], size, dag_bytes), is_directory)

    try:
        return _importing(load)
    except CarRejected as rejected:
        raise Problem("car-rejected", f"{rejected}.", entry=rejected.entry) from None
    except BlockMissing as missing:
        raise Problem("car-rejected", f"{missing}: is missing.", entry=str(missing)) from None
    except (BlockCorrupt, BadCid, NotAFile) as error:
        raise Problem("car-rejected", f"{error}.") from None


def _importing(load: Callable[[BlockStore], Result]) -> Result:
    """Runs an import and makes it durable; nothing of a failed one is kept."""
    store: BlockStore = current_app.extensions["dspace_store"]
    try:
        made = load(store)
        store.flush()
    except StoreFull:
        store.discard()
        raise Problem("storage-full") from None
    except BaseException:
        store.discard()
        raise
    return made


def _body() -> BinaryIO:
    return request.stream  # type: ignore[return-value]  # it has `read`, and that is what is used
