"""What the indexer asks of a chain, typed: heads, blocks, logs, receipts, code."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, TypeVar

from indexer.chain.parse import parse_block, parse_logs, parse_receipt
from indexer.chain.pool import Pool
from indexer.chain.rpc import Call
from indexer.chain.types import Block, RawLog
from indexer.errors import BadAnswer, MethodMissing, NodeRefused

T = TypeVar("T")

BATCH_CALLS = 100  # what public providers take in one post


class Node:
    """The questions; `pool` decides who is asked."""

    proves = False  # whether blocks and logs come proven from their hashes

    def __init__(self, pool: Pool, addresses: Sequence[str]) -> None:
        self.pool = pool
        self._addresses = [address.lower() for address in addresses]
        self._has_block_receipts = True

    def head(self) -> Block:
        """The newest block."""
        return self.pool.ask(
            lambda e: self._read_block(e.call("eth_getBlockByNumber", "latest", False))
        )

    def tagged_numbers(self) -> tuple[int | None, int | None]:
        """The last finalized and the last safe block's number; None where the node has none."""
        tags: list[Call] = [("eth_getBlockByNumber", [tag, False]) for tag in ("finalized", "safe")]
        try:
            finalized, safe = self.pool.ask(lambda e: e.batch(tags), may_be_refused=True)
            return self._number_of(finalized), self._number_of(safe)
        except NodeRefused:  # both, or only the newer notion
            finalized_alone = self._tagged_number("finalized")
            return finalized_alone, None if finalized_alone is None else self._tagged_number("safe")

    def _number_of(self, raw: object) -> int | None:
        return None if raw is None else self._read_block(raw).number

    def _tagged_number(self, tag: str) -> int | None:
        try:
            raw = self.pool.ask(
                lambda e: e.call("eth_getBlockByNumber", tag, False), may_be_refused=True
            )
        except NodeRefused:
            return None
        return self._number_of(raw)

    def is_syncing(self) -> bool:
        """Whether the node says that it is behind."""
        try:
            return self.pool.ask(lambda e: e.call("eth_syncing")) is not False
        except MethodMissing:
            return False

    def block(self, number: int) -> Block:
        """The block of a number that isn't above the head."""
        return self.blocks([number])[0]

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """The blocks of some numbers, none of them above the head."""
        found: list[Block] = []
        for chunk in _chunks(numbers):
            calls: list[Call] = [("eth_getBlockByNumber", [hex(n), False]) for n in chunk]
            for number, raw in zip(chunk, self._batch(calls), strict=True):
                if raw is None:
                    raise BadAnswer(f"no block {number}, though it isn't above the head")
                block = self._read_block(raw)
                if block.number != number:
                    raise BadAnswer(f"block {block.number} in place of {number}")
                found.append(block)
        return found

    def logs_between(self, first: int, last: int) -> list[RawLog]:
        """The contracts' logs in a range of blocks, both ends included."""
        question = {
            "fromBlock": hex(first),
            "toBlock": hex(last),
            "address": self._addresses,
        }
        return parse_logs(self.pool.ask(lambda e: e.call("eth_getLogs", question)))

    def logs_of(self, blocks: Sequence[Block]) -> list[list[RawLog]]:
        """The contracts' logs of each block, by the block's hash."""
        found: list[list[RawLog]] = []
        for chunk in _chunks(blocks):
            calls: list[Call] = [
                ("eth_getLogs", [{"blockHash": block.hash, "address": self._addresses}])
                for block in chunk
            ]
            found += [parse_logs(raw) for raw in self._batch(calls)]
        return found

    def all_logs_by_receipts(self, block: Block) -> list[RawLog]:
        """Every contract's logs in a block, from the receipts of all its transactions."""
        (receipts,) = self._receipts_of([block])
        if len(receipts) != len(block.transaction_hashes):
            raise BadAnswer(f"not one receipt for each transaction of block {block.number}")
        return [entry for raw in receipts for entry in parse_receipt(raw, block)]

    def has_code(self, address: str) -> bool:
        """Whether a contract stands at an address now."""
        code = self.pool.ask(lambda e: e.call("eth_getCode", address, "latest"))
        return type(code) is str and len(code) > len("0x")

    def _read_block(self, raw: object) -> Block:
        return parse_block(raw)

    def _receipts_of(self, blocks: Sequence[Block]) -> list[list[Any]]:
        """The receipts of each block as they come; unchecked."""
        if self._has_block_receipts:
            calls: list[Call] = [("eth_getBlockReceipts", [block.hash]) for block in blocks]
            try:
                found = self.pool.ask(lambda e: e.batch(calls), may_be_refused=True)
            except MethodMissing:
                self._has_block_receipts = False
            except NodeRefused:
                pass  # one by one, this time: the answer may have been too large
            else:
                if all(type(receipts) is list for receipts in found):
                    return found
        hashes = [h for block in blocks for h in block.transaction_hashes]
        calls = [("eth_getTransactionReceipt", [h]) for h in hashes]
        receipts = iter([raw for chunk in _chunks(calls) for raw in self._batch(chunk)])
        return [list(islice(receipts, len(block.transaction_hashes))) for block in blocks]

    def _batch(self, calls: Sequence[Call]) -> list[object]:
        return self.pool.ask(lambda e: e.batch(calls))


def _chunks(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[at : at + BATCH_CALLS] for at in range(0, len(items), BATCH_CALLS)]
