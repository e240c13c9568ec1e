"""What only the store on disk can get wrong: half-written files, full disks, other processes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from api.storage.embedded import EmbeddedBlockStore
from api.storage.ports import BlockCorrupt, BlockMissing, StoreFull
from api.storage.unixfs.cid import RAW, encode_cid


def cid_of(data: bytes) -> str:
    return encode_cid(RAW, sha256(data).digest())


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "lock"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blocks"


def test_reading__makes_nothing(folder: Path) -> None:
    store = EmbeddedBlockStore(folder)
    with pytest.raises(BlockMissing):
        store.get(cid_of(b"x"))
    store.flush()
    assert not folder.exists()


def test_a_block_that_was_put_and_not_flushed__is_not_there_for_others(folder: Path) -> None:
    EmbeddedBlockStore(folder).put(cid_of(b"x"), b"x")
    assert not EmbeddedBlockStore(folder).has(cid_of(b"x"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("step", ["write_bytes", "mkdir", "replace"])
def test_a_full_disk__leaves_nothing_half_written__and_can_be_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, step: str
) -> None:
    store = EmbeddedBlockStore(folder)
    store.put(cid_of(b"before"), b"before")
    store.flush()
    honest = getattr(Path, step)

    def full(path: Path, *arguments: object, **options: object) -> object:
        if step == "write_bytes":
            honest(path, b"hal")
        raise OSError(number, "full")

    with monkeypatch.context() as patch, pytest.raises(StoreFull):  # noqa: PT012  # either step
        store.put(cid_of(b"first"), b"first")
        patch.setattr(Path, step, full)
        store.put(cid_of(b"half"), b"half")
        store.flush()
    assert [path.name for path in files_below(folder)] == [cid_of(b"before")]
    store.put(cid_of(b"half"), b"half")
    store.flush()
    assert store.get(cid_of(b"half")) == b"half"


def test_another_fault_of_the_disk__is_not_called_full(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = EmbeddedBlockStore(folder)

    def broken(_path: Path, _data: bytes) -> int:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(Path, "write_bytes", broken)
    with pytest.raises(OSError, match="broken"):
        store.put(cid_of(b"x"), b"x")


def test_bytes_that_rot__are_found__set_aside__and_mended_by_a_new_put(folder: Path) -> None:
    store = EmbeddedBlockStore(folder)
    store.put(cid_of(b"sound"), b"sound")
    store.flush()
    path = store.path(cid_of(b"sound"))
    assert path is not None
    path.write_bytes(b"rotten")
    with pytest.raises(BlockCorrupt):
        store.get(cid_of(b"sound"))
    assert not store.has(cid_of(b"sound"))
    store.put(cid_of(b"sound"), b"sound")
    store.flush()
    assert store.get(cid_of(b"sound")) == b"sound"


def test_every_rename_comes_after_its_fsync(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order that makes a name on disk mean whole bytes on disk."""
    steps: list[tuple[str, str]] = []
    honest_sync, honest_replace = os.fsync, Path.replace

    def sync(descriptor: int) -> None:
        steps.append(("sync", str(Path(f"/proc/self/fd/{descriptor}").readlink())))
        honest_sync(descriptor)

    def replace(path: Path, target: Path) -> Path:
        steps.append(("rename", str(path)))
        return honest_replace(path, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    store = EmbeddedBlockStore(folder)
    for number in range(5):
        store.put(cid_of(b"%d" % number), b"%d" % number)
    store.flush()
    kinds = [kind for kind, _path in steps]
    renamed = [path for kind, path in steps if kind == "rename"]
    first_rename = kinds.index("rename")
    assert {path for _kind, path in steps[:first_rename]} == set(renamed)
    assert len(renamed) == 5
    synced_after = {path for kind, path in steps[first_rename:] if kind == "sync"}
    assert {str(folder), *(str(path.parent) for path in files_below(folder))} <= synced_after


PUT_AND_HANG = """
import sys, time
from pathlib import Path
from api.storage.embedded import EmbeddedBlockStore
from tests.api.storage.test_embedded_store import cid_of
store = EmbeddedBlockStore(Path(sys.argv[1]))
store.put(cid_of(b"flushed"), b"flushed")
store.flush()
store.put(cid_of(b"pending"), b"pending")
print("ready", flush=True)
time.sleep(60)
"""


def test_a_killed_process__loses_nothing_flushed__and_its_leftovers_are_swept(
    folder: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PUT_AND_HANG, str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        EmbeddedBlockStore(folder)
        assert len(files_below(folder / "tmp")) == 1, "a living process's files are its own"
        process.send_signal(signal.SIGKILL)
    store = EmbeddedBlockStore(folder)
    assert list((folder / "tmp").iterdir()) == []
    assert list(store.cids()) == [cid_of(b"flushed")]
