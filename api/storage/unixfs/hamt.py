"""Big directories as a trie of shards by the murmur3 hash of the name, one byte of it a level.

A shard's link is two upper-case hex digits (the slot) and, for an entry, its name behind them.
The hash is no cryptographic one: names can be made that collide in all 64 bits, so the depth is
bounded by the hash's length, and names that share it all are refused.
"""

from __future__ import annotations

from collections.abc import Mapping

import mmh3

from api.storage.ports import BlockStore, ShardTooDeep
from api.storage.unixfs.cid import pack_cid
from api.storage.unixfs.dagpb import Link
from api.storage.unixfs.data import FANOUT, MURMUR3_X64_64, Data, Kind
from api.storage.unixfs.importer import Imported, put_node

DEPTH = 8  # bytes of the hash


def slots_of(name: bytes) -> bytes:
    """The slot that a name takes at each depth."""
    return mmh3.hash64(name, signed=False)[0].to_bytes(DEPTH)


def slot_label(slot: int) -> bytes:
    """How a slot is spelt in a link."""
    return b"%02X" % slot


def put_shards(
    entries: Mapping[bytes, Imported], store: BlockStore, version: int, size_bytes: int
) -> Imported:
    """Writes a whole sharded directory; raises ShardTooDeep."""
    hashed = [(slots_of(name), name) for name in entries]
    return _put_shard(hashed, entries, store, version, 0, size_bytes)


def _put_shard(
    names: list[tuple[bytes, bytes]],
    entries: Mapping[bytes, Imported],
    store: BlockStore,
    version: int,
    depth: int,
    size_bytes: int,
) -> Imported:
    if depth == DEPTH:
        raise ShardTooDeep(names[0][1].decode())
    slots: dict[int, list[tuple[bytes, bytes]]] = {}
    for hashed, name in names:
        slots.setdefault(hashed[depth], []).append((hashed, name))
    links = []
    for slot, inside in sorted(slots.items()):
        if len(inside) == 1:
            name = inside[0][1]
            child, label = entries[name], slot_label(slot) + name
        else:
            child = _put_shard(inside, entries, store, version, depth + 1, 0)
            label = slot_label(slot)
        links.append(Link(pack_cid(child.cid, version), label, child.dag_bytes))
    bits = sum(1 << slot for slot in slots)
    data = Data(
        Kind.SHARD,
        data=bits.to_bytes((bits.bit_length() + 7) // 8),
        hash_type=MURMUR3_X64_64,
        fanout=FANOUT,
    )
    return put_node(store, links, data, size_bytes)
