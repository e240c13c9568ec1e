"""Finding logs, by range, block, address and topics; and filters that are polled."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from tests.support.chain import RpcFailed, RunningChain

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
APPROVAL = "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"


def topic_of(address: str) -> str:
    return "0x" + address[2:].lower().rjust(64, "0")


@pytest.fixture(scope="module")
def logs(devnet: RunningChain, developers: list[LocalAccount], coin: Any) -> list[dict[str, Any]]:
    """Two mints and an approval of account 4's, with an empty block between."""
    owner, other = developers[4].address, developers[5].address
    hashes = [
        coin.functions.mint(owner, 1).transact({"from": owner}),
        coin.functions.approve(other, 2).transact({"from": owner}),
    ]
    devnet.mine()
    hashes.append(coin.functions.mint(other, 3).transact({"from": owner}))
    receipts = [devnet.rpc("eth_getTransactionReceipt", h.to_0x_hex()) for h in hashes]
    return [log for receipt in receipts for log in receipt["logs"]]


@pytest.fixture
def find(devnet: RunningChain, logs: list[dict[str, Any]]) -> Any:
    """eth_getLogs over the blocks of the logs."""

    def ask(**asked: Any) -> Any:
        span = {"fromBlock": logs[0]["blockNumber"], "toBlock": logs[-1]["blockNumber"]}
        return devnet.rpc("eth_getLogs", span | asked)

    return ask


def test_a_range__gives_all_its_logs_in_order(find: Any, logs: list[dict[str, Any]]) -> None:
    assert find() == logs
    assert len(logs) == 3
    assert all(log["removed"] is False for log in logs)


def test_addresses__are_one_or_any_of_many(
    find: Any, coin: Any, logs: list[dict[str, Any]]
) -> None:
    nobody = "0x" + "12" * 20
    assert find(address=coin.address) == logs
    assert find(address=[nobody, coin.address.lower()]) == logs
    assert find(address=[]) == logs
    assert find(address=nobody) == []


def test_topics__are_fixed_or_any_or_one_of_many(
    find: Any, developers: list[LocalAccount], logs: list[dict[str, Any]]
) -> None:
    first, approval, second = logs
    owner, other = (topic_of(developers[at].address) for at in (4, 5))
    assert find(topics=[TRANSFER]) == [first, second]
    assert find(topics=[[TRANSFER, APPROVAL]]) == logs
    assert find(topics=[None, None, other]) == [approval, second]
    assert find(topics=[None, owner]) == [approval]
    assert find(topics=[[], [], [owner, other]]) == logs
    assert find(topics=[TRANSFER, None, None, None]) == []  # a fourth topic must be there


def test_a_block_hash__gives_that_blocks_logs(
    devnet: RunningChain, logs: list[dict[str, Any]]
) -> None:
    for log in logs:
        assert devnet.rpc("eth_getLogs", {"blockHash": log["blockHash"]}) == [log]
    with pytest.raises(RpcFailed, match="unknown block"):
        devnet.rpc("eth_getLogs", {"blockHash": "0x" + "ab" * 32})
    with pytest.raises(RpcFailed, match="cannot specify both"):
        devnet.rpc("eth_getLogs", {"blockHash": logs[0]["blockHash"], "fromBlock": "0x0"})


def test_beyond_the_head__there_is_nothing(
    devnet: RunningChain, logs: list[dict[str, Any]]
) -> None:
    head = int(devnet.head()["number"], 16)
    beyond = {"fromBlock": hex(head + 1), "toBlock": hex(head + 100)}
    assert devnet.rpc("eth_getLogs", beyond) == []
    assert devnet.rpc("eth_getLogs", {"fromBlock": hex(2**200)}) == []
    across = {"fromBlock": logs[-1]["blockNumber"], "toBlock": hex(head + 100)}
    assert devnet.rpc("eth_getLogs", across) == [logs[-1]]
    with pytest.raises(RpcFailed, match="invalid block range"):
        devnet.rpc("eth_getLogs", {"fromBlock": "0x5", "toBlock": "0x4"})


def test_a_log_filter__tells_each_log_once_and_what_a_reorg_took_back(
    devnet: RunningChain, developers: list[LocalAccount], coin: Any
) -> None:
    owner = developers[6].address
    filter_ = devnet.rpc("eth_newFilter", {"address": coin.address, "topics": [TRANSFER]})
    assert devnet.rpc("eth_getFilterChanges", filter_) == []
    snapshot = devnet.rpc("evm_snapshot")
    coin.functions.mint(owner, 1).transact({"from": owner})
    coin.functions.approve(owner, 1).transact({"from": owner})
    (told,) = devnet.rpc("eth_getFilterChanges", filter_)
    assert devnet.rpc("eth_getFilterChanges", filter_) == []
    assert devnet.rpc("evm_revert", snapshot) is True
    coin.functions.mint(owner, 2).transact({"from": owner})
    removed, added = devnet.rpc("eth_getFilterChanges", filter_)
    assert removed == told | {"removed": True}
    assert (int(added["data"], 16), added["removed"]) == (2, False)
    assert devnet.rpc("eth_uninstallFilter", filter_) is True
    assert devnet.rpc("eth_uninstallFilter", filter_) is False
    with pytest.raises(RpcFailed, match="filter not found"):
        devnet.rpc("eth_getFilterChanges", filter_)


def test_block_and_transaction_filters__tell_hashes(
    devnet: RunningChain, developers: list[LocalAccount]
) -> None:
    blocks = devnet.rpc("eth_newBlockFilter")
    transactions = devnet.rpc("eth_newPendingTransactionFilter")
    devnet.mine()
    first = devnet.head()["hash"]
    sent = devnet.rpc(
        "eth_sendTransaction", {"from": developers[7].address, "to": "0x" + "11" * 20}
    )
    assert devnet.rpc("eth_getFilterChanges", blocks) == [first, devnet.head()["hash"]]
    assert devnet.rpc("eth_getFilterChanges", transactions) == [sent]


def test_filter_logs__are_all_that_its_object_asks_for(
    devnet: RunningChain, logs: list[dict[str, Any]]
) -> None:
    asked = {"fromBlock": logs[0]["blockNumber"], "toBlock": logs[-1]["blockNumber"]}
    filter_ = devnet.rpc("eth_newFilter", asked)
    assert devnet.rpc("eth_getFilterLogs", filter_) == logs
