"""What was imported is read back: by path, by range, in whatever order it came."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.storage.nowhere import Nowhere
from api.storage.ports import (
    BadCid,
    BlockCorrupt,
    BlockMissing,
    EntryMissing,
    NotADirectory,
    PathClash,
    ShardTooDeep,
)
from api.storage.unixfs import (
    UNIXFS_V0_2015,
    UNIXFS_V1_2025,
    Dag,
    Directory,
    DirectoryBuilder,
    File,
    Imported,
    Profile,
    import_file,
    measure_directory,
    parse_cid,
)
from api.storage.unixfs.cid import DAG_PB, RAW, Cid, pack_cid
from api.storage.unixfs.dagpb import Link, decode_node, encode_node
from api.storage.unixfs.data import Data, Kind, encode_data
from api.storage.unixfs.hamt import slots_of
from api.storage.unixfs.importer import put_node
from tests.api.storage.packing import content


class InMemory(Nowhere):
    """Blocks in a dictionary."""

    def __init__(self) -> None:
        self.blocks: dict[str, bytes] = {}

    def put(self, cid: str, data: bytes, *, verified: bool = False) -> None:
        self.blocks[cid] = data

    def get(self, cid: str) -> bytes:
        if cid not in self.blocks:
            raise BlockMissing(cid)
        return self.blocks[cid]


SMALL = Profile("small", 1, True, 7, 3, UNIXFS_V1_2025.sharding_size, 200)
SMALL_V0 = Profile("small-v0", 0, False, 7, 3, UNIXFS_V0_2015.sharding_size, 200)

names = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="/"), min_size=1
).filter(lambda name: name not in (".", ".."))
trees = st.dictionaries(
    st.lists(names, min_size=1, max_size=3).map(tuple), st.binary(max_size=200), max_size=12
).filter(
    lambda files: (
        not any(path != other and other[: len(path)] == path for path in files for other in files)
    )
)


def build(files: dict[tuple[str, ...], bytes], store: InMemory, profile: Profile) -> Imported:
    builder = DirectoryBuilder(profile)
    for path, data in files.items():
        builder.add_file(path, import_file(io.BytesIO(data), store, profile))
    return builder.build(store)


@given(trees, st.randoms(use_true_random=False), st.sampled_from([SMALL, SMALL_V0]))
@settings(max_examples=60, deadline=None)
def test_any_tree__is_read_back__and_its_cid_does_not_depend_on_the_order(
    files: dict[tuple[str, ...], bytes], seeded: random.Random, profile: Profile
) -> None:
    store = InMemory()
    root = build(files, store, profile)
    shuffled = list(files.items())
    seeded.shuffle(shuffled)
    assert build(dict(shuffled), InMemory(), profile) == root
    dag = Dag(store)
    for path, data in files.items():
        found = dag.resolve(root.cid, path)[-1]
        assert isinstance(found, File)
        assert found.size_bytes == len(data)
        assert b"".join(dag.read(found)) == data
    listed = {entry.name for entry in dag.entries(Directory(root.cid))}
    assert listed == {path[0] for path in files}


@given(st.integers(0, 300), st.integers(0, 320), st.integers(0, 320))
@settings(max_examples=80, deadline=None)
def test_any_range_of_a_deep_file__is_the_slice_of_its_bytes(
    length: int, offset: int, count: int
) -> None:
    data, store = content("range", length), InMemory()
    root = import_file(io.BytesIO(data), store, SMALL)
    dag = Dag(store)
    file = dag.open(root.cid)
    assert isinstance(file, File)
    assert b"".join(dag.read(file, offset, count)) == data[offset : offset + count]


def test_a_sharded_directory__finds_every_name_and_no_other() -> None:
    store = InMemory()
    files = {(f"entry-{number}",): b"" for number in range(6_000)}
    root = build(files, store, UNIXFS_V1_2025)
    dag = Dag(store)
    top = Directory(root.cid)
    assert len(list(dag.entries(top))) == 6_000
    for number in range(0, 6_000, 101):
        assert dag.child(top, f"entry-{number}").codec == RAW
    for name in ("entry-6000", "entry", "00entry-1", ""):
        with pytest.raises(EntryMissing):
            dag.child(top, name)


def test_walking__says_what_is_wrong_with_a_path() -> None:
    store = InMemory()
    root = build({("a", "b.txt"): b"b"}, store, UNIXFS_V1_2025)
    dag = Dag(store)
    with pytest.raises(EntryMissing):
        dag.resolve(root.cid, ["a", "c.txt"])
    with pytest.raises(NotADirectory):
        dag.resolve(root.cid, ["a", "b.txt", "more"])
    with pytest.raises(BlockMissing):
        dag.resolve(Cid(DAG_PB, bytes(32)), [])


def test_a_path_that_comes_twice_or_lies_below_a_file__is_refused() -> None:
    file = import_file(io.BytesIO(b"x"), Nowhere())
    for first, second in ((["a"], ["a"]), (["a"], ["a", "b"]), (["a", "b"], ["a"])):
        builder = DirectoryBuilder()
        builder.add_file(first, file)
        with pytest.raises(PathClash):
            builder.add_file(second, file)


def test_names_that_share_their_whole_hash__are_refused_without_end_of_stack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.storage.unixfs.hamt.slots_of", lambda _name: bytes(8))
    builder = DirectoryBuilder(SMALL)
    file = import_file(io.BytesIO(b"x"), Nowhere())
    for number in range(10):
        builder.add_file([f"name-{number}"], file)
    with pytest.raises(ShardTooDeep):
        builder.build(Nowhere())
    assert len(slots_of(b"name")) == 8


def _file_node(links: list[Link], data: Data, store: InMemory) -> Cid:
    return put_node(store, links, data, 0).cid


def test_a_file_that_contradicts_itself__is_corrupt_and_gives_no_wrong_byte() -> None:
    store = InMemory()
    leaf = import_file(io.BytesIO(b"leaf"), store).cid
    link = Link(pack_cid(leaf, 1), b"", 4)
    lies = {
        "a leaf of another length": Data(Kind.FILE, size_bytes=5, block_sizes=(5,)),
        "no length for the link": Data(Kind.FILE, size_bytes=4),
        "a sum that isn't one": Data(Kind.FILE, size_bytes=9, block_sizes=(4,)),
    }
    for lie, data in lies.items():
        dag = Dag(store)
        with pytest.raises(BlockCorrupt):  # noqa: PT012  # either step may find it
            file = dag.open(_file_node([link], data, store))
            assert isinstance(file, File), lie
            list(dag.read(file))


def test_a_directory_in_the_place_of_a_chunk__is_corrupt() -> None:
    store = InMemory()
    folder = DirectoryBuilder().build(store).cid
    data = Data(Kind.FILE, size_bytes=4, block_sizes=(4,))
    file = Dag(store).open(_file_node([Link(pack_cid(folder, 1), b"", 4)], data, store))
    assert isinstance(file, File)
    with pytest.raises(BlockCorrupt):
        list(Dag(store).read(file))


@pytest.mark.parametrize(
    "block",
    [
        b"\xff",
        b"\x0a\x05abc",
        b"\x0a\x02\x08\x01\x12\x00",
        b"\x1a\x00",
        b"\x12\x02\x0a\x00" + b"\x0a\x02\x08\x01",
        b"\x0d\x00\x00\x00\x00",
        b"\x0a\x02\x08\x01\x0a\x02\x08\x01",
    ],
)
def test_a_node_that_is_not_canonical__is_corrupt(block: bytes) -> None:
    with pytest.raises(BlockCorrupt):
        decode_node(block)


def test_a_node__is_decoded_to_what_was_encoded() -> None:
    links = (Link(pack_cid(Cid(RAW, bytes(32)), 1), "ü".encode(), 2**40),)
    data = encode_data(Data(Kind.DIRECTORY))
    node = decode_node(encode_node(links, data))
    assert (node.links, node.data) == (links, data)


def test_a_cid__is_one_name_whatever_its_spelling() -> None:
    text = str(Cid(DAG_PB, bytes(range(32))))
    cid = parse_cid(text)
    assert parse_cid(text.upper()) == parse_cid(cid.text_v0) == cid
    wrong = [
        "", "b", text[:-1], text + "a", text[:-1] + "9", "z" + text[1:], "Qm" + "0" * 44,
        "Qm" + "1" * 44, "../" + text[3:], text[:-1] + "/", "bafyrei" + text[7:], "ü" * 59,
    ]  # fmt: skip
    for spelling in wrong:
        with pytest.raises(BadCid):
            parse_cid(spelling)


def test_a_directory_that_is_whole__is_measured__and_one_that_is_not__is_refused() -> None:
    store = InMemory()
    files = {("a", "x.txt"): b"12345", ("b.txt",): content("b", 50), ("c", "x.txt"): b"12345"}
    root = build(files, store, SMALL)
    measured = measure_directory(Dag(store), root.cid)
    assert (measured.file_count, measured.size_bytes) == (3, 60)
    for cid in list(store.blocks):
        partial = InMemory()
        partial.blocks = {kept: data for kept, data in store.blocks.items() if kept != cid}
        with pytest.raises(BlockMissing):
            measure_directory(Dag(partial), root.cid)
    with pytest.raises(NotADirectory):
        measure_directory(Dag(store), Dag(store).child(Directory(root.cid), "b.txt"))


def test_a_directory_of_directories_that_are_the_same__is_measured_at_once() -> None:
    store = InMemory()
    at = build({("x.txt",): b"1"}, store, UNIXFS_V1_2025)
    for _ in range(40):  # 2^40 files
        links = [Link(pack_cid(at.cid, 1), name, 1) for name in (b"a", b"b")]
        at = put_node(store, links, Data(Kind.DIRECTORY), 0)
    assert measure_directory(Dag(store), at.cid).file_count == 2**40
