"""The first block and who has money in it.

Everything that a block's hash depends on is pinned here, but for the genesis timestamp, which
the store keeps.
"""

from __future__ import annotations

from typing import Any

from eth_tester.backends.pyevm.main import PyEVMBackend

from scripts.dev_accounts import COUNT, HD_PATH, MNEMONIC

CHAIN_ID = 31_337
BALANCE_WEI = 10_000 * 10**18
GAS_LIMIT = 30_000_000
COINBASE = bytes(20)
EXTRA_DATA = b"DecentraSpace devnet"


def make_genesis(timestamp: int) -> Any:
    """A py-evm chain of eth-tester's that consists of the genesis block, in memory."""
    parameters = PyEVMBackend.generate_genesis_params(
        {
            "timestamp": timestamp,
            "gas_limit": GAS_LIMIT,
            "coinbase": COINBASE,
            "extra_data": EXTRA_DATA,
        }
    )
    backend = PyEVMBackend.from_mnemonic(
        MNEMONIC,
        genesis_state_overrides={"balance": BALANCE_WEI},
        num_accounts=COUNT,
        genesis_parameters=parameters,
        hd_path=HD_PATH,
    )
    return backend.chain


def chain_class(genesis: Any) -> Any:
    """The class of eth-tester's chain, under our chain id."""
    return type("DevChain", (type(genesis),), {"chain_id": CHAIN_ID})
