"""`dspace files`: the account's folders from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from api.storage.archive import ArchiveLimits
from api.storage.archive.names import clean_path
from api.storage.car import MEDIA_TYPE, import_car, write_car
from api.storage.embedded import EmbeddedBlockStore
from api.storage.ports import ArchiveRejected, CarRejected, StorageError
from api.storage.unixfs import Cid, Dag, File, parse_cid
from scripts.client.local import load_folder
from scripts.client.remote import ClientError, Remote

_PIECE_BYTES = 2**20


def list_files(remote: Remote, path: str) -> Iterator[dict[str, Any]]:
    """The entries of a folder."""
    yield from remote.pages("/v1/files", {"path": path, "limit": "100"})


def put(remote: Remote, local: Path, target: str) -> str:
    """A file, or a folder with all in it, to a path; its CID."""
    if local.is_dir():
        folder = load_folder(local)

        def body() -> Iterator[bytes]:
            return write_car(
                [folder.root], ((parse_cid(cid), folder.read(cid)) for cid in folder.blocks)
            )

        answer = remote.upload(f"/v1/files?path={quote(target)}", body, MEDIA_TYPE)
        return str(answer["items"][0]["cid"])
    name = f"{target.rstrip('/')}/{local.name}" if target.endswith("/") else target
    try:
        with local.open("rb") as file:
            answer = remote.ask("PUT", _file(name), data=file)
    except OSError as error:
        raise ClientError(f"{local}: {error.strerror}") from None
    return str(answer["cid"])


def get(remote: Remote, source: str, target: Path) -> int:
    """A file or a folder to this machine, every block verified; how many files it was."""
    with (
        TemporaryDirectory() as scratch,
        remote.open("GET", _file(source), params={"format": "car"}, stream=True) as answer,
    ):
        store = EmbeddedBlockStore(Path(scratch))
        try:
            (root,) = import_car(cast("BinaryIO", answer.raw), store).roots
            store.flush()
            return unpack(Dag(store), root, target)
        except (CarRejected, ValueError) as error:
            raise ClientError(f"the answer is no good CAR: {error}") from None
        except StorageError as error:
            raise ClientError(f"the answer isn't whole: {error}") from None


def cat(remote: Remote, path: str, out: BinaryIO) -> None:
    """A file's bytes."""
    with remote.open("GET", _file(path), stream=True) as answer:
        for piece in answer.iter_content(_PIECE_BYTES):
            out.write(piece)


def unpack(dag: Dag, root: Cid, target: Path) -> int:
    """Writes a file, or a folder with all in it; how many files it was. Raises ClientError."""
    step = dag.open(root)
    if isinstance(step, File):
        with target.open("wb") as file:
            for piece in dag.read(step):
                file.write(piece)
        return 1
    target.mkdir(parents=True, exist_ok=True)
    count = 0
    for entry in dag.entries(step):
        count += unpack(dag, entry.cid, target / _safe(entry.name))
    return count


def _safe(name: str) -> str:
    """A name that can't lead elsewhere."""
    try:
        names = clean_path(name, ArchiveLimits())
    except ArchiveRejected as rejected:
        raise ClientError(str(rejected)) from None
    if len(names) != 1 or PurePosixPath(name).name != name:
        raise ClientError(f"{name}: no name of a file")
    return name


def _file(path: str) -> str:
    return f"/v1/files/{quote(path.strip('/'))}"
