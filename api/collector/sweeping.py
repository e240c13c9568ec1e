"""Takes what nobody holds out of the index, then out of the store; see the package for why so.

Memory is bounded by a page: what is held is computed in SQL, what is there is read as it comes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice

from api.collector import hooks, repository
from api.db import begin, db, writing
from api.holds.gate import enter_to_remove
from api.holds.links import forget_above, holds_above, index_dag, list_unnamed
from api.storage.ports import BlockStore, StorageError
from api.storage.unixfs import parse_cid
from api.storage.unixfs.walk import links_of

PUT_SAFE_SECONDS = 86_400  # what was put and isn't held yet stays for so long
_NODES = 10_000  # looked for by one walk through the index
_FLUSH_BLOCKS = 256


def forget_unheld() -> int:
    """Takes the links of nodes that lie below no hold out of the index; how many nodes."""
    forgotten = 0
    while True:
        begin(writes=False)
        nodes = repository.list_unheld_nodes(_NODES)
        db.session.rollback()
        for part in repository.in_parts(nodes):
            with writing():
                enter_to_remove()
                held = holds_above(part)
                unheld = [node for node in part if node not in held]
                forget_above(unheld)
            forgotten += len(unheld)
        if len(nodes) < _NODES:
            return forgotten


def sweep_blocks(store: BlockStore) -> int:
    """Removes the blocks that no row names and nobody put lately; how many."""
    put_before = time.time() - PUT_SAFE_SECONDS
    waiting = Waiting(store)
    removed = 0
    for part in _batches(store.cids(), repository.PAGE):
        begin(writes=False)
        unnamed = list_unnamed(part)
        db.session.rollback()
        if unnamed:
            removed += _remove(store, unnamed, put_before, waiting)
    return removed


class Waiting:
    """Holds that wait to be indexed, of which this run has seen some."""

    def __init__(self, store: BlockStore) -> None:
        self._store = store
        self._seen: set[str] = set()

    def any_new(self) -> bool:
        """Whether there are some that `settle` has not looked at."""
        return bool(repository.list_waiting(self._seen))

    def settle(self) -> None:
        """Indexes those that are whole; of the others, puts again what is there."""
        begin(writes=False)
        roots = repository.list_waiting(self._seen)
        db.session.rollback()
        for root in roots:
            try:
                with writing():
                    index_dag(self._store, parse_cid(root))
            except StorageError:
                put_again(self._store, root)
            self._seen.add(root)


def put_again(store: BlockStore, root: str) -> None:
    """Each block below a root that is there counts as put now."""
    seen, pending, put = set[str](), [parse_cid(root)], 0
    while pending:
        cid = pending.pop()
        if str(cid) in seen:
            continue
        seen.add(str(cid))
        try:
            data = store.get(str(cid))
            below = links_of(cid, data)
        except StorageError:
            continue
        store.put(str(cid), data, verified=True)
        put += 1
        if put % _FLUSH_BLOCKS == 0:
            store.flush()
        pending.extend(below)
    store.flush()


def _remove(store: BlockStore, unnamed: Sequence[str], put_before: float, waiting: Waiting) -> int:
    while True:
        waiting.settle()
        with writing():
            enter_to_remove()
            if waiting.any_new():
                continue
            doomed = list_unnamed(unnamed)
            for hook in hooks.BLOCKS_REMOVED:
                hook(doomed)
            # Nobody can name one of them before this transaction ends. If it fails behind the
            # removal, what is gone was named by nobody.
            return store.remove_older(doomed, put_before)


def _batches(cids: Iterator[str], size: int) -> Iterator[list[str]]:
    while batch := list(islice(cids, size)):
        yield batch
