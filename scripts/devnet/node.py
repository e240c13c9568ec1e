"""The node that the methods work on: the chain, the unlocked accounts, filters and snapshots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eth_account.signers.local import LocalAccount

from scripts.dev_accounts import dev_accounts
from scripts.devnet.chain import Chain
from scripts.devnet.filters import Filters

Method = Callable[..., Any]


class Node:
    """All state behind the methods; whoever calls one holds the chain's lock."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        # The unlocked accounts by their 20-byte addresses.
        self.accounts: dict[bytes, LocalAccount] = {
            bytes.fromhex(account.address[2:]): account for account in dev_accounts()
        }
        self.filters = Filters(chain)
        # Number and hash of the block, and the clock's offset, by the snapshot's id.
        self.snapshots: dict[int, tuple[int, bytes, int]] = {}

    def rewind(self, number: int, offset_seconds: int) -> None:
        """Goes back to an older block; filters hear of the logs that are gone."""
        self.filters.before_rewind(number)
        self.chain.rewind(number, offset_seconds)
