"""The operator's commands by Ape: each tells the change, makes it, and sends nothing when dry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils import keccak

from tests.scripts.operating.conftest import Session
from tests.support.chain import RunningChain

CREDIT = 10**9
REFERENCE = keccak(text="invoice 7")
NOBODY = "0x" + "0" * 40

Contract = Callable[[str], Any]


@pytest.fixture
def transact(devnet: RunningChain, operator: LocalAccount) -> Callable[..., None]:
    """Sends a call of web3.py's as the operator."""

    def send(call: Any, **changes: Any) -> None:
        eth = devnet.web3.eth
        nonce = eth.get_transaction_count(operator.address)
        unsigned = call.build_transaction({"from": operator.address, "nonce": nonce} | changes)
        raw = operator.sign_transaction(unsigned).raw_transaction
        assert eth.wait_for_transaction_receipt(eth.send_raw_transaction(raw))["status"] == 1

    return send


def assert_said(ended: list[tuple[int, str]], *expected: tuple[int, str]) -> None:
    for (code, output), (wanted, text) in zip(ended, expected, strict=True):
        assert text in output
        assert code == wanted, output


def test_a_dry_run_tells_what_would_change_and_sends_nothing(
    session: Session, devnet: RunningChain, operator: LocalAccount, developers: list[LocalAccount]
) -> None:
    someone = developers[6].address
    nonce = devnet.web3.eth.get_transaction_count(operator.address)
    ended = session(
        ["set_tier", "1", "--rate", "4000", "--dry-run"],
        ["set_prices", "700", "160", "5", "--dry-run"],
        ["grant", someone, "12.5", "invoice 7", "--dry-run"],
        ["set_grant_cap", "5", "--dry-run"],
        ["set_feed", NOBODY, "--max-age", "60", "--dry-run"],
        ["set_meter", someone, "--dry-run"],
        ["switch", "buying", "closed", "--dry-run"],
        ["switch", "registering", "closed", "--dry-run"],
        ["attest_dns", "example.org", someone, "--dry-run"],
        ["treasury", "withdraw-float", "all", "--to", someone, "--dry-run"],
        ["admin", "propose", "Domains", someone, "--dry-run"],
        ["set_plan", "2", "--rate", "1", "--dry-run"],
        ["grant_role", someone, "settler", "--dry-run"],
    )
    told = (
        "rate: 3000 -> 4000",
        "3 characters: 640 credits -> 700 credits",
        "granted: 0 credits -> 12.5 credits",
        "grants a day: 10,000 credits -> 5 credits",
        f"-> {NOBODY}",
        "registered: False -> True",
        "buying: open -> closed",
        "registering: open -> closed",
        f"owner: {NOBODY} -> {someone}",
        "float: 100,000 credits -> 0 credits",
        f"proposed: {NOBODY} -> {someone}",
        "rate: 2000 -> 1",
        "Credits: no role -> settler",
    )
    assert_said(ended, *((0, text) for text in told))
    assert all("Dry run: " in output for _, output in ended)
    assert "Credits.grant was not sent; it would take " in ended[2][1]
    assert devnet.web3.eth.get_transaction_count(operator.address) == nonce


def test_a_payment_is_granted_once_and_can_be_disputed(
    session: Session, contract: Contract, developers: list[LocalAccount]
) -> None:
    someone = developers[6].address
    grant = ["grant", someone, "12.5", "invoice 7"]
    ended = session(
        grant,
        grant,
        ["grant", someone, "99999", "invoice 8"],
        ["grant", someone, "one", "invoice 8"],
        ["dispute", "freeze", "invoice 7"],
        ["dispute", "freeze", "invoice 7"],
        ["dispute", "unfreeze", "0x" + REFERENCE.hex()],
        ["dispute", "forfeit", "invoice 7"],
        ["dispute", "unfreeze", "invoice 7", "--dry-run"],
        ["dispute", "freeze", "invoice 8"],
        ["dispute", "freeze", "0x12"],
    )
    assert_said(
        ended,
        (0, f"reference: 0x{REFERENCE.hex()}"),
        (1, "the reference was used already"),
        (1, "above the cap of 10,000 credits a day"),
        (2, "'one' is no number of credits of at most 9 decimals"),
        (0, "granted: 12.5 credits -> 0 credits"),
        (0, "The grant is that already."),
        (0, "granted: 0 credits -> 12.5 credits"),
        (0, "state: given -> forfeited"),
        (1, "a grant that is forfeited can't be given"),
        (1, "no grant has the reference"),
        (2, "'0x12' is no 32 bytes as 0x hex"),
    )
    credits_ = contract("Credits").functions
    assert credits_.grant_of(REFERENCE).call()[2] == 3
    assert credits_.account_of(someone).call()[1] == 0


def test_terms_and_switches_are_changed_and_told_as_unchanged(
    session: Session, contract: Contract, developers: list[LocalAccount]
) -> None:
    someone = developers[6].address
    changes = (
        ["set_tier", "1", "--rate", "4000", "--storage-gib", "5"],
        ["set_tier", "7", "--name", "Club", "--rate", "9", "--services", "3"],
        ["set_prices", "700", "160", "5"],
        ["set_grant_cap", "5"],
        ["set_meter", someone],
        ["switch", "buying", "closed"],
        ["attest_dns", "example.org", someone, "--days", "30"],
        ["attest_dns", "example.org", "--revoke"],
        ["admin", "propose", "Domains", someone],
    )
    ended = session(*changes, *changes[:6:2], ["switch", "buying", "open"])
    assert all(code == 0 for code, _ in ended), ended
    assert "It counts from the unix second" in ended[4][1]
    assert "UTC on, two days from now" in ended[2][1]
    assert "that already" in ended[9][1]
    hosting, credits_ = contract("Hosting").functions, contract("Credits").functions
    assert hosting.tier_terms(1).call()[1] == 4_000
    assert hosting.tier_terms(1).call()[4] == 5 * 2**30
    assert hosting.tier_terms(7).call() == ("Club", 9, 0, 3, 0, 0, True)
    assert credits_.grant_cap().call() == 5 * CREDIT
    assert credits_.meter_of(someone).call()[0] is True
    assert credits_.buying().call() is True
    domains = contract("Domains").functions
    assert domains.proposed_admin().call() == someone
    assert domains.dns_of("example.org").call() == [NOBODY, 0]


def test_what_was_withdrawn_stays_so_until_it_is_offered(
    session: Session, contract: Contract
) -> None:
    ended = session(
        ["set_tier", "8", "--name", "Trial", "--rate", "9", "--services", "0", "--withdrawn"],
        ["set_tier", "8", "--name", "Try"],
        ["set_plan", "9", "--name", "Old", "--kind", "1", "--rate", "9", "--withdrawn"],
        ["set_plan", "9", "--rate", "8"],
    )
    assert all(code == 0 for code, _ in ended), ended
    hosting = contract("Hosting").functions
    assert hosting.tier_terms(8).call() == ("Try", 9, 0, 0, 0, 0, False)
    assert hosting.plan_of(9).call() == ("Old", 1, 8, 0, False)


def test_the_treasury_is_shown_and_moved(
    session: Session,
    contract: Contract,
    transact: Callable[..., None],
    devnet: RunningChain,
    operator: LocalAccount,
    developers: list[LocalAccount],
) -> None:
    someone, coin = developers[8].address, contract("TestUSD").functions
    transact(coin.mint(operator.address, 7 * 10**6))
    transact(contract("Credits").functions.buy_with_ether(someone, 0), value=10**16)
    ether_before = devnet.web3.eth.get_balance(someone)
    ended = session(
        ["treasury", "show"],
        ["treasury", "withdraw-float", "40", "--to", someone],
        ["treasury", "withdraw-float", "40"],
        ["treasury", "withdraw-float", "999999999", "--to", someone],
        ["treasury", "withdraw-earned", "all", "--to", someone],
        ["treasury", "withdraw-ether", "0.01", "--to", someone],
        ["treasury", "withdraw-ether", "all", "--to", someone],
        ["treasury", "withdraw-ether", "1e3", "--to", someone],
        ["treasury", "add-float", "0.0000001"],
        ["treasury", "add-float", "8"],
        ["treasury", "add-float", "7", "--dry-run"],
        ["treasury", "add-float", "7"],
    )
    assert_said(
        ended,
        (0, "float: 99,980 credits\nearned: 0 credits\nether: 0.01 ether"),
        (0, "float: 99,980 credits -> 99,940 credits"),
        (1, "a withdrawal needs --to"),
        (1, "the treasury has 99,940 credits of float"),
        (0, "There is nothing to withdraw."),
        (0, "ether: 0.01 ether -> 0 ether"),
        (0, "There is nothing to withdraw."),
        (1, "'1e3' is no number of ether"),
        (1, "the asset has fewer decimals"),
        (1, f"{operator.address} has 7 credits of the asset"),
        (0, "Dry run: neither the approval nor Credits.add_float was sent."),
        (0, "the asset's approve is done"),
    )
    assert "float: 99,940 credits -> 99,947 credits" in ended[-1][1]
    assert coin.balanceOf(someone).call() == 40 * 10**6
    assert coin.balanceOf(operator.address).call() == 0
    assert devnet.web3.eth.get_balance(someone) == ether_before + 10**16


def test_what_the_contract_would_refuse__a_dry_run_says(
    session: Session, developers: list[LocalAccount]
) -> None:
    ended = session(
        ["set_feed", developers[6].address, "--max-age", "60", "--dry-run"],
        ["set_tier", "9", "--name", "None", "--services", "1", "--dry-run"],
        ["admin", "accept", "Hosting", "--dry-run"],
    )
    assert_said(
        ended,
        (1, "Credits.set_feed: "),
        (1, "Hosting: tier 0 is the free one"),
        (1, "Roles: not the proposed admin"),
    )


def test_a_file_is_settled_and_the_deployment_checked(
    session: Session, developers: list[LocalAccount], tmp_path: Path
) -> None:
    usage = tmp_path / "usage.csv"
    usage.write_text(f"account,micro\n{developers[6].address},5\n")
    settle, root = ["settle", str(usage)], "0x" + "ab" * 32
    other = tmp_path / "other.csv"
    other.write_text(usage.read_text())
    ended = session(
        [*settle, "--dry-run"],
        settle,
        settle,
        ["settle", str(other), "--root", root],
        ["settle", str(other), "--root", root, "--label", "x"],
        ["check"],
    )
    assert_said(
        ended,
        (0, "Dry run: nothing was sent; the next sequence is 0."),
        (0, "batch 1 is settled, sequence 0: 1 charge, asked 0.000005 credits"),
        (0, "All of it is settled already."),
        (0, f"root {root}: 1 charge"),
        (1, "a root that is given has no label"),
        (1, "ok       reserve: whole"),
    )
    differs = [it.split(":")[0] for it in ended[5][1].splitlines() if it.startswith("DIFFERS")]
    assert differs == [
        *("DIFFERS  Domains.proposed_admin", "DIFFERS  Credits meters", "DIFFERS  tier 1"),
        *("DIFFERS  name prices", "DIFFERS  grants a day"),
    ]


def test_a_service_is_suspended_and_given_back(
    session: Session, contract: Contract, transact: Callable[..., None]
) -> None:
    transact(contract("Hosting").functions.start(1, bytes(32), 0))
    ended = session(
        ["moderate", "suspend", "10000001", "--reason", "Phishing"],
        ["moderate", "suspend", "10000001", "--reason", "Phishing"],
        ["moderate", "suspend", "10000001"],
        ["moderate", "suspend", "10000001", "--reason", "é" * 65],
        ["moderate", "unsuspend", "10000001", "--dry-run"],
        ["moderate", "unsuspend", "10000001"],
        ["moderate", "unsuspend", "10000001"],
        ["moderate", "unsuspend", "10000009"],
    )
    assert_said(
        ended,
        (0, "state: active -> suspended"),
        (0, "The service is suspended already."),
        (1, "a suspension needs a --reason"),
        (1, "a reason has at most 128 bytes"),
        (0, "Hosting.unsuspend was not sent"),
        (0, "state: suspended -> paused"),
        (0, "The service is paused already."),
        (1, "no such service"),
    )


@pytest.mark.parametrize("broken", ["0x12", "me"])
def test_an_address_that_is_none__is_refused(session: Session, broken: str) -> None:
    assert_said(session(["set_meter", broken]), (2, f"'{broken}' is no address"))
