"""Deploying: what then stands on the chain, running it again, and what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from indexer.abi import load_abi
from indexer.manifest import Deployment, load_deployment, save_deployment
from indexer.name_rules import node_of
from scripts.deployment import DEVELOPMENT, DeployError, Spec, deploy_with
from scripts.deployment.web3_hands import Web3Hands
from tests.support.chain import RunningChain

STEPS = [
    *("TestUSD", "Credits", "Hosting", "Credits.set_grant_cap", "Domains"),
    *["Credits.set_meter"] * 2,
    *["Hosting.set_tier"] * 3,
    *["Hosting.set_plan"] * 4,
    *("TestFeed", "Credits.set_feed", "TestUSD.mint", "TestUSD.approve", "Credits.add_float"),
    *("Credits.set_roles", "Hosting.set_roles", "Domains.set_roles"),
]


class Cut(Exception):
    """A crash in the middle."""


class CountingHands(Web3Hands):
    """Counts transactions, and crashes before one of them."""

    def __init__(self, url: str, key: str, crash_before: int | None = None) -> None:
        super().__init__(url, key)
        self.sent: list[str] = []
        self._crash_before = crash_before

    def create(self, name: str, *arguments: Any) -> Any:
        self._count(name)
        return super().create(name, *arguments)

    def send(self, name: str, address: str, function: str, *arguments: Any) -> str:
        self._count(f"{name}.{function}")
        return super().send(name, address, function, *arguments)

    def _count(self, what: str) -> None:
        if len(self.sent) == self._crash_before:
            raise Cut
        self.sent.append(what)


@pytest.fixture
def hands(devnet: RunningChain, developers: list[LocalAccount]) -> Any:
    """Makes hands of account 8's, which nobody else deploys from."""

    def make(crash_before: int | None = None) -> CountingHands:
        return CountingHands(devnet.url, developers[8].key.to_0x_hex(), crash_before)

    return make


def contract(devnet: RunningChain, deployment: Deployment, name: str) -> Any:
    address = deployment.contracts[name].address
    return devnet.web3.eth.contract(address=address, abi=load_abi(name))


def test_the_development_chain__gets_what_the_spec_says(
    devnet: RunningChain, deployment: Deployment, developers: list[LocalAccount]
) -> None:
    admin = developers[0].address
    credits_, hosting, domains = (
        contract(devnet, deployment, name) for name in ("Credits", "Hosting", "Domains")
    )
    assert deployment.chain_id == 31_337
    assert deployment.genesis_hash == devnet.rpc("eth_getBlockByNumber", "0x0", False)["hash"]
    assert credits_.functions.ASSET().call() == deployment.contracts["TestUSD"].address
    assert credits_.functions.GRACE().call() == 1_209_600
    assert hosting.functions.CREDITS().call() == credits_.address
    assert domains.functions.CREDITS().call() == credits_.address
    assert domains.functions.HOSTING().call() == hosting.address
    prices, coming, _ = domains.functions.prices().call()
    assert prices == coming == [640 * 10**9, 160 * 10**9, 5 * 10**9]
    assert (
        bytes(domains.functions.TOP_NODE().call()).hex() == node_of("0x" + "00" * 32, "dspace")[2:]
    )
    for meter in (hosting, domains):
        registered, counts_at = credits_.functions.meter_of(meter.address).call()
        assert (registered, counts_at <= devnet.web3.eth.get_block("latest")["timestamp"]) == (
            True,
            True,
        )
    for deployed in (credits_, hosting, domains):
        assert deployed.functions.admin().call() == admin
        assert deployed.functions.roles_of(admin).call() == 31
    plans = {number: hosting.functions.plan_of(number).call() for number in range(1, 6)}
    assert plans == {
        1: ("Free site", 1, 0, 2_592_000, True),
        2: ("Static site", 1, 2_000, 0, True),
        3: ("Storage", 2, 1_000, 0, True),
        4: ("Function site", 3, 5_000, 0, True),
        5: ("", 0, 0, 0, False),
    }


def test_the_manifest__tells_the_block_that_made_each_contract(
    devnet: RunningChain, deployment: Deployment
) -> None:
    for made in deployment.contracts.values():
        before, after = (
            devnet.rpc("eth_getCode", made.address, hex(number))
            for number in (made.block - 1, made.block)
        )
        assert before == "0x"
        assert len(after) > 2


def test_deploying_again__does_nothing_and_says_so(
    hands: Any, deployment: Deployment, tmp_path: Path
) -> None:
    manifest = tmp_path / "deployment.json"
    save_deployment(deployment, manifest)
    before = manifest.read_bytes()
    said: list[str] = []
    again = hands()
    assert deploy_with(again, DEVELOPMENT, manifest, said.append) == deployment
    assert again.sent == []
    assert said == [f"Nothing to deploy: {manifest} is of this chain and its contracts stand."]
    assert manifest.read_bytes() == before


def test_cut_off_at_any_point__it_goes_on_and_sends_nothing_twice(
    devnet: RunningChain, hands: Any, tmp_path: Path
) -> None:
    manifest = tmp_path / "deployment.json"
    sent: list[str] = []
    for step in range(len(STEPS) - 1):
        crashing = hands(crash_before=1)
        with pytest.raises(Cut):
            deploy_with(crashing, DEVELOPMENT, manifest, lambda _: None)
        sent += crashing.sent
        assert len(sent) == step + 1
        assert not manifest.exists()
    last = hands()
    deployment = deploy_with(last, DEVELOPMENT, manifest, lambda _: None)
    assert sent + last.sent == STEPS
    assert load_deployment(manifest) == deployment
    assert [path.name for path in tmp_path.iterdir()] == ["deployment.json"]


def test_a_manifest_from_before_there_were_names__gets_the_contract_that_it_lacks(
    devnet: RunningChain, hands: Any, tmp_path: Path
) -> None:
    manifest = tmp_path / "deployment.json"
    whole = deploy_with(hands(), DEVELOPMENT, manifest, lambda _: None)
    older = {name: made for name, made in whole.contracts.items() if name != "Domains"}
    save_deployment(whole.model_copy(update={"contracts": older}), manifest)
    again = hands()
    made = deploy_with(again, DEVELOPMENT, manifest, lambda _: None)
    assert again.sent == ["Domains", "Credits.set_meter", "Domains.set_roles"]
    assert {name: made.contracts[name] for name in older} == older
    assert made.contracts["Domains"] != whole.contracts["Domains"]
    assert load_deployment(manifest) == made


def test_with_an_asset_of_its_own__no_test_coin_is_made_and_no_role_given(
    devnet: RunningChain, deployment: Deployment, hands: Any, tmp_path: Path
) -> None:
    coin = deployment.contracts["TestUSD"].address
    spec = Spec(asset=coin, grace_seconds=60)
    operator = hands()
    made = deploy_with(operator, spec, tmp_path / "deployment.json", lambda _: None)
    credits_ = contract(devnet, made, "Credits")
    assert set(made.contracts) == {"Credits", "Hosting", "Domains"}
    assert credits_.functions.ASSET().call() == coin
    assert credits_.functions.roles_of(operator.sender).call() == 0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"chain_id": 1}, "is of chain 1, the node follows chain 31337"),
        ({"genesis_hash": "0x" + "ab" * 32}, "is of another chain 31337"),
    ],
)
def test_a_manifest_of_another_chain__is_refused_and_kept(
    hands: Any, deployment: Deployment, tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    manifest = tmp_path / "deployment.json"
    save_deployment(deployment.model_copy(update=changed), manifest)
    before = manifest.read_bytes()
    operator = hands()
    with pytest.raises(DeployError, match=words):
        deploy_with(operator, DEVELOPMENT, manifest, lambda _: None)
    assert operator.sent == []
    assert manifest.read_bytes() == before


def test_a_manifest_whose_contracts_are_gone__is_refused(
    hands: Any, deployment: Deployment, tmp_path: Path
) -> None:
    manifest = tmp_path / "deployment.json"
    gone = deployment.contracts["Credits"].model_copy(update={"address": "0x" + "12" * 20})
    contracts = deployment.contracts | {"Credits": gone}
    save_deployment(deployment.model_copy(update={"contracts": contracts}), manifest)
    with pytest.raises(DeployError, match="names Credits, but no contract stands"):
        deploy_with(hands(), DEVELOPMENT, manifest, lambda _: None)


@pytest.mark.parametrize("file", ["deployment.json", "deployment.json.partial"])
@pytest.mark.parametrize("name", ["Hosting", "Escrow"])
def test_what_another_version_deployed__is_refused_in_one_line_that_says_what_to_do(
    hands: Any, deployment: Deployment, tmp_path: Path, file: str, name: str
) -> None:
    other = deployment.contracts | {name: deployment.contracts["TestUSD"]}
    save_deployment(deployment.model_copy(update={"contracts": other}), tmp_path / file)
    operator = hands()
    with pytest.raises(DeployError, match=f"names {name} of another version") as refused:
        deploy_with(operator, DEVELOPMENT, tmp_path / "deployment.json", lambda _: None)
    assert "begun anew by removing its data folder" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert operator.sent == []


def test_a_call_that_the_contract_refuses__ends_in_its_reason(
    hands: Any, deployment: Deployment
) -> None:
    operator, at = hands(), deployment.contracts["Credits"].address
    for attempt in (operator.estimate, operator.send):
        with pytest.raises(DeployError) as refused:
            attempt("Credits", at, "set_grant_cap", 1)
        assert str(refused.value) == "Credits.set_grant_cap: Roles: not the admin"


def run_module(
    module: str = "scripts.deployment", **settings: str
) -> subprocess.CompletedProcess[str]:
    """`python -m scripts.deployment`, as `make run` starts it."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DSPACE_")}
    return subprocess.run(
        [sys.executable, "-m", module],
        env=kept | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command__deploys_to_the_node_of_the_settings(
    devnet: RunningChain, deployment: Deployment, tmp_path: Path
) -> None:
    save_deployment(deployment, tmp_path / "deployment.json")
    ended = run_module(DSPACE_RPC_URLS=devnet.url, DSPACE_DATA_DIR=str(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("Nothing to deploy")


def test_the_command__says_in_one_line_that_nobody_answers(tmp_path: Path) -> None:
    ended = run_module(DSPACE_RPC_URLS="http://127.0.0.1:1", DSPACE_DATA_DIR=str(tmp_path))
    assert ended.returncode == 1
    assert ended.stderr == "deploy: http://127.0.0.1:1 does not answer as a node\n"


def test_the_check__passes_what_was_deployed_and_says_what_is_missing(
    devnet: RunningChain, deployment: Deployment, tmp_path: Path
) -> None:
    settings = {"DSPACE_RPC_URLS": devnet.url, "DSPACE_DATA_DIR": str(tmp_path)}
    ended = run_module("scripts.deployment.check", **settings)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("check: there is no deployment manifest at ")
    assert ended.stderr.count("\n") == 1
    save_deployment(deployment, tmp_path / "deployment.json")
    ended = run_module("scripts.deployment.check", **settings)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "ok       reserve: whole" in ended.stdout
