"""Honest archives become the directory that their makers mean."""

from __future__ import annotations

import io
import random
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.storage.archive import (
    ArchiveLimits,
    ArchiveSummary,
    ImportedDirectory,
    import_archive,
    inspect_archive,
)
from api.storage.embedded import EmbeddedBlockStore
from api.storage.nowhere import Nowhere
from api.storage.ports import ArchiveRejected, BlockStore, StoreFull
from api.storage.unixfs import Dag, Directory, File, parse_cid
from tests.api.storage.packing import PACKERS, content, tar_member, tar_of, zip_member, zip_of

LIMITS = ArchiveLimits()
SITE = {
    "index.html": b"<h1>hello</h1>",
    "empty.txt": b"",
    "empty folder/": b"",
    "assets/app.js": content("js", 70_000),
    "assets/zürich 文.css": b"body {}",
    ".well-known/security.txt": b"mailto:",
    "big.bin": content("big", 2**20 + 3),
}


def imported(packed: bytes, store: BlockStore) -> ImportedDirectory:
    return import_archive(io.BytesIO(packed), LIMITS, store)


def read_tree(store: BlockStore, root: str) -> dict[str, bytes | None]:
    dag = Dag(store)
    found: dict[str, bytes | None] = {}

    def walk(directory: Directory, above: str) -> None:
        for entry in dag.entries(directory):
            step = dag.open(entry.cid)
            if isinstance(step, File):
                found[above + entry.name] = b"".join(dag.read(step))
            else:
                found[above + entry.name + "/"] = None
                walk(step, above + entry.name + "/")

    walk(Directory(parse_cid(root)), "")
    return found


@pytest.mark.parametrize("kind", PACKERS)
def test_an_archive__is_the_directory_of_its_files(store: BlockStore, kind: str) -> None:
    packed = PACKERS[kind](SITE)
    directory = imported(packed, store)
    files = {name: data for name, data in SITE.items() if not name.endswith("/")}
    assert (directory.file_count, directory.size_bytes) == (6, sum(map(len, files.values())))
    tree = read_tree(store, directory.cid)
    assert {name: data for name, data in tree.items() if data is not None} == files
    assert "empty folder/" in tree
    summary = inspect_archive(io.BytesIO(packed), LIMITS)
    assert summary == ArchiveSummary(kind, directory.file_count, directory.size_bytes)


def test_the_format_and_the_order_of_entries__change_nothing(tmp_path: Path) -> None:
    cids = set()
    for seed, pack in enumerate(PACKERS.values()):
        names = list(SITE)
        random.Random(seed).shuffle(names)
        packed = pack({name: SITE[name] for name in names})
        cids.add(imported(packed, EmbeddedBlockStore(tmp_path / str(seed))).cid)
    assert len(cids) == 1


@given(
    st.dictionaries(
        st.text(st.characters(categories=("L", "N", "Zs", "Pd")), min_size=1, max_size=20),
        st.binary(max_size=500),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(sorted(PACKERS)),
)
@settings(max_examples=40, deadline=None)
def test_any_names_and_bytes__come_through(files: dict[str, bytes], kind: str) -> None:
    packed = PACKERS[kind](files)
    summary = inspect_archive(io.BytesIO(packed), LIMITS)
    assert (summary.file_count, summary.size_bytes) == (len(files), sum(map(len, files.values())))


@pytest.mark.parametrize("kind", PACKERS)
def test_a_single_top_folder__is_taken_off_once(tmp_path: Path, kind: str) -> None:
    store = EmbeddedBlockStore(tmp_path / "blocks")
    plain = imported(PACKERS[kind]({"index.html": b"1", "a/b.txt": b"2"}), store)
    wrapped = {"repo-main/": b"", "repo-main/index.html": b"1", "repo-main/a/b.txt": b"2"}
    assert imported(PACKERS[kind](wrapped), store).cid == plain.cid
    twice = imported(PACKERS[kind]({"x/y/index.html": b"1", "x/y/a/b.txt": b"2"}), store)
    assert "y/index.html" in read_tree(store, twice.cid)
    beside = imported(PACKERS[kind]({"x/index.html": b"1", "readme": b"2"}), store)
    assert "x/index.html" in read_tree(store, beside.cid)


@pytest.mark.parametrize("kind", PACKERS)
def test_litter_of_operating_systems__is_dropped__and_hides_no_top_folder(
    tmp_path: Path, kind: str
) -> None:
    files = {
        "site/index.html": b"1",
        "site/.DS_Store": b"litter",
        "site/._index.html": b"litter",
        "__MACOSX/site/._index.html": b"litter",
        "site/Thumbs.db": b"litter",
    }
    store = EmbeddedBlockStore(tmp_path / "blocks")
    directory = imported(PACKERS[kind](files), store)
    assert read_tree(store, directory.cid) == {"index.html": b"1"}
    assert (directory.file_count, directory.size_bytes) == (1, 1)


def test_a_zip_that_does_not_say_its_names_are_utf8__is_read_as_utf8_all_the_same() -> None:
    packed = zip_of(zip_member("zürich.html".encode(), b"1", flags=0))
    assert inspect_archive(io.BytesIO(packed), LIMITS).file_count == 1
    latin = "zürich.html".encode("cp850")
    unicode = "zürich.html".encode()
    extra = b"\x75\x70" + (len(unicode) + 5).to_bytes(2, "little") + b"\x01"
    extra += zlib.crc32(latin).to_bytes(4, "little") + unicode
    packed = zip_of(zip_member(latin, b"1", flags=0, extra=extra))
    assert inspect_archive(io.BytesIO(packed), LIMITS).file_count == 1
    with pytest.raises(ArchiveRejected, match="UTF-8"):
        inspect_archive(io.BytesIO(zip_of(zip_member(latin, b"1", flags=0))), LIMITS)


def test_an_archive_written_as_a_stream_with_sizes_behind_the_data__is_read() -> None:
    class Unseekable(io.RawIOBase):
        def __init__(self) -> None:
            self.written = b""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.written += bytes(data)  # type: ignore[call-overload]
            return len(bytes(data))  # type: ignore[call-overload]

    out = Unseekable()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        archive.writestr("a.txt", b"a" * 1_000)
        with archive.open("huge.txt", "w", force_zip64=True) as member:
            member.write(b"b" * 1_000)
    assert inspect_archive(io.BytesIO(out.written), LIMITS).size_bytes == 2_000


def test_old_tars_and_long_names_in_each_dialect__are_read() -> None:
    long_name = "/".join(["folder"] * 20) + "/" + "n" * 200
    for dialect in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=dialect) as archive:
            archive.addfile(tar_member(long_name), io.BytesIO())
        assert inspect_archive(io.BytesIO(out.getvalue()), LIMITS).file_count == 1
    v7 = bytearray(tar_of((tar_member("old.txt"), b"old")))
    v7[257:265] = bytes(8)
    v7[148:156] = b" " * 8
    v7[148:156] = b"%06o\0 " % sum(v7[:512])
    assert inspect_archive(io.BytesIO(bytes(v7)), LIMITS).format == "tar"


def test_paths_with_dots_and_double_slashes__are_the_plain_ones() -> None:
    packed = tar_of((tar_member("./a//b/./c.txt"), b"1"), tar_member("./", tarfile.DIRTYPE))
    assert inspect_archive(io.BytesIO(packed), LIMITS).file_count == 1


def test_a_store_that_fills_up_during_an_import__keeps_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = EmbeddedBlockStore(tmp_path / "blocks")
    honest, puts = store.put, []

    def put(cid: str, data: bytes, *, verified: bool = False) -> None:
        puts.append(cid)
        if len(puts) == 4:
            raise StoreFull("full")
        honest(cid, data, verified=verified)

    monkeypatch.setattr(store, "put", put)
    with pytest.raises(StoreFull):
        imported(PACKERS["zip"](SITE), store)
    assert list(store.cids()) == []
    assert [path for path in (tmp_path / "blocks").rglob("*") if path.is_file()] == [
        *(tmp_path / "blocks" / "tmp").rglob("lock")
    ]


def test_a_refused_archive__leaves_nothing_in_the_store(tmp_path: Path) -> None:
    store = EmbeddedBlockStore(tmp_path / "blocks")
    with pytest.raises(ArchiveRejected):
        imported(PACKERS["tar"](SITE)[:-20_000], store)
    assert list(store.cids()) == []


def test_inspecting__keeps_nothing() -> None:
    assert list(Nowhere().cids()) == []
    assert not Nowhere().has("x")
