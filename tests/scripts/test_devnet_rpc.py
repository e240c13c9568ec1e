"""The envelope: JSON-RPC 2.0 over HTTP, and what a browser asks before it posts."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from scripts.devnet.methods import METHODS
from scripts.devnet.rpc import MAX_BATCH
from scripts.devnet.server import MAX_BODY_BYTES
from tests.support.chain import RpcFailed, RunningChain


def ask(method: str, *params: Any, id_: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": list(params)}


def test_a_call_is_answered_with_its_id(devnet: RunningChain) -> None:
    assert devnet.post(ask("eth_chainId", id_="mine")) == {
        "jsonrpc": "2.0",
        "id": "mine",
        "result": "0x7a69",
    }


def test_a_batch_is_answered_in_order_and_a_bad_call_spoils_only_itself(
    devnet: RunningChain,
) -> None:
    answers = devnet.post(
        [ask("eth_chainId", id_=1), 7, ask("nonsense", id_=2), ask("net_version", id_=3)]
    )
    assert [answer["id"] for answer in answers] == [1, None, 2, 3]
    assert [answer.get("error", {}).get("code") for answer in answers] == [
        None,
        -32600,
        -32601,
        None,
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"\xff", -32700),
        (b"[]", -32600),
        (b"7", -32600),
        (b"{}", -32600),
        (b'{"id":1,"method":7}', -32600),
        (b'{"id":{},"method":"eth_chainId"}', -32600),
        (b'{"id":1,"method":"eth_nothing"}', -32601),
        (b'{"id":1,"method":"eth_chainId","params":{"a":1}}', -32602),
        (b'{"id":1,"method":"eth_chainId","params":[1]}', -32602),
        (b'{"id":1,"method":"eth_getBalance","params":[]}', -32602),
        (b'{"id":1,"method":"eth_getBalance","params":["0x12"]}', -32602),
        (b'{"id":1,"method":"eth_getBlockByNumber","params":["soon",false]}', -32602),
        (b'{"id":1,"method":"eth_call","params":["0x"]}', -32602),
    ],
)
def test_what_is_malformed__has_the_code_of_its_kind(
    devnet: RunningChain, body: bytes, code: int
) -> None:
    answer = devnet.http.post(devnet.url, data=body, timeout=10)
    assert answer.status_code == 200
    assert answer.json()["error"]["code"] == code


def test_missing_params__are_none(devnet: RunningChain) -> None:
    assert devnet.post({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"})["result"] == "0x7a69"
    assert devnet.post(ask("eth_chainId") | {"params": None})["result"] == "0x7a69"


def test_a_notification__is_done_and_not_answered(devnet: RunningChain) -> None:
    before = int(devnet.head()["number"], 16)
    answer = devnet.http.post(devnet.url, json={"jsonrpc": "2.0", "method": "evm_mine"}, timeout=10)
    assert (answer.status_code, answer.content) == (204, b"")
    assert int(devnet.head()["number"], 16) == before + 1


def test_a_batch_that_is_too_long__is_refused_whole(devnet: RunningChain) -> None:
    answer = devnet.post([ask("eth_chainId")] * (MAX_BATCH + 1))
    assert answer["error"]["code"] == -32600


def test_a_body_that_is_too_large__is_refused_unread(devnet: RunningChain) -> None:
    headers = {"Content-Length": str(MAX_BODY_BYTES + 1)}
    answer = requests.post(devnet.url, data=b"", headers=headers, timeout=10)
    assert answer.status_code == 413
    chunked = requests.post(devnet.url, data=iter([b"{}"]), timeout=10)
    assert chunked.status_code == 411


def test_a_page_of_any_origin_may_ask(devnet: RunningChain) -> None:
    preflight = requests.options(devnet.url, headers={"Origin": "https://a.page"}, timeout=10)
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "Content-Type"
    for answer in (preflight, requests.post(devnet.url, json=ask("eth_chainId"), timeout=10)):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_person_who_opens_it__is_told_what_it_is(devnet: RunningChain) -> None:
    about = requests.get(devnet.url, timeout=10).json()
    assert about["chain_id"] == 31_337
    assert about["genesis_hash"] == devnet.rpc("eth_getBlockByNumber", "0x0", False)["hash"]


def test_who_it_is(devnet: RunningChain) -> None:
    assert devnet.rpc("web3_clientVersion").startswith("DecentraSpace-devnet/v")
    assert devnet.rpc("net_version") == "31337"
    assert devnet.rpc("net_listening") is True
    assert devnet.rpc("eth_syncing") is False
    assert devnet.rpc("web3_sha3", "0x") == (
        "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    )


def test_the_ten_well_known_accounts_have_ten_thousand_ether_each(devnet: RunningChain) -> None:
    accounts = devnet.rpc("eth_accounts")
    assert len(accounts) == 10
    assert accounts[0] == "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
    balances = [int(devnet.rpc("eth_getBalance", account, "0x0"), 16) for account in accounts]
    assert balances == [10_000 * 10**18] * 10


def test_no_method_leaks_a_fault_of_its_own(devnet: RunningChain) -> None:
    """Junk in every place: an error that is the caller's, never an internal one."""
    junk: list[Any] = ["0x", "0x1", "latest", "0x" + "ff" * 32, -1, 1.5, None, {}, [], "x" * 99]
    calls = [
        ask(name, *params)
        for name in METHODS
        if name not in {"evm_mine", "anvil_mine", "hardhat_mine"}
        and not name.endswith(("ime", "imestamp", "rollback", "reorg", "revert"))
        for one in junk
        for params in ([one], [one, one], [one, one, one])
    ]
    answers = [
        answer for at in range(0, len(calls), 500) for answer in devnet.post(calls[at : at + 500])
    ]
    faults = [
        (call["method"], call["params"])
        for call, answer in zip(calls, answers, strict=True)
        if answer.get("error", {}).get("code") == -32603
    ]
    assert faults == []


def test_an_unknown_method__is_named(devnet: RunningChain) -> None:
    with pytest.raises(RpcFailed, match="eth_getProof"):
        devnet.rpc("eth_getProof")
