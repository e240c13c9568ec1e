"""`ape run check`: a deployment as this repository makes it passes; what differs is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

from indexer.manifest import load_deployment, save_deployment
from scripts.deployment import DEVELOPMENT, deploy
from scripts.deployment.errors import DeployError
from scripts.deployment.web3_hands import Web3Hands
from scripts.operating.check import Check
from scripts.operating.desk import Desk
from tests.support.chain import RunningChain


@pytest.fixture
def fresh(
    devnet: RunningChain, developers: list[LocalAccount], tmp_path: Path, said: list[str]
) -> Desk:
    """A deployment that nobody has touched."""
    key, manifest = developers[4].key.to_0x_hex(), tmp_path / "deployment.json"
    deploy(devnet.url, key, manifest, say=lambda _: None)
    return Desk(Web3Hands(devnet.url, key), manifest, dry_run=False, say=said.append)


def test_what_the_repository_deployed__passes(fresh: Desk, said: list[str]) -> None:
    assert Check(fresh, DEVELOPMENT).run() == 0
    assert f"ok       Credits code at {fresh.address('Credits')}: ours" in said
    assert "ok       Credits.SCALE: 1000" in said
    assert "ok       reserve: whole" in said
    assert "         more than is owed: 0 credits" in said
    assert "         an ether buys: 2,000 credits" in said
    assert [line for line in said if line.startswith("DIFFERS")] == []


def test_what_was_changed_since__is_named(fresh: Desk, said: list[str]) -> None:
    fresh.send("Hosting", "set_plan", 2, "Static site", 1, 9, 0, True)
    fresh.send("Credits", "set_buying", False)
    fresh.send("Credits", "set_meter", fresh.hands.sender, True)
    fresh.send("Domains", "propose_admin", fresh.address("Credits"))
    assert Check(fresh, DEVELOPMENT).run() == 4
    differs = [line.split(":")[0] for line in said if line.startswith("DIFFERS")]
    assert differs == [
        "DIFFERS  Domains.proposed_admin",
        "DIFFERS  Credits meters",
        "DIFFERS  plan 2",
        "DIFFERS  buying open",
    ]


def test_what_the_spec_does_not_name__is_told(fresh: Desk, said: list[str]) -> None:
    fresh.send("Hosting", "set_plan", 9, "Club", 1, 9, 0, True)
    fresh.send("Domains", "set_prices", [10**9, 10**9, 10**9])
    other = "0x" + "12" * 19 + "34"
    assert Check(fresh, DEVELOPMENT, admin=other).run() == 4
    assert "         plan 9: ('Club', 1, 9, 0, True)" in said
    expected, found = "640 credits, 160 credits, 5 credits", "1 credits, 1 credits, 1 credits"
    assert f"DIFFERS  name prices: expected {expected}, found {found}" in said
    assert f"DIFFERS  Domains.admin: expected {other}, found {fresh.hands.sender}" in said


def test_a_feed_whose_answer_is_old__is_named(fresh: Desk, said: list[str]) -> None:
    fresh.send("TestFeed", "set_answer", 2_000 * 10**8, 1)
    assert Check(fresh, DEVELOPMENT).run() == 1
    (line,) = (it for it in said if it.startswith("DIFFERS"))
    assert line.startswith("DIFFERS  feed: expected a price, found Credits.credits_for: ")
    assert "Credits: price is stale" in line


def test_the_reserve__is_what_was_bought_burned_or_not_and_what_was_sent_besides(
    fresh: Desk, said: list[str]
) -> None:
    me, credits_ = fresh.hands.sender, fresh.address("Credits")
    fresh.send("TestUSD", "mint", me, 50 * 10**6)
    fresh.send("TestUSD", "approve", credits_, 40 * 10**6)
    fresh.send("Credits", "buy", 40 * 10**6, me)
    fresh.send("Hosting", "start", 2, bytes(32), 2_000)
    fresh.send("TestUSD", "transfer", credits_, 3 * 10**6)
    assert Check(fresh, DEVELOPMENT).run() == 0
    assert any(it.endswith(": 40 credits") and "paid by 1 accounts" in it for it in said)
    assert "         more than is owed: 3 credits" in said


def test_code_that_is_not_ours__ends_the_check(fresh: Desk, said: list[str]) -> None:
    known = load_deployment(fresh.manifest)
    contracts = dict(known.contracts) | {"Credits": known.contracts["TestUSD"]}
    save_deployment(known.model_copy(update={"contracts": contracts}), fresh.manifest)
    with pytest.raises(DeployError, match="other code stands there"):
        Check(fresh, DEVELOPMENT).run()
    at = known.contracts["TestUSD"].address
    assert f"DIFFERS  Credits code at {at}: expected ours, found another" in said
