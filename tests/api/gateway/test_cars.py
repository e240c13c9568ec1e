"""What a CAR holds, and what a DAG that was made to be endless costs."""

from __future__ import annotations

import time
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from api.gateway.cars import car_blocks
from api.gateway.contents import BARE, Face
from api.gateway.formats import Form, car_bytes, wanted_form
from api.gateway.listing import list_entries
from api.gateway.pages import Refusal
from api.gateway.routing import Target
from api.storage.car import read_car
from api.storage.embedded import EmbeddedBlockStore
from api.storage.ports import BlockMissing, CarRejected, NotADirectory
from api.storage.unixfs import Cid, Directory, DirectoryBuilder, import_file
from api.storage.unixfs.cid import DAG_PB, RAW, pack_cid
from api.storage.unixfs.dagpb import Link, encode_node
from api.storage.unixfs.data import FANOUT, MURMUR3_X64_64, Data, Kind, encode_data

CAR = "application/vnd.ipld.car"


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedBlockStore:
    return EmbeddedBlockStore(tmp_path)


def put(store: EmbeddedBlockStore, codec: int, block: bytes) -> Cid:
    cid = Cid(codec, sha256(block).digest())
    store.put(str(cid), block)
    store.flush()
    return cid


def put_files(store: EmbeddedBlockStore, files: dict[str, bytes]) -> Cid:
    builder = DirectoryBuilder()
    for name, data in files.items():
        builder.add_file(name.split("/"), import_file(BytesIO(data), store))
    root = builder.build(store).cid
    store.flush()
    return root


def endless_file(store: EmbeddedBlockStore, levels: int = 12, width: int = 50) -> Cid:
    """A file of 50^12 bytes in 13 blocks."""
    child, size = put(store, RAW, b"x"), 1
    for _ in range(levels):
        links = [Link(pack_cid(child, 1), b"", 1)] * width
        data = Data(Kind.FILE, size_bytes=size * width, block_sizes=(size,) * width)
        child, size = put(store, DAG_PB, encode_node(links, encode_data(data))), size * width
    return child


def endless_directory(store: EmbeddedBlockStore) -> Cid:
    """Shards without an entry, 256 links to the same one below, eight levels deep."""
    child = put(store, RAW, b"x")
    for level in range(8):
        links = [
            Link(pack_cid(child, 1), b"%02X" % slot + (b"" if level else b"name"), 1)
            for slot in range(256 if level else 0)
        ]
        data = Data(Kind.SHARD, data=b"\xff" * 32, hash_type=MURMUR3_X64_64, fanout=FANOUT)
        child = put(store, DAG_PB, encode_node(links, encode_data(data)))
    return child


@pytest.mark.parametrize("span", [None, (1, -2), (-(10**15), 10**17), (10**17, None)])
def test_a_file_that_repeats_itself__costs_what_its_blocks_cost(
    store: EmbeddedBlockStore, span: tuple[int, int | None] | None
) -> None:
    root = endless_file(store)
    started_at = time.process_time()
    _end, blocks = car_blocks(store, root, [], "entity", span)
    cids = [cid for cid, _ in blocks]
    assert time.process_time() - started_at < 2
    assert len(cids) == len(set(cids)) <= 13
    assert cids[0] == root


def test_a_directory_that_repeats_itself__costs_what_its_blocks_cost(
    store: EmbeddedBlockStore,
) -> None:
    root = endless_directory(store)
    started_at = time.process_time()
    _end, blocks = car_blocks(store, root, [], "entity", None)
    assert len(list(blocks)) == 8
    assert list_entries(store, Directory(root)) == []
    assert time.process_time() - started_at < 20


def test_empty_files__do_not_end_a_car(store: EmbeddedBlockStore) -> None:
    root = put_files(store, {"a": b"", "b": b"b", "c/d": b"", "z": b"z"})
    pieces = list(car_bytes(Form("car"), store, Target(str(root), "", Face.PATH)))
    assert all(pieces)
    assert len(list(read_car(BytesIO(b"".join(pieces))).blocks)) == 5


def test_a_car_that_breaks_off__is_no_car(store: EmbeddedBlockStore) -> None:
    files = {name: name.encode() * 200_000 for name in "abc"}
    root = put_files(store, files)
    lost = store.path(str(Cid(RAW, sha256(files["b"]).digest())))
    assert lost is not None
    lost.unlink()
    sent: list[bytes] = []
    with pytest.raises(BlockMissing):
        sent.extend(car_bytes(Form("car"), store, Target(str(root), "", Face.PATH)))
    with pytest.raises(CarRejected):
        list(read_car(BytesIO(b"".join(sent))).blocks)


def test_the_way_behind_a_file__leads_nowhere(store: EmbeddedBlockStore) -> None:
    root = put_files(store, {"a": b"1"})
    with pytest.raises(NotADirectory):
        car_blocks(store, root, ["a", "b"], "all", None)


@pytest.mark.parametrize(
    ("query", "accept", "form"),
    [
        ("", "text/html,*/*", None),
        ("filename=x", "", None),
        ("", f"{CAR}", Form("car")),
        ("", f"text/html, {CAR.upper()}; version=1; order=dfs; dups=y;q=0.5", Form("car")),
        ("", f"application/json;version=7, {CAR}", Form("car")),
        ("format=raw", CAR, Form("raw")),
        ("format=car&dag-scope=block", "", Form("car", "block")),
        ("format=car&entity-bytes=0:*", "", Form("car", "entity", (0, None))),
        ("format=car&car-order=unk&car-dups=n", "", Form("car")),
    ],
)
def test_the_form_that_is_asked_for(query: str, accept: str, form: Form | None) -> None:
    assert wanted_form(query, accept) == form


@pytest.mark.parametrize(
    ("query", "accept", "status"),
    [
        ("", f"{CAR};version=2", 406),
        ("format=car&car-order=bfs", "", 406),
        ("format=car&car-dups=maybe", "", 400),
        ("format=dag-json", "", 406),
        ("format=car&dag-scope=", CAR, None),
        ("format=car&entity-bytes=5:3", "", 400),
        ("format=car&entity-bytes=-3:-5", "", 400),
        (f"format=car&entity-bytes=0:{'9' * 5_000}", "", 400),
    ],
)
def test_a_form_that_is_not_given__is_refused(query: str, accept: str, status: int | None) -> None:
    if status is None:
        assert wanted_form(query, accept) == Form("car")
        return
    with pytest.raises(Refusal) as refused:
        wanted_form(query, accept)
    assert refused.value.status == status


def test_the_tag_of_a_car__is_of_its_way_and_scope() -> None:
    cid = Cid(RAW, bytes(32))
    tags = {
        form.etag(cid, Target(str(cid), path, Face.PATH, BARE))
        for form in (Form("car"), Form("car", "block"), Form("car", "entity", (0, 1)))
        for path in ("", "/a")
    }
    assert len(tags) == 6
    assert all(tag.startswith('W/"') for tag in tags)
