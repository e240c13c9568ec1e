"""The same bytes have the same CIDs here as in Kubo and in the JavaScript implementation."""

from __future__ import annotations

import io
import random
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import aleph_cid
import pytest
from Crypto.Cipher import ChaCha20

from api.storage.nowhere import Nowhere
from api.storage.unixfs import (
    UNIXFS_V0_2015,
    UNIXFS_V1_2025,
    DirectoryBuilder,
    Imported,
    Profile,
    import_file,
)
from api.storage.unixfs.importer import FileWriter
from tests.api.storage.packing import content

PROFILES = {profile.name: profile for profile in (UNIXFS_V0_2015, UNIXFS_V1_2025)}
EMPTY_DIRECTORY = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"
KUBO_ALPHABET = "abcdefghijklmnopqrstuvwxyz01234567890-_"


def imported(data: bytes, profile: Profile) -> Imported:
    return import_file(io.BytesIO(data), Nowhere(), profile)


def text(root: Imported, profile: Profile) -> str:
    is_v0 = profile.cid_version == 0 and str(root.cid).startswith("bafy")
    return root.cid.text_v0 if is_v0 else str(root.cid)


def test_files_of_every_size_about_the_chunk_and_the_width(expected_cids: Any) -> None:
    whole = content("file", max(file["length"] for file in expected_cids["files"]))
    for file in expected_cids["files"]:
        profile = PROFILES[file["profile"]]
        root = imported(whole[: file["length"]], profile)
        assert text(root, profile) == file["cid"], file
        assert root.size_bytes == file["length"]


def test_directories_of_every_size_about_the_sharding_threshold(expected_cids: Any) -> None:
    for directory in expected_cids["directories"]:
        profile, prefix = PROFILES[directory["profile"]], directory["prefix"]
        builder = DirectoryBuilder(profile)
        for number in range(directory["count"]):
            data = content(str(number), number % 7)
            builder.add_file([f"{prefix}{number}"], imported(data, profile))
        assert text(builder.build(Nowhere()), profile) == directory["cid"], directory


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_a_tree_with_empty_directories(expected_cids: Any, profile: Profile) -> None:
    builder = DirectoryBuilder(profile)
    builder.add_directory(["empty"])
    builder.add_file(["index.html"], imported(content("index", 100), profile))
    builder.add_file(["a", "b", "c", "deep.txt"], imported(content("deep", 10), profile))
    builder.add_directory(["a", "empty"])
    builder.add_file(["a.txt"], imported(content("a", 3 * 2**20), profile))
    root = builder.build(Nowhere())
    assert text(root, profile) == expected_cids["mixed_tree"][profile.name]


def test_kubos_own_vectors_exactly_at_the_threshold_and_one_byte_above(expected_cids: Any) -> None:
    for vector in expected_cids["kubo"]:
        profile = PROFILES[vector["profile"]]
        stream = ChaCha20.new(key=sha256(vector["seed"].encode()).digest(), nonce=bytes(12))
        file, builder = imported(b"x", profile), DirectoryBuilder(profile)
        for number in range(vector["count"]):
            is_last = number == vector["count"] - 1
            length = vector["last_name_length" if is_last else "name_length"]
            letters = stream.encrypt(bytes(length))
            builder.add_file(["".join(KUBO_ALPHABET[letter % 39] for letter in letters)], file)
        assert text(builder.build(Nowhere()), profile) == vector["cid"], vector


def test_the_empty_directory_and_the_empty_file() -> None:
    assert str(DirectoryBuilder().build(Nowhere()).cid) == EMPTY_DIRECTORY
    empty = imported(b"", UNIXFS_V1_2025)
    assert str(empty.cid) == "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
    assert (empty.size_bytes, empty.dag_bytes) == (0, 0)


def test_a_random_folder_agrees_with_the_rust_implementation() -> None:
    seeded = random.Random(7)
    files = {
        "/".join(seeded.choice(["a", "b", "ß", "文件", "x y"]) for _ in range(depth))
        + f"/{number}.txt": seeded.randbytes(seeded.choice([0, 1, 1_000, 300_000, 700_000]))
        for number, depth in enumerate(seeded.choices(range(1, 5), k=60))
    }
    builder = DirectoryBuilder(UNIXFS_V0_2015)
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            builder.add_file(name.split("/"), imported(data, UNIXFS_V0_2015))
        expected = aleph_cid.hash_folder(folder, cid_version=0)
    assert builder.build(Nowhere()).cid.text_v0 == expected


class OneByteAtATime(io.BytesIO):
    def read(self, _size: int | None = -1, /) -> bytes:
        return super().read(1)


def test_a_stream_that_gives_little_at_a_time__is_cut_into_the_same_chunks() -> None:
    data = content("file", 2**18 + 1)
    slow = import_file(OneByteAtATime(data), Nowhere(), UNIXFS_V0_2015)
    assert slow == imported(data, UNIXFS_V0_2015)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
@pytest.mark.parametrize("length", [0, 1, 2**18, 2**20, 2**20 + 1, 5 * 2**20 + 3])
def test_bytes_handed_over_in_pieces__are_the_same_file(profile: Profile, length: int) -> None:
    data = content("pieces", length)
    writer = FileWriter(Nowhere(), profile)
    for start in range(0, length, 77_777):
        writer.write(data[start : start + 77_777])
    assert writer.finish() == imported(data, profile)
