"""CAR files: what goes in comes out, and nothing else gets in."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from pathlib import Path

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.storage.car import encode_header, import_car, read_car, write_car
from api.storage.embedded import EmbeddedBlockStore
from api.storage.ports import BlockMissing, CarRejected
from api.storage.unixfs import UNIXFS_V0_2015, Cid, DirectoryBuilder, import_file, parse_cid
from api.storage.unixfs.cid import RAW, pack_cid
from api.storage.unixfs.varint import varint
from api.storage.unixfs.walk import walk_blocks

# The CARv1 specification's own fixture begins with this header: two roots, tag 42, version 1.
SPEC_HEADER = bytes.fromhex(
    "a265726f6f747382d82a58250001711220f88bc853804cf294fe417e4fa83028689fcdb1b1592c5102e1474dbc200f"
    "ab8bd82a5825000171122069ea0740f9807a28f4d932c62e7c1c83be055e55072c90266ab3e79df63a365b67766572"
    "73696f6e01"
)


def raw_cid(data: bytes) -> Cid:
    return Cid(RAW, sha256(data).digest())


def car_of(*blocks: bytes) -> bytes:
    cids = [(raw_cid(block), block) for block in blocks]
    return b"".join(write_car([cid for cid, _ in cids[:1]], cids))


def read(data: bytes) -> list[tuple[Cid, bytes]]:
    return list(read_car(BytesIO(data)).blocks)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=8))
def test_what_was_written__is_read(blocks: list[bytes]) -> None:
    car = read_car(BytesIO(car_of(*blocks)))
    assert car.roots == (raw_cid(blocks[0]),)
    assert list(car.blocks) == [(raw_cid(block), block) for block in blocks]


def test_the_header__is_canonical_dag_cbor() -> None:
    cid = parse_cid("bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy")
    assert encode_header([cid]) == (
        bytes.fromhex("a265726f6f747381d82a582500") + pack_cid(cid, 1) + SPEC_HEADER[-9:]
    )


def test_a_root_of_another_codec__is_refused_by_name() -> None:
    with pytest.raises(CarRejected, match="a root is of a kind that is not kept here"):
        read(varint(len(SPEC_HEADER)) + SPEC_HEADER)


@given(st.integers(min_value=1), st.data())
def test_a_car_that_is_cut__is_refused_or_ends_between_blocks(
    seed: int, data: st.DataObject
) -> None:
    whole = car_of(b"one" * 50, b"two" * 50, b"three" * 50)
    cut = data.draw(st.integers(0, len(whole) - 1))
    try:
        blocks = read(whole[:cut])
    except CarRejected:
        return
    assert all(cid.matches(block) for cid, block in blocks)
    assert len(blocks) < 3


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"", "header"),
        (cbor2.dumps({"roots": [], "version": 2}), "version"),
        (cbor2.dumps({"version": 1}), "no roots"),
        (cbor2.dumps([1]), "no map"),
        (cbor2.dumps({"roots": ["x"], "version": 1}), "no CID"),
        (cbor2.dumps({"roots": [], "version": 1}) + b"\0", "no map"),
        (b"\xff\xff", "no map"),
        (b"\x9b" + b"\xff" * 8, "no DAG-CBOR"),
    ],
)
def test_a_header_that_is_none__is_refused(header: bytes, reason: str) -> None:
    with pytest.raises(CarRejected, match=reason):
        read(varint(len(header)) + header)


def test_a_forged_block__is_refused_by_its_cid() -> None:
    cid = raw_cid(b"honest")
    car = b"".join(write_car([cid], [(cid, b"forged")]))
    with pytest.raises(CarRejected) as refused:
        read(car)
    assert refused.value.entry == str(cid)


@pytest.mark.parametrize("length", [2**20 * 3, 2**34])
def test_a_block_that_claims_to_be_huge__is_refused_before_it_is_read(length: int) -> None:
    with pytest.raises(CarRejected, match="block 2"):
        read(car_of(b"first") + varint(length))


def test_a_folder__comes_back_whole(tmp_path: Path) -> None:
    here, there = EmbeddedBlockStore(tmp_path / "here"), EmbeddedBlockStore(tmp_path / "there")
    builder = DirectoryBuilder(UNIXFS_V0_2015)
    big = import_file(BytesIO(bytes(range(256)) * 4_096), here, UNIXFS_V0_2015)
    for name in ("a", "b"):
        builder.add_file((name, "same"), big)
    builder.add_directory(("empty",))
    root = builder.build(here).cid
    here.flush()
    walked = list(walk_blocks(here, [root]))
    assert walked[0][0] == root
    assert len({cid for cid, _ in walked}) == len(walked)
    car = b"".join(write_car([root], walked))
    left = import_car(BytesIO(car), there)
    there.flush()
    assert left.roots == (root,)
    assert list(there.cids()) == list(here.cids())
    assert list(walk_blocks(there, [root])) == walked


def test_a_walk__tells_of_the_block_that_is_missing(tmp_path: Path) -> None:
    store = EmbeddedBlockStore(tmp_path)
    builder = DirectoryBuilder()
    builder.add_file(("lost",), import_file(BytesIO(b"lost"), store))
    root = builder.build(store).cid
    store.flush()
    store.remove_older([str(raw_cid(b"lost"))], put_before=2**40)
    with pytest.raises(BlockMissing):
        list(walk_blocks(store, [root]))
