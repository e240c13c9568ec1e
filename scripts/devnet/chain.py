"""The chain itself: mines blocks, goes back to an older one, keeps its clock.

Invariants: a block's timestamp is max(parent's + 1, wall clock + offset), so a burst of
transactions may run ahead of the clock but the chain falls back into step with it; what `mine`
returned is on the disk. Not thread-safe: callers hold `lock`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import orjson
import rlp
from eth.db.atomic import AtomicDB
from eth.vm.forks.prague.blocks import PragueBlockHeader
from eth_utils.crypto import keccak

from scripts.devnet.errors import DevnetError, rejected
from scripts.devnet.genesis import CHAIN_ID, COINBASE, EXTRA_DATA, chain_class, make_genesis
from scripts.devnet.pairs import FORMAT
from scripts.devnet.render import receipts_json, transaction_json
from scripts.devnet.store import BlockRow, Store

CACHED_HEADERS = 4_096

# A final block must not be reverted, so the head is not final. 12 is what the indexer waits for by
# default, so that the tag costs nothing above it: 24 s at the default heartbeat.
FINAL_DEPTH = 12
SAFE_DEPTH = 6


class Chain:
    """The canonical chain over a store; a fresh store gets a genesis block."""

    def __init__(self, store: Store, wall: Callable[[], float] = time.time) -> None:
        self.lock = threading.RLock()
        self._store = store
        self._wall = wall
        self.header_by_hash = lru_cache(CACHED_HEADERS)(self._read_header)
        genesis = make_genesis(int(store.get_meta("genesis_timestamp") or wall()))
        first = genesis.get_canonical_head()
        if store.head_hash() is None:
            self._write_genesis(genesis, first)
        elif store.get_meta("genesis_hash") != first.hash.hex():
            raise DevnetError("the chain in the data folder has another genesis; move it away")
        self.genesis_hash: bytes = first.hash
        head = store.head_hash()
        assert head is not None  # noqa: S101  # a genesis stands there by now
        self.head = self.header_by_hash(head)
        self.offset_seconds = int(store.get_meta("offset_seconds") or 0)
        self.next_timestamp = int(store.get_meta("next_timestamp") or 0) or None
        self._branch = int(store.get_meta("branch") or 0)
        self._evm = chain_class(genesis)(AtomicDB(store), first)
        self.transaction_builder = self._evm.get_vm(first).get_transaction_builder()

    # reading

    @property
    def store(self) -> Store:
        """The canonical blocks and transactions."""
        return self._store

    def now(self) -> int:
        """The chain's clock, in unix seconds."""
        return int(self._wall()) + self.offset_seconds

    def header(self, number: int) -> Any | None:
        """The canonical header of a number."""
        if number == self.head.block_number:
            return self.head
        row = self._store.block(number)
        return None if row is None else self.header_by_hash(row.hash)

    def state(self, header: Any) -> Any:
        """py-evm's state after a block; to be read only."""
        return self._evm.get_vm(header).state

    def scratch_state(self, header: Any) -> Any:
        """A state to try calls on within a block's context, gas being free."""
        return self._evm.get_vm(header.copy(base_fee_per_gas=0)).state

    def next_header(self) -> Any:
        """The header that a block mined now would start from: on the head's state."""
        timestamp = self.next_timestamp or max(self.head.timestamp + 1, self.now())
        seed = self.head.hash + self._branch.to_bytes(8, "big")
        return self._evm.create_header_from_parent(
            self.head,
            timestamp=timestamp,
            coinbase=COINBASE,
            extra_data=EXTRA_DATA,
            mix_hash=keccak(seed),
        )

    # writing

    def mine(self, transactions: Sequence[Any] = ()) -> Any:
        """Mines a block; raises py-evm's ValidationError for a transaction that can't be in it."""
        base = self.next_header()
        with self._store.transaction():
            vm = self._evm.get_vm(base)
            filled, receipts, _ = vm.apply_all_transactions(transactions, base)
            packed = vm.set_block_transactions_and_withdrawals(
                vm.get_block(), filled, transactions, receipts
            )
            block = vm.mine_block(packed).block
            header = block.header
            offset = self.offset_seconds
            if self.next_timestamp:
                offset = self.next_timestamp - int(self._wall())
            self._store[header.hash] = rlp.encode(header)
            self._store.append(_row(block, receipts), [item.hash for item in transactions])
            self._store.set_meta(offset_seconds=offset, next_timestamp=0)
        self.head = header
        self.offset_seconds, self.next_timestamp = offset, None
        return header

    def mine_if_due(self) -> bool:
        """The heartbeat: mines an empty block where the clock has left the head behind.

        Not while somebody has set the next block's timestamp: that is meant for a transaction.
        """
        due = self.next_timestamp is None and self.head.timestamp < self.now()
        if due:
            self.mine()
        return due

    def rewind(self, number: int, offset_seconds: int) -> None:
        """Makes an older block the head again: what is mined then is another branch.

        Its blocks' hashes differ from the dropped ones' even where all else is the same.
        """
        row = self._store.block(number)
        if row is None:
            raise rejected(f"there is no block {number} to go back to")
        with self._store.transaction():
            self._store.truncate(number)
            self._store.set_meta(
                branch=self._branch + 1, offset_seconds=offset_seconds, next_timestamp=0
            )
        self._branch += 1
        self.head = self.header_by_hash(row.hash)
        self.offset_seconds, self.next_timestamp = offset_seconds, None

    def set_clock(self, offset_seconds: int, next_timestamp: int | None) -> None:
        """Moves the clock; a timestamp set for the next block must be later than the head's."""
        if next_timestamp is not None and next_timestamp <= self.head.timestamp:
            raise rejected(
                f"timestamp {next_timestamp} is not after the head's {self.head.timestamp}"
            )
        with self._store.transaction():
            self._store.set_meta(offset_seconds=offset_seconds, next_timestamp=next_timestamp or 0)
        self.offset_seconds, self.next_timestamp = offset_seconds, next_timestamp

    # inside

    def _read_header(self, hash_: bytes) -> Any:
        return rlp.decode(self._store[hash_], sedes=PragueBlockHeader)

    def _write_genesis(self, genesis: Any, header: Any) -> None:
        with self._store.transaction():
            for key, value in genesis.chaindb.db.wrapped_db.kv_store.items():
                self._store[key] = value
            self._store[header.hash] = rlp.encode(header)
            self._store.append(
                BlockRow(0, header.hash, len(rlp.encode(header)), False, b"[]", b"[]"), []
            )
            self._store.set_meta(
                format=FORMAT,
                chain_id=CHAIN_ID,
                genesis_timestamp=header.timestamp,
                genesis_hash=header.hash.hex(),
            )


def _row(block: Any, receipts: Sequence[Any]) -> BlockRow:
    header, transactions = block.header, block.transactions
    shown = [transaction_json(item, header, at) for at, item in enumerate(transactions)]
    return BlockRow(
        number=header.block_number,
        hash=header.hash,
        size=len(rlp.encode(block)),
        has_logs=any(receipt.logs for receipt in receipts),
        transactions=orjson.dumps(shown),
        receipts=orjson.dumps(receipts_json(header, transactions, receipts)),
    )
