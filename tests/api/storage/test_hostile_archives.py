"""Every hostile archive is refused, by the same words at the upload and in the job."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from api.storage.archive import ArchiveLimits, import_archive, inspect_archive
from api.storage.embedded import EmbeddedBlockStore
from api.storage.ports import ArchiveRejected
from tests.api.storage.packing import (
    PACKERS,
    content,
    overlapping_zip,
    pack_tar,
    pack_tar_gz,
    pack_zip,
    tar_member,
    tar_of,
    zip_member,
    zip_of,
)

LIMITS = ArchiveLimits(max_entries=200, max_total_bytes=48 * 2**20, max_file_bytes=40 * 2**20)
ZEROS = bytes(33 * 2**20)
GOOD_ZIP = pack_zip({"a.txt": content("a", 5_000), "b.txt": content("b", 5_000)})
GOOD_TAR = pack_tar({"a.txt": content("a", 5_000), "b.txt": content("b", 5_000)})
GOOD_GZ = gzip.compress(GOOD_TAR)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def sparse_tar() -> bytes:
    info = tar_member("hole", tarfile.GNUTYPE_SPARSE)
    return tar_of((info, bytes(512)))


def pax_bomb(size: int) -> bytes:
    """A header that asks for a record of so many bytes to be read into memory."""
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, size
    return info.tobuf(tarfile.USTAR_FORMAT) + bytes(1024)


def pax_chain(count: int) -> bytes:
    record = b"13 comment=ab\n"
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, len(record)
    return (info.tobuf(tarfile.USTAR_FORMAT) + record.ljust(512, b"\0")) * count + bytes(1024)


def negative_size() -> bytes:
    header = bytearray(tar_member("negative").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 11 + b"\x00"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(1024)


HOSTILE: dict[str, tuple[bytes, str | None, str]] = {
    # what: the archive, the entry that must be named, a word of the reason
    "zip, up": (zip_of(zip_member(b"../evil", b"x")), "../evil", "outside"),
    "zip, up in the middle": (zip_of(zip_member(b"a/../../e", b"x")), "a/../../e", "outside"),
    "zip, absolute": (zip_of(zip_member(b"/etc/passwd", b"x")), "/etc/passwd", "absolute"),
    "zip, drive": (zip_of(zip_member(b"C:evil", b"x")), "C:evil", "absolute"),
    "zip, backslash": (zip_of(zip_member(b"a\\b", b"x")), "a\\b", "backslash"),
    "zip, nul": (zip_of(zip_member(b"a\0b", b"x")), "a\\x00b", "control"),
    "zip, newline": (zip_of(zip_member(b"a\nb", b"x")), "a\\x0ab", "control"),
    "zip, no name": (zip_of(zip_member(b"", b"x")), None, "without a name"),
    "zip, only a dot": (zip_of(zip_member(b".", b"x")), ".", "without a name"),
    "zip, bad utf-8": (zip_of(zip_member(b"\xff\xfe", b"x")), None, "UTF-8"),
    "zip, long name": (zip_of(zip_member(b"n" * 256, b"x")), "n" * 200 + "…", "255"),
    "zip, long path": (zip_of(zip_member(b"n/" * 600, b"")), ("n/" * 100) + "…", "1024"),
    "zip, deep": (zip_of(zip_member(b"n/" * 40 + b"x", b"x")), "n/" * 40 + "x", "deep"),
    "zip, symlink": (zip_of(zip_member(b"l", b"/etc", mode=0o120777)), "l", "symbolic link"),
    "zip, device": (zip_of(zip_member(b"d", b"", mode=0o060666)), "d", "neither"),
    "zip, fifo": (zip_of(zip_member(b"p", b"", mode=0o010666)), "p", "neither"),
    "zip, encrypted": (zip_of(zip_member(b"s", b"x", flags=0x801)), "s", "encrypted"),
    "zip, another method": (zip_of(zip_member(b"m", b"x", method=12)), "m", "deflate"),
    "zip, twice": (
        zip_of(zip_member(b"a", b"1"), zip_member(b"a", b"2")), "a", "comes twice"
    ),
    "zip, twice by another spelling": (
        zip_of(zip_member(b"a/b", b"1"), zip_member(b"./a//b", b"2")), "./a//b", "comes twice"
    ),
    "zip, file and directory": (
        zip_of(zip_member(b"a", b"1"), zip_member(b"a/b", b"2")), "a/b", "at once"
    ),
    "zip, directory with content": (zip_of(zip_member(b"d/", b"x")), "d/", "with content"),
    "zip, wrong crc": (zip_of(zip_member(b"c", b"x", checksum=1)), "c", "damaged"),
    "zip, wrong crc of an empty file": (
        zip_of(zip_member(b"c", b"", checksum=1, method=0)), "c", "damaged"
    ),
    "zip, declares less": (zip_of(zip_member(b"s", b"x" * 99, declared=9)), "s", "damaged"),
    "zip, declares more": (zip_of(zip_member(b"s", b"x" * 9, declared=99)), "s", "cut off"),
    "zip, declares too much": (
        zip_of(zip_member(b"s", b"x", declared=41 * 2**20)), "s", "larger than"
    ),
    "zip, stored and declared apart": (
        zip_of(zip_member(b"s", b"xx", declared=1, method=0)), "s", "another size"
    ),
    "zip, declares too much in all": (
        zip_of(*(zip_member(b"%d" % n, b"x", declared=30 * 2**20) for n in range(2))),
        "1", "unpacks to more",
    ),
    "zip, overlap bomb": (overlapping_zip(20), "same", "shares bytes"),
    "zip, ratio bomb": (pack_zip({"z": ZEROS}), "z", "times its size"),
    "zip, many entries": (pack_zip({str(n): b"" for n in range(201)}), None, "200 entries"),
    "zip, many folders": (
        pack_zip({f"{n}/{n}/x": b"" for n in range(80)}), None, "200 entries"
    ),
    "zip, cut": (GOOD_ZIP[:-30], None, "cut off"),
    "zip, front cut off": (b"PK\x03\x04" + GOOD_ZIP[100:], "a.txt", "cut off"),
    "zip, data damaged": (flipped(GOOD_ZIP, 200), "a.txt", "damaged"),
    "zip, no entries": (zip_of(), None, "no files"),
    "zip, only folders": (pack_zip({"a/": b"", "a/b/": b""}), None, "no files"),
    "tar, up": (tar_of((tar_member("../evil"), b"x")), "../evil", "outside"),
    "tar, absolute": (tar_of((tar_member("/etc/passwd"), b"x")), "/etc/passwd", "absolute"),
    "tar, symlink": (tar_of(tar_member("l", tarfile.SYMTYPE, "/etc")), "l", "symbolic link"),
    "tar, hard link": (tar_of(tar_member("h", tarfile.LNKTYPE, "a")), "h", "hard link"),
    "tar, character device": (tar_of(tar_member("d", tarfile.CHRTYPE)), "d", "neither"),
    "tar, block device": (tar_of(tar_member("d", tarfile.BLKTYPE)), "d", "neither"),
    "tar, fifo": (tar_of(tar_member("p", tarfile.FIFOTYPE)), "p", "neither"),
    "tar, sparse": (sparse_tar(), "hole", "sparse"),
    "tar, bad utf-8": (tar_of((tar_member("\udcff"), b"x")), "\\udcff", "UTF-8"),
    "tar, twice": (
        tar_of((tar_member("a"), b"1"), (tar_member("a"), b"2")), "a", "comes twice"
    ),
    "tar, below a file": (
        tar_of((tar_member("a"), b"1"), tar_member("a/b", tarfile.DIRTYPE)), "a/b", "at once"
    ),
    "tar, cut in a file": (GOOD_TAR[:3_000], "a.txt", "cut off"),
    "tar, cut between files": (GOOD_TAR[: 512 + 5_120], "a.txt", "cut off"),
    "tar, cut in a header": (GOOD_TAR[: 512 + 5_120 + 100], "a.txt", "cut off"),
    "tar, header damaged": (flipped(GOOD_TAR, 512 + 5_120 + 5), "a.txt", "cut off"),
    "tar, pax header of a gigabyte": (pax_bomb(2**30), None, "header"),
    "tar, pax headers without end": (pax_chain(3_000), None, "damaged"),
    "tar, negative size": (negative_size(), None, ""),
    "tar, many entries": (pack_tar({str(n): b"" for n in range(201)}), "200", "200 entries"),
    "tar, no entries": (bytes(10_240), None, "no files"),
    "tar.gz, cut": (GOOD_GZ[:-100], None, "cut off"),
    "tar.gz, checksum damaged": (flipped(GOOD_GZ, len(GOOD_GZ) - 6), None, "damaged"),
    "tar.gz, garbage behind": (GOOD_GZ + b"garbage", None, "damaged"),
    "tar.gz, ratio bomb": (pack_tar_gz({"z": ZEROS}), "z", "times its size"),
    "tar.gz, bomb behind the end": (
        gzip.compress(GOOD_TAR + bytes(60 * 2**20), 9), None, "unpacks to more"
    ),
    "tar.gz, no tar inside": (gzip.compress(b"hello" * 500), None, "damaged"),
    "something else": (b"%PDF-1.7" + bytes(600), None, "neither a zip"),
    "nothing": (b"", None, "neither a zip"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_it_is_refused__naming_the_entry__and_nothing_is_kept(tmp_path: Path, what: str) -> None:
    packed, entry, word = HOSTILE[what]
    store = EmbeddedBlockStore(tmp_path / "blocks")
    started_at = time.monotonic()
    with pytest.raises(ArchiveRejected) as refused:
        import_archive(io.BytesIO(packed), LIMITS, store)
    with pytest.raises(ArchiveRejected) as looked_at:
        inspect_archive(io.BytesIO(packed), LIMITS)
    assert time.monotonic() - started_at < 5
    assert str(looked_at.value) == str(refused.value)
    assert word in refused.value.reason
    if entry is not None:
        assert refused.value.entry == entry
    assert list(store.cids()) == []
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] in ([], ["lock"])


def test_a_bomb__costs_little_memory() -> None:
    packed = pack_zip({"z": ZEROS})
    tracemalloc.start()
    with pytest.raises(ArchiveRejected):
        inspect_archive(io.BytesIO(packed), LIMITS)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 8 * 2**20


@pytest.mark.parametrize("kind", PACKERS)
def test_random_damage__is_refused_or_harmless__never_another_error(kind: str) -> None:
    seeded = random.Random(11)
    good = PACKERS[kind]({"a.txt": content("a", 3_000), "b/c.txt": b"hello", "d/": b""})
    for _ in range(400):
        damaged = bytearray(good)
        for _ in range(seeded.randint(1, 4)):
            damaged[seeded.randrange(len(damaged))] = seeded.randrange(256)
        if seeded.random() < 0.3:
            del damaged[seeded.randrange(len(damaged)) :]
        try:
            inspect_archive(io.BytesIO(bytes(damaged)), LIMITS)
        except ArchiveRejected:
            continue


def test_zip64_records_that_lie__are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(3):
            with archive.open(str(number), "w", force_zip64=True) as member:
                member.write(b"x" * 100)
    whole = out.getvalue()
    seeded = random.Random(5)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        at = seeded.randrange(len(damaged) - 8)
        damaged[at : at + 8] = (2**64 - seeded.randrange(1, 2**40)).to_bytes(8, "little")
        try:
            inspect_archive(io.BytesIO(bytes(damaged)), LIMITS)
        except ArchiveRejected:
            refused += 1
    assert refused > 100
