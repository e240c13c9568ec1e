"""A CAR from the server into files, trusting nothing of it.

Every block has the bytes of its CID, names can't leave the target, and nothing shows under the
target's name before all of it is there. What a small CAR would unpack to is counted first.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from api.storage.carfile import CarFile
from api.storage.ports import StorageError
from api.storage.unixfs import Dag, Directory, File, Step, measure_directory
from scripts.client.errors import ClientError
from scripts.client.hashing import Told

_FORBIDDEN = set("/\\\0")
_MOST_FILES = 1_000_000


def unpack_car(car: CarFile, target: Path, told: Told, replace: bool = False) -> int:
    """The CAR's one root as `target`; its bytes. Raises ClientError."""
    if len(car.roots) != 1:
        raise ClientError(f"the answer has {len(car.roots)} roots instead of one")
    dag = Dag(car)
    try:
        step = dag.open(car.roots[0])
        size = _look(dag, step, target)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".dspace-") as work:
            made = Path(work) / "made"
            _write(dag, step, made, told)
            _show(made, target, replace)
    except StorageError as error:
        raise ClientError(f"what the server sent is no whole file or folder: {error}") from None
    except OSError as error:
        raise ClientError(f"{target} can't be written: {error.strerror}") from None
    return size


def _look(dag: Dag, step: Step, target: Path) -> int:
    size, count = 0, 1
    if isinstance(step, File):
        size = step.size_bytes
    else:
        measured = measure_directory(dag, step.cid)
        size, count = measured.size_bytes, measured.file_count
    free = shutil.disk_usage(target.parent).free
    if size > free or count > _MOST_FILES:
        raise ClientError(f"{target}: {count} files of {size} bytes don't fit, {free} are free")
    return size


def _write(dag: Dag, step: Step, target: Path, told: Told) -> None:
    if isinstance(step, Directory):
        target.mkdir()
        for entry in dag.entries(step):
            _write(dag, dag.open(entry.cid), target / _checked(entry.name), told)
        return
    with target.open("xb") as file:
        for piece in dag.read(step):
            file.write(piece)
            told(len(piece))


def _checked(name: str) -> str:
    if not name or name in (".", "..") or _FORBIDDEN & set(name):
        raise ClientError(f"the name {name[:100]!r} can't be written safely")
    return name


def _show(made: Path, target: Path, replace: bool) -> None:
    if made.is_file() and replace:
        made.replace(target)
    elif target.exists() or target.is_symlink():
        raise ClientError(f"{target} is there already")
    else:
        os.rename(made, target)  # noqa: PTH104  # `replace` would take an empty folder's place
