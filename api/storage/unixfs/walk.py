"""Every block below a root, each once, parents before children, depth first in the links' order.

That order is what trustless clients expect of a CAR (`order=dfs`, `dups=n`). Memory is bounded by
one digest a block and the path from the root; a DAG that shares parts is walked once, however
many files it stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from api.storage.ports import BlockStore
from api.storage.unixfs.cid import DAG_PB, Cid, parse_packed_cid
from api.storage.unixfs.dagpb import decode_node


def walk_blocks(
    store: BlockStore, roots: Iterable[Cid], seen: set[bytes] | None = None
) -> Iterator[tuple[Cid, bytes]]:
    """The blocks of some roots with their bytes, each checked by the store.

    `seen` holds the digests of blocks to leave out, and is added to. Raises BlockMissing and
    BlockCorrupt as they come.
    """
    known = set() if seen is None else seen
    pending = list(roots)
    pending.reverse()
    while pending:
        cid = pending.pop()
        if cid.digest in known:
            continue
        known.add(cid.digest)
        block = store.get(str(cid))
        yield cid, block
        pending.extend(reversed(links_of(cid, block)))


def links_of(cid: Cid, block: bytes) -> list[Cid]:
    """Where a block leads; raises BlockCorrupt, BadCid for a link to what is not kept here."""
    if cid.codec != DAG_PB:
        return []
    return [parse_packed_cid(link.cid) for link in decode_node(block).links]
