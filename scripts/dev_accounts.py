"""The ten accounts that a development chain funds. Their keys are public: worth nothing elsewhere.

The first is the deployer, the admin, and holds every role.
"""

from __future__ import annotations

from functools import cache

from eth_account import Account
from eth_account.signers.local import LocalAccount

MNEMONIC = "test test test test test test test test test test test junk"
HD_PATH = "m/44'/60'/0'/0"
COUNT = 10


@cache
def dev_accounts() -> tuple[LocalAccount, ...]:
    """All of them, in order."""
    Account.enable_unaudited_hdwallet_features()
    return tuple(
        Account.from_mnemonic(MNEMONIC, account_path=f"{HD_PATH}/{index}") for index in range(COUNT)
    )


def key_of(account: LocalAccount) -> str:
    """The private key: 0x and 64 hex digits."""
    return "0x" + account.key.hex().removeprefix("0x")
