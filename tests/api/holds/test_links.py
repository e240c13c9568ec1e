"""The index of blocks: what lies below a hold, and which services hold a block."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import func, select

from api.db import begin, db, writing
from api.holds.links import (
    BlockLink,
    blocks_below,
    forget_above,
    holds_above,
    index_dag,
    list_unnamed,
    services_above,
)
from api.holds.models import Hold, HoldKind
from api.holds.repository import add_hold, release_holds
from api.storage.ports import BlockMissing, BlockStore
from api.storage.unixfs import Cid, DirectoryBuilder, import_file
from api.storage.unixfs.walk import walk_blocks

MANY = 1_200  # entries: enough for shards, and for more than one question an SQL statement


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def store(app: Flask) -> Iterator[BlockStore]:
    with app.app_context():
        yield app.extensions["dspace_store"]


def folder(store: BlockStore, files: dict[str, bytes]) -> Cid:
    builder = DirectoryBuilder()
    for path, data in files.items():
        builder.add_file(tuple(path.split("/")), import_file(BytesIO(data), store))
    root = builder.build(store).cid
    store.flush()
    return root


def below(root: Cid) -> set[str]:
    begin(writes=False)
    found = blocks_below(select(Hold.cid).where(Hold.cid == str(root)))
    return set(db.session.scalars(select(found.c.cid)))


def hold(store: BlockStore, root: Cid, service_id: int = 1, subject: str = "one") -> None:
    with writing():
        add_hold(HoldKind.FOLDER, subject, service_id, root, 1, store)


def test_what_lies_below_a_hold__is_every_block_of_its_dag(store: BlockStore) -> None:
    files = {f"many/{number}": b"%d" % number for number in range(MANY)}
    root = folder(store, files | {"big": bytes(3 * 2**20), "a/b/c": b"deep"})
    hold(store, root)
    assert below(root) == {str(cid) for cid, _ in walk_blocks(store, [root])}


def test_a_block__is_held_by_every_service_above_it(store: BlockStore) -> None:
    hold(store, folder(store, {"a/shared": b"shared", "own": b"own"}), 1, "one")
    hold(store, folder(store, {"elsewhere": b"shared"}), 2, "two")
    begin(writes=False)
    shared, own = (str(import_file(BytesIO(data), store).cid) for data in (b"shared", b"own"))
    assert sorted(services_above(shared)) == [(1, "folder"), (2, "folder")]
    assert services_above(own) == [(1, "folder")]
    assert services_above(str(import_file(BytesIO(b"other"), store).cid)) == []


def test_a_released_hold__holds_nothing(store: BlockStore) -> None:
    root = folder(store, {"file": b"data"})
    hold(store, root)
    with writing():
        release_holds(HoldKind.FOLDER, ["one"])
    begin(writes=False)
    assert services_above(str(root)) == []


def test_what_is_known__is_neither_read_nor_written_again(
    store: BlockStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(store, folder(store, {"a/1": b"1", "b/2": b"2"}))
    changed = folder(store, {"a/1": b"1", "b/2": b"changed"})
    read: list[str] = []
    get = store.get
    monkeypatch.setattr(store, "get", lambda cid: read.append(cid) or get(cid))
    with writing():
        before = db.session.scalar(select(func.count()).select_from(BlockLink))
        index_dag(store, changed)
        after = db.session.scalar(select(func.count()).select_from(BlockLink))
    assert len(read) == 2  # the root and `b`; `a` is known
    assert (before, after) == (4, 7)


def test_a_dag_that_is_not_whole__holds_nothing(store: BlockStore) -> None:
    inner = folder(store, {"deep/file": b"data"})
    outer = DirectoryBuilder()
    outer.add_file(("in",), import_file(BytesIO(b"x"), store))
    node = next(cid for cid, _ in walk_blocks(store, [inner]) if cid != inner)
    store.remove_older([str(node)], put_before=2**40)
    with pytest.raises(BlockMissing), writing():
        add_hold(HoldKind.FOLDER, "one", 1, inner, 1, store)
    begin(writes=False)
    assert db.session.scalar(select(func.count()).select_from(Hold)) == 0
    assert db.session.scalar(select(func.count()).select_from(BlockLink)) == 0


def test_holds_above__are_found_from_any_depth(store: BlockStore) -> None:
    root = folder(store, {"a/b/c/deep": b"deep", "top": b"top"})
    hold(store, root)
    alone = folder(store, {"x/alone": b"alone"})
    with writing():
        index_dag(store, alone)
    blocks = {str(cid) for cid, _ in walk_blocks(store, [root])}
    begin(writes=False)
    others = {str(cid) for cid, _ in walk_blocks(store, [alone])}
    assert holds_above(sorted(blocks | others)) == blocks
    assert list_unnamed([*sorted(blocks | others), "unknown"]) == ["unknown"]


def test_forgetting_a_node__forgets_all_above_it_and_nothing_beside(store: BlockStore) -> None:
    root = folder(store, {"a/b/deep": b"deep", "beside/file": b"file"})
    with writing():
        index_dag(store, root)
    inner = str(folder(store, {"deep": b"deep"}))  # the node `b`
    beside = str(folder(store, {"file": b"file"}))
    with writing():
        forget_above([inner])
        assert set(db.session.scalars(select(BlockLink.parent))) == {beside}
