"""The port's promises, over every adapter."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest

from api.storage.ports import BadCid, BlockCorrupt, BlockMissing, BlockStore
from api.storage.unixfs.cid import RAW, encode_cid


def cid_of(data: bytes) -> str:
    return encode_cid(RAW, sha256(data).digest())


def test_a_block__is_read_back__before_and_after_the_flush(store: BlockStore) -> None:
    data = b"some bytes"
    store.put(cid_of(data), data)
    assert store.get(cid_of(data)) == data
    store.flush()
    assert store.get(cid_of(data)) == data
    assert store.has(cid_of(data))
    path = store.path(cid_of(data))
    assert path is None or path.read_bytes() == data
    assert list(store.cids()) == [cid_of(data)]


def test_an_unknown_block__is_missing(store: BlockStore) -> None:
    assert not store.has(cid_of(b"unknown"))
    assert store.path(cid_of(b"unknown")) is None
    assert list(store.cids()) == []
    with pytest.raises(BlockMissing):
        store.get(cid_of(b"unknown"))


def test_a_foreign_block_with_other_bytes__is_refused(store: BlockStore) -> None:
    with pytest.raises(BlockCorrupt):
        store.put(cid_of(b"one"), b"other")
    assert not store.has(cid_of(b"one"))


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "bafy", "Qm", "b" + "a" * 58, "tmp"])
def test_what_is_no_cid__never_reaches_a_path(store: BlockStore, text: str) -> None:
    for use in (store.get, store.has, store.path):
        with pytest.raises(BadCid):
            use(text)
    with pytest.raises(BadCid):
        store.put(text, b"")


def test_a_block_that_is_put_again__is_kept_once(store: BlockStore) -> None:
    for _ in range(2):
        store.put(cid_of(b"again"), b"again")
        store.put(cid_of(b"again"), b"again")
        store.flush()
    assert list(store.cids()) == [cid_of(b"again")]


def test_what_is_discarded__was_never_there__and_what_was_flushed_stays(store: BlockStore) -> None:
    store.put(cid_of(b"kept"), b"kept")
    store.flush()
    store.put(cid_of(b"gone"), b"gone")
    store.discard()
    store.flush()
    assert list(store.cids()) == [cid_of(b"kept")]
    assert not store.has(cid_of(b"gone"))


def test_many_threads__share_blocks_and_never_lose_one(store: BlockStore) -> None:
    blocks = [b"%d" % number for number in range(120)]

    def put_some(first: int) -> None:
        for data in blocks[first : first + 60]:
            store.put(cid_of(data), data)
        store.flush()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(put_some, [0, 20, 40, 60]))
    assert sorted(store.cids()) == sorted(cid_of(data) for data in blocks)
    assert all(store.get(cid_of(data)) == data for data in blocks)


def test_blocks_that_nobody_put_since__are_removed(store: BlockStore) -> None:
    for data in (b"old", b"kept"):
        store.put(cid_of(data), data)
    store.flush()
    assert store.remove_older([cid_of(b"old"), cid_of(b"never")], put_before=0) == 0
    later = time.time() + 60
    assert store.remove_older([cid_of(b"old"), cid_of(b"never")], put_before=later) == 1
    assert list(store.cids()) == [cid_of(b"kept")]


def test_a_block_that_was_put_again__counts_as_new(store: BlockStore) -> None:
    store.put(cid_of(b"old"), b"old")
    store.flush()
    for path in filter(None, [store.path(cid_of(b"old"))]):
        os.utime(path, (1, 1))
    store.put(cid_of(b"old"), b"old")
    assert store.remove_older([cid_of(b"old")], put_before=time.time() - 60) == 0
    store.flush()
    assert store.get(cid_of(b"old")) == b"old"


def test_a_block_put_again_after_its_removal__is_there(store: BlockStore) -> None:
    store.put(cid_of(b"back"), b"back")
    store.flush()
    store.remove_older([cid_of(b"back")], put_before=time.time() + 60)
    store.put(cid_of(b"back"), b"back")
    store.flush()
    assert store.get(cid_of(b"back")) == b"back"


def test_a_touch__tells_what_is_here__and_makes_it_new(store: BlockStore) -> None:
    assert store.touch([cid_of(b"here")]) == set()
    store.put(cid_of(b"here"), b"here")
    store.flush()
    for path in filter(None, [store.path(cid_of(b"here"))]):
        os.utime(path, (1, 1))
    assert store.touch([cid_of(b"never"), cid_of(b"here")]) == {cid_of(b"here")}
    store.flush()
    assert store.remove_older([cid_of(b"here")], put_before=time.time() - 60) == 0
    assert list(store.cids()) == [cid_of(b"here")]


def test_a_touch_of_what_is_no_cid__is_refused(store: BlockStore) -> None:
    with pytest.raises(BadCid):
        store.touch(["../../etc/passwd"])
