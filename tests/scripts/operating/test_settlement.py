"""A file of charges is settled once, whatever is cut off; and says what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address

from scripts.deployment.errors import DeployError
from scripts.deployment.web3_hands import Web3Hands
from scripts.operating.desk import Desk
from scripts.operating.settlement import BATCH, Charge, Settlement, load_charges, merkle_root
from tests.support.chain import RunningChain

Settle = Callable[..., None]


class Cut(Exception):
    """A crash in the middle."""


class CutHands(Web3Hands):
    """Crashes before or after a batch is sent; or lets another's be mined before it."""

    def __init__(self, url: str, key: str) -> None:
        super().__init__(url, key)
        self.cut_before = self.cut_after = False
        self.overtaken_by: list[int] | None = None

    def send(self, name: str, address: str, function: str, *arguments: Any) -> str:
        if self.cut_before:
            raise Cut
        if self.overtaken_by is not None:
            sequence, others = arguments[0], self.overtaken_by
            self.overtaken_by = None
            super().send(name, address, function, sequence, b"\1" * 32, others)
        sent = super().send(name, address, function, *arguments)
        if self.cut_after:
            raise Cut
        return sent


@pytest.fixture
def hands(devnet: RunningChain, operator: LocalAccount) -> CutHands:
    return CutHands(devnet.url, operator.key.to_0x_hex())


@pytest.fixture
def settle(hands: CutHands, manifest: Path, said: list[str], tmp_path: Path) -> Settle:
    """Settles charges under a label, from the same file each time."""

    def run(label: str, charges: Sequence[Charge], *, dry_run: bool = False) -> None:
        desk = Desk(hands, manifest, dry_run, said.append)
        Settlement(desk, tmp_path / "usage.csv", merkle_root(label, charges), charges).run()

    return run


@pytest.fixture
def noted(tmp_path: Path) -> Callable[[], dict[str, Any]]:
    """The batches of `usage.csv.settled`."""
    return lambda: dict(json.loads((tmp_path / "usage.csv.settled").read_text())["batches"])


def person(number: int) -> str:
    return to_checksum_address(f"0x{number + 2**100:040x}")


@pytest.fixture
def funded(desk: Desk, developers: list[LocalAccount]) -> str:
    """An account with a credit that was granted."""
    someone = developers[6].address
    reference = (desk.read("Credits", "next_sequence") + 1).to_bytes(32, "big")
    if not desk.read("Credits", "grant_of", reference)[2]:
        desk.send("Credits", "grant", someone, 10**9, reference)
    return someone


def test_what_is_asked_is_charged_up_to_the_balance_and_the_limit(
    desk: Desk, settle: Settle, funded: str, said: list[str]
) -> None:
    before = desk.read("Credits", "balance_of", funded)
    settle("day 1", [Charge(funded, 250_000), Charge(person(1), 5)])
    assert desk.read("Credits", "balance_of", funded) == before - 250_000_000
    assert "asked 0.250005 credits, paid 0.25 credits: 0x" in said[-1]


def test_a_file_is_settled_once(
    desk: Desk, settle: Settle, funded: str, said: list[str], tmp_path: Path
) -> None:
    charges = [Charge(funded, 1_000)]
    settle("day 2", charges)
    balance = desk.read("Credits", "balance_of", funded)
    settle("day 2", charges)
    assert said[-1] == "All of it is settled already."
    (tmp_path / "usage.csv.settled").unlink()  # the chain knows without it
    settle("day 2", charges)
    assert desk.read("Credits", "balance_of", funded) == balance
    (tmp_path / "usage.csv.settled").unlink()
    settle("day 3", charges)
    assert desk.read("Credits", "balance_of", funded) == balance - 1_000_000


@pytest.mark.parametrize("when", ["cut_before", "cut_after"])
def test_cut_off_around_a_batch__it_goes_on_and_sends_none_twice(
    desk: Desk,
    hands: CutHands,
    settle: Settle,
    noted: Callable[[], dict[str, Any]],
    funded: str,
    when: str,
) -> None:
    charges = [Charge(funded, 7)] + [Charge(person(number), 1) for number in range(BATCH)]
    first = desk.read("Credits", "next_sequence")
    balance = desk.read("Credits", "balance_of", funded)
    setattr(hands, when, True)
    with pytest.raises(Cut):
        settle(when, charges)
    assert noted() == {"0": {"sequence": first, "transaction": None}}
    setattr(hands, when, False)
    settle(when, charges)
    assert desk.read("Credits", "next_sequence") == first + 2
    assert desk.read("Credits", "balance_of", funded) == balance - 7_000
    assert [it["sequence"] for it in noted().values()] == [first, first + 1]
    assert all(it["transaction"].startswith("0x") for it in noted().values())


def test_whose_sequence_another_took__is_refused_and_goes_on_with_the_next(
    desk: Desk, hands: CutHands, settle: Settle, funded: str
) -> None:
    charges, first = [Charge(funded, 11)], desk.read("Credits", "next_sequence")
    balance = desk.read("Credits", "balance_of", funded)
    hands.overtaken_by = [Charge(person(3), 1).packed]
    with pytest.raises(DeployError, match="Credits: not the next sequence"):
        settle("overtaken", charges)
    assert desk.read("Credits", "balance_of", funded) == balance
    settle("overtaken", charges)
    assert desk.read("Credits", "next_sequence") == first + 2
    assert desk.read("Credits", "balance_of", funded) == balance - 11_000


def test_a_file_that_was_changed_since_it_was_begun__is_refused(
    desk: Desk, settle: Settle, funded: str
) -> None:
    settle("changed", [Charge(funded, 1)])
    sequence = desk.read("Credits", "next_sequence")
    with pytest.raises(DeployError, match="was begun with other charges"):
        settle("changed", [Charge(funded, 2)])
    assert desk.read("Credits", "next_sequence") == sequence


def test_other_charges_under_its_root__stop_it(
    desk: Desk, settle: Settle, funded: str, tmp_path: Path
) -> None:
    charges, sequence = [Charge(funded, 1)], desk.read("Credits", "next_sequence")
    root = merkle_root("foreign", charges)
    desk.send("Credits", "settle", sequence, root, [Charge(funded, 2).packed])
    with pytest.raises(DeployError, match="settled other charges under this root"):
        settle("foreign", charges)
    assert not (tmp_path / "usage.csv.settled").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [("{}", "can't be read"), ('{"chain_id": 1, "credits": "0x", "root": "0x"}', "another")],
)
def test_a_note_that_is_not_of_this_file__is_refused(
    settle: Settle, funded: str, tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "usage.csv.settled").write_text(text)
    with pytest.raises(DeployError, match=told):
        settle("noted", [Charge(funded, 1)])


def test_a_dry_run_tells_what_each_would_pay_and_sends_nothing(
    desk: Desk, settle: Settle, funded: str, said: list[str], tmp_path: Path
) -> None:
    sequence = desk.read("Credits", "next_sequence")
    nonce = desk.hands.ask("eth_getTransactionCount", [desk.hands.sender, "latest"])
    account = desk.read("Credits", "account_of", funded)
    left = account[5] - account[4]
    charges = [Charge(funded, 2_000_000), Charge(person(1), 5)]
    settle("day 5", charges, dry_run=True)
    assert desk.read("Credits", "next_sequence") == sequence
    assert desk.hands.ask("eth_getTransactionCount", [desk.hands.sender, "latest"]) == nonce
    assert not (tmp_path / "usage.csv.settled").exists()
    assert f"  {person(1)}: asked 0.000005 credits, pays 0 credits (its balance)" in said
    assert any(f"  {funded}: asked 2 credits, pays 0." in it for it in said), (left, said)
    assert said[-1] == f"Dry run: nothing was sent; the next sequence is {sequence}."


def test_csv_and_json_say_the_same(tmp_path: Path) -> None:
    lines, entries = tmp_path / "usage.csv", tmp_path / "usage.json"
    lines.write_text(f"account,micro\n{person(1)}, 5\n\n{person(2).lower()},0\n")
    entries.write_text(
        f'[{{"account": "{person(1)}", "micro": 5}}, {{"account": "{person(2)}", "micro": 0}}]'
    )
    assert load_charges(lines) == [Charge(person(1), 5), Charge(person(2), 0)]
    assert load_charges(entries) == load_charges(lines)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0x12,5", "line 1: account: '0x12' is no address"),
        (f"{person(1)},-1", "line 1: micro: '-1' is no number"),
        (f"{person(1)},1.5", "line 1: micro: '1.5' is no number"),
        (f"{person(1)},{2**48}", "line 1: micro"),
        (f"{person(1)},1\n{person(1)},2", "line 2: account: "),
        (f"{person(1)}", "line 1: 1 columns"),
        ("account,micro\n", "no charge in it"),
        (f"{person(1)},{'9' * 5000}", "line 1: micro"),
    ],
)
def test_a_line_that_makes_no_sense__is_named(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "usage.csv"
    path.write_text(text)
    with pytest.raises(DeployError) as caught:
        load_charges(path)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[1]", '[{"account": "x"}]', "[}"),
        f'[{{"account": "{person(1)}", "micro": true}}]',
        f'[{{"account": "{person(1)}", "micro": 1.0}}]',
    ],
)
def test_json_that_is_no_list_of_charges__is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "usage.json"
    path.write_text(text)
    with pytest.raises(DeployError):
        load_charges(path)


def test_a_file_that_is_not_there__is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="No such file"):
        load_charges(tmp_path / "none.csv")


def test_the_root_is_of_the_label_and_every_charge_in_its_order() -> None:
    charges = [Charge(person(number), number) for number in range(5)]
    root = merkle_root("a", charges)
    assert root == merkle_root("a", list(charges))
    others = [
        merkle_root("b", charges),
        merkle_root("a", charges[:-1]),
        merkle_root("a", [replace(charges[0], micro=9), *charges[1:]]),
    ]
    assert len({root, *others}) == 4
