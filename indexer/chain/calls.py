"""Contract reads at one block: eth_call by the block's hash, many in one post.

Invariant: every answer is of the block with the hash that was asked for. A node that takes no
hash (EIP-1898) is asked by number instead, and has the block's hash compared before and after.
What no node answers at that block raises BlockUnavailable; nothing is read at another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from indexer.chain.hedge import Line
from indexer.chain.node import BATCH_CALLS
from indexer.chain.parse import parse_block
from indexer.chain.pool import Pool
from indexer.chain.rpc import Call
from indexer.errors import BadAnswer, BlockUnavailable, NodeRefused

# How nodes say that the contract itself refused: geth, anvil, erigon; then Nethermind and Parity.
_REVERTED = ("revert", "vm execution error")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ContractCall:
    """What is asked of whom: a contract's address, and the call's data (0x hex)."""

    to: str
    data: str


class CallsAt:
    """Reads at the block of a number and a hash."""

    def __init__(self, pool: Pool, number: int, block_hash: str) -> None:
        self._pool = pool
        self._number = number
        self._hash = block_hash
        self._by_hash = True

    def check(self) -> None:
        """Raises BlockUnavailable where the chain has another block, or none, at the number."""
        self._on_any_node(lambda: self._pool.ask(self._compare))

    def read(self, calls: Sequence[ContractCall]) -> list[bytes | None]:
        """The answers in the order of the calls; None where the contract reverts."""
        found: list[bytes | None] = []
        for at in range(0, len(calls), BATCH_CALLS):
            found += self._on_any_node(partial(self._read, calls[at : at + BATCH_CALLS]))
        return found

    def _on_any_node(self, question: Callable[[], T]) -> T:
        """A node may lack the block, or its state, where another has it."""
        for _ in range(len(self._pool) - 1):
            try:
                return question()
            except BlockUnavailable as error:
                self._pool.fail_over(str(error))
                self._by_hash = True
        return question()

    def _read(self, calls: Sequence[ContractCall]) -> list[bytes | None]:
        """A refusal says nothing of which call it is about: the batch is halved down to it."""
        try:
            raw = self._pool.ask(partial(self._post, calls), may_be_refused=True)
        except NodeRefused as error:
            if not any(words in str(error).lower() for words in _REVERTED):
                if not self._by_hash:
                    raise BlockUnavailable(
                        f"no contract reads at block {self._number} {self._hash}: {error}"
                    ) from error
                self._by_hash = False
                return self._read(calls)
            if len(calls) == 1:
                return [None]
            half = len(calls) // 2
            return self._read(calls[:half]) + self._read(calls[half:])
        return [_answer(value) for value in raw]

    def _post(self, calls: Sequence[ContractCall], line: Line) -> list[Any]:
        block: Any = {"blockHash": self._hash} if self._by_hash else hex(self._number)
        questions: list[Call] = [
            ("eth_call", [{"to": call.to, "data": call.data}, block]) for call in calls
        ]
        if self._by_hash:
            return line.batch(questions)
        self._compare(line)
        found = line.batch(questions)
        self._compare(line)
        return found

    def _compare(self, line: Line) -> None:
        raw = line.call("eth_getBlockByNumber", hex(self._number), False)
        if raw is None:
            raise BlockUnavailable(
                f"{line.provider.name} has no block {self._number}, which the mirror is at"
            )
        found = parse_block(raw).hash
        if found != self._hash:
            raise BlockUnavailable(
                f"{line.provider.name} is on another branch: its block {self._number} is {found}, "
                f"the mirror's {self._hash}"
            )


def _answer(value: Any) -> bytes:
    try:
        return bytes.fromhex(value.removeprefix("0x"))
    except (AttributeError, ValueError):
        raise BadAnswer(f"no answer of a contract: {value!r:.120}") from None
