"""Big directories as a trie of shards by the murmur3 hash of the name, one byte of it a level.

A shard's link is two upper-case hex digits (the slot) and, for an entry, its name behind them.
The hash is no cryptographic one: names can be made that collide in all 64 bits, so the depth is
bounded by the hash's length, and names that share it all are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import mmh3

from api.storage.ports import BlockStore, ShardTooDeep
from api.storage.unixfs.cid import pack_cid
from api.storage.unixfs.dagpb import Link
from api.storage.unixfs.data import FANOUT, MURMUR3_X64_64, Data, Kind
from api.storage.unixfs.importer import Imported, Linked, put_node

DEPTH = 8  # bytes of the hash


def slots_of(name: bytes) -> bytes:
    """The slot that a name takes at each depth."""
    return mmh3.hash64(name, signed=False)[0].to_bytes(DEPTH)


def slot_label(slot: int) -> bytes:
    """How a slot is spelt in a link."""
    return b"%02X" % slot


def put_shards(
    entries: Mapping[bytes, Linked], store: BlockStore, version: int, size_bytes: int
) -> Imported:
    """Writes a whole sharded directory; raises ShardTooDeep."""
    hashed = [(slots_of(name), name) for name in entries]
    return put_shards_at(0, hashed, entries, store, version, size_bytes)


def put_shards_at(
    depth: int,
    names: Sequence[tuple[bytes, bytes]],
    entries: Mapping[bytes, Linked],
    store: BlockStore,
    version: int,
    size_bytes: int = 0,
) -> Imported:
    """Writes a part: the names (with their hashes) that share the slots above a depth."""
    if depth == DEPTH:
        raise ShardTooDeep(names[0][1].decode())
    slots: dict[int, list[tuple[bytes, bytes]]] = {}
    for hashed, name in names:
        slots.setdefault(hashed[depth], []).append((hashed, name))
    links: dict[int, Link] = {}
    for slot, inside in slots.items():
        child: Linked
        if len(inside) == 1:
            name = inside[0][1]
            child = entries[name]
        else:
            child, name = put_shards_at(depth + 1, inside, entries, store, version), b""
        links[slot] = slot_link(slot, name, child, version)
    return put_shard(links, store, size_bytes)


def slot_link(slot: int, name: bytes, child: Linked, version: int) -> Link:
    """The link of a slot: to an entry, or, without a name, to the shard below."""
    return Link(pack_cid(child.cid, version), slot_label(slot) + name, child.dag_bytes)


def put_shard(links: Mapping[int, Link], store: BlockStore, size_bytes: int = 0) -> Imported:
    """Writes one shard by its slots."""
    bits = sum(1 << slot for slot in links)
    data = Data(
        Kind.SHARD,
        data=bits.to_bytes((bits.bit_length() + 7) // 8),
        hash_type=MURMUR3_X64_64,
        fanout=FANOUT,
    )
    return put_node(store, [links[slot] for slot in sorted(links)], data, size_bytes)
