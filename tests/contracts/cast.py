"""What the tests of Credits do again and again, beside what the world does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import boa
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from indexer.rules import Account, unpack
from tests.contracts.words import pack
from tests.contracts.world import (
    DOLLAR,
    GRANTER,
    HERE,
    MODERATOR,
    PAUSER,
    ROOT,
    SETTLER,
    VERIFIER,
    World,
    compiled,
    event,
    load,
)

ROLES = (GRANTER, SETTLER, VERIFIER, MODERATOR, PAUSER)
ROOT_OF_USAGE = b"\x33" * 32
GIVEN, FROZEN, FORFEITED = 1, 2, 3
ETHER = 10**18  # wei


def reference(number: int) -> bytes:
    """A grant's reference."""
    return number.to_bytes(32, "big")


@dataclass
class Cast(World):
    """As `World`, with what the tests of Credits ask of it."""

    @classmethod
    def of(cls, world: World) -> Self:
        """The same world."""
        return cls(**vars(world))

    def stored(self, account: str) -> Account:
        """An account as its word has it."""
        return unpack(int(self.credits.word_of(account)))

    def grant(self, account: str, amount: int, number: int = 1) -> Any:
        """Grants nano credit under a reference of that number; gives the event."""
        self.credits.grant(account, amount, reference(number), sender=self.granter)
        return event(self.credits, "Granted")

    def settle(self, *charges: tuple[str, int]) -> Any:
        """Settles the next batch of (account, micro credit); gives the event."""
        self.credits.settle(
            self.credits.next_sequence(), ROOT_OF_USAGE, entries(charges), sender=self.settler
        )
        return event(self.credits, "Settled")

    def charge(self, account: str, asked: int) -> int:
        """Settles one charge; gives what was charged, in micro credit."""
        (charge,) = self.settle((account, asked)).charges
        return int(charge >> 48) & (2**48 - 1)

    def add_float(self, dollars: int) -> None:
        """Gives Credits asset to sell for ether."""
        self.mint(self.admin, dollars)
        self.credits.add_float(dollars * DOLLAR)

    def reserve(self, *accounts: str) -> int:
        """What Credits owes to whoever has anything there, in nano credit; held() has to be that.

        What burned since a word was written is in the word's paid credit still.
        """
        paid = sum(self.stored(account).paid for account in accounts)
        return paid + int(self.credits.earned()) + int(self.credits.float())

    def put(self, account: str, stored: Account, limit: int = 0, more: bool = False) -> int:
        """Writes an account's word and waiting limit, wherever no call leads in a few steps."""
        word = pack(stored, more)
        boa.env.set_storage(self.credits.address, slot_of("words", account), word)
        boa.env.set_storage(self.credits.address, slot_of("limits", account), limit)
        return word


def entries(charges: Iterable[tuple[str, int]]) -> list[int]:
    """The charges as `settle` takes them."""
    return [int(account, 16) << 96 | asked for account, asked in charges]


@cache
def slots() -> dict[str, int]:
    """Where Credits' storage begins, by variable."""
    layout = compiled(ROOT / "contracts" / "Credits.vy").compiler_data.storage_layout
    return {
        name: entry["slot"] for name, entry in layout["storage_layout"].items() if "slot" in entry
    }


def slot_of(variable: str, account: str) -> int:
    """Where a mapping of Credits keeps an account's entry."""
    return int.from_bytes(
        keccak(encode(["uint256", "address"], [slots()[variable], account])), "big"
    )


def harness(name: str, *arguments: Any) -> Any:
    """A contract that only the tests need."""
    return load(HERE / "harness" / f"{name}.vy", *arguments)
