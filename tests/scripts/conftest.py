"""One embedded chain for all tests of a worker, with the contracts on it; and wallets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from indexer.abi import load_abi
from indexer.manifest import Deployment
from scripts.deployment import deploy
from scripts.dev_accounts import dev_accounts
from scripts.devnet.genesis import CHAIN_ID
from tests.support.chain import RunningChain

GWEI = 10**9


@pytest.fixture(scope="session")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningChain]:
    """A chain that mines on transactions and on demand; its clock may have been moved."""
    chain = RunningChain(tmp_path_factory.mktemp("devnet") / "data").start()
    yield chain
    chain.kill()


@pytest.fixture(scope="session")
def developers() -> list[LocalAccount]:
    """The ten funded accounts."""
    return list(dev_accounts())


@pytest.fixture(scope="session")
def deployment(
    devnet: RunningChain,
    developers: list[LocalAccount],
    tmp_path_factory: pytest.TempPathFactory,
) -> Deployment:
    """The contracts on the chain."""
    manifest = tmp_path_factory.mktemp("deployment") / "deployment.json"
    return deploy(devnet.url, developers[0].key.to_0x_hex(), manifest, say=lambda _: None)


@pytest.fixture(scope="session")
def coin(devnet: RunningChain, deployment: Deployment) -> Any:
    """TestUSD, as web3.py sees it."""
    address = deployment.contracts["TestUSD"].address
    return devnet.web3.eth.contract(address=address, abi=load_abi("TestUSD"))


@pytest.fixture
def wallet(devnet: RunningChain, developers: list[LocalAccount]) -> LocalAccount:
    """A fresh key with one ether."""
    fresh = Account.create()
    devnet.rpc(
        "eth_sendTransaction",
        {"from": developers[9].address, "to": fresh.address, "value": hex(10**18)},
    )
    return fresh


@pytest.fixture
def signed() -> Any:
    """Signs a transfer of nothing, changed as told; raw hex."""

    def sign(account: LocalAccount, **changes: Any) -> str:
        transaction = {
            "to": "0x" + "11" * 20,
            "value": 0,
            "nonce": 0,
            "gas": 21_000,
            "maxFeePerGas": 10 * GWEI,
            "maxPriorityFeePerGas": GWEI,
            "chainId": CHAIN_ID,
        } | changes
        kept = {key: value for key, value in transaction.items() if value is not None}
        return str(account.sign_transaction(kept).raw_transaction.to_0x_hex())

    return sign
