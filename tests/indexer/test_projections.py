"""The rows that events make; and that no event of a mirrored contract is left without one."""

from __future__ import annotations

from typing import Any

import pytest

from indexer import schema
from indexer.abi import load_abi
from indexer.chain.types import Block, RawLog
from indexer.decode import Decoder
from indexer.name_rules import ZERO_ADDRESS
from indexer.projections import BATCHES, MIRRORED_CONTRACTS, PROJECTIONS, RULES
from indexer.rows import fold
from tests.indexer.emitting import bought, person, service, settled, started, word
from tests.indexer.fakechain import ADDRESSES, FakeLog, emit

ABI_EVENTS = {
    entry["name"]: entry
    for contract in MIRRORED_CONTRACTS
    for entry in load_abi(contract)
    if entry["type"] == "event"
}


def rows_of(*logs: FakeLog) -> dict[str, list[dict[str, Any]]]:
    """Table -> rows that a block of these logs leaves, without where they come from."""
    decoder = Decoder({name: (ADDRESSES[name], load_abi(name)) for name in MIRRORED_CONTRACTS})
    block = Block(7, "0x" + "ab" * 32, "0x" + "aa" * 32, 1_750_000_000)
    events = [
        event
        for index, e in enumerate(logs)
        for event in decoder.decode(
            block, RawLog(e.address, e.topics, e.data, 7, block.hash, "0x" + "cd" * 32, index)
        )
    ]
    found = {}
    for projection, rows in fold(events):
        assert {frozenset(row) for row in rows} == {frozenset(projection.table.columns.keys())}
        drop = ("block_number", "log_index")
        found[projection.table.name.removeprefix("mirror_")] = [
            {name: value for name, value in row.items() if name not in drop} for row in rows
        ]
    return found


@pytest.mark.parametrize("name", sorted(ABI_EVENTS))
def test_every_event_of_the_contracts_has_a_rule_and_feeds_a_table(name: str) -> None:
    assert name in RULES
    assert any(name in projection.rows for projection in PROJECTIONS)
    account = RULES[name].account
    assert account is None or account in {entry["name"] for entry in ABI_EVENTS[name]["inputs"]}


def test_no_rule_is_of_an_event_that_no_contract_has() -> None:
    names = set(ABI_EVENTS) | {batch.entry for batch in BATCHES.values()}
    assert set(BATCHES) <= set(ABI_EVENTS)
    assert set(RULES) == names
    assert {name for projection in PROJECTIONS for name in projection.rows} == names


def test_every_table_of_state_has_one_projection() -> None:
    plumbing = {schema.cursor, schema.blocks, schema.events}
    tables = [projection.table for projection in PROJECTIONS]
    assert len(tables) == len(set(tables))
    assert set(tables) == set(schema.mirror.sorted_tables) - plumbing


def test_an_account_is_its_last_word() -> None:
    logs = [
        bought(person(1), 5, rate=7, updated_at=100),
        emit(
            "Credits",
            "RateAdjusted",
            account=person(1),
            meter=person(9),
            delta=-7,
            word=word(4, granted=3, updated_at=200),
        ),
    ]
    assert rows_of(*logs) == {
        "accounts": [
            {
                "address": person(1),
                "paid": 4,
                "granted": 3,
                "rate": 0,
                "updated_at": 200,
                "spent_today": 0,
                "lowered": False,
                "per_day": 10**6,
            }
        ]
    }


def test_a_limit_and_an_epoch_have_rows_beside_the_account() -> None:
    found = rows_of(
        emit("Credits", "LimitSet", account=person(1), per_day=5, word=word(1)),
        emit("Credits", "EpochEnded", account=person(2), epoch=3, depleted_at=99, word=word(0)),
    )
    assert found["limits"] == [{"address": person(1), "per_day": 5}]
    assert found["epochs"] == [{"address": person(2), "epoch": 3, "depleted_at": 99}]
    assert [row["address"] for row in found["accounts"]] == [person(1), person(2)]


def test_a_service_is_its_last_event_whichever_it_is() -> None:
    found = rows_of(
        started(1, person(1)),
        started(2, person(1)),
        service("ServiceChanged", 1, person(1), 2),
        service("ServiceSuspended", 2, person(1), 3, reason="Malware"),
    )
    assert [(row["id"], row["state"]) for row in found["services"]] == [(1, 2), (2, 3)]


def test_an_accepted_admin_is_no_proposal_any_more() -> None:
    proposed = emit("Hosting", "AdminProposed", proposed=person(2))
    accepted = emit("Hosting", "AdminChanged", admin=person(2))
    assert rows_of(proposed)["admin_proposals"] == [{"contract": "Hosting", "address": person(2)}]
    assert rows_of(proposed, accepted) == {
        "admins": [{"contract": "Hosting", "address": person(2)}],
        "admin_proposals": [{"contract": "Hosting", "address": ZERO_ADDRESS}],
    }


def test_roles_are_a_contracts_own() -> None:
    found = rows_of(
        emit("Credits", "RolesChanged", account=person(1), roles=31),
        emit("Hosting", "RolesChanged", account=person(1), roles=8),
        emit("Credits", "RolesChanged", account=person(1), roles=0),
    )
    assert found["roles"] == [
        {"contract": "Credits", "address": person(1), "roles": 0},
        {"contract": "Hosting", "address": person(1), "roles": 8},
    ]


def test_terms_meters_plans_and_treasury_have_their_rows() -> None:
    found = rows_of(
        emit("Credits", "CreditsDeployed", asset=person(9), scale=1_000, grace=60),
        emit("Credits", "MeterSet", meter=person(8), registered=True, counts_at=99),
        emit("Credits", "EarnedWithdrawn", to=person(1), amount=5, earned=7),
        emit(
            "Hosting",
            "PlanSet",
            plan=2,
            name="Static site",
            kind=1,
            rate=2_000,
            free_period=0,
            offered=True,
        ),
    )
    assert found == {
        "terms": [{"contract": "Credits", "asset": person(9), "scale": 1_000, "grace": 60}],
        "meters": [{"address": person(8), "registered": True, "counts_at": 99}],
        "treasury": [{"contract": "Credits", "earned": 7}],
        "plans": [
            {
                "id": 2,
                "name": "Static site",
                "kind": 1,
                "rate": 2_000,
                "free_period": 0,
                "offered": True,
            }
        ],
    }


def test_a_batch_leaves_a_row_an_account_that_was_charged_the_last_one_counting() -> None:
    found = rows_of(
        settled(
            7,
            (person(1), 5, 3, word(10)),
            (person(2), 5, 0, 0),
            (person(3), 2**48 - 1, 8, word(20)),
            (person(1), 9, 9, word(1)),
        )
    )
    assert [(row["address"], row["paid"]) for row in found["accounts"]] == [
        (person(1), 1),
        (person(3), 20),
    ]
    assert found["settlements"] == [{"sequence": 7, "root": "0x" + "00" * 32, "entries": 4}]


def test_a_grant_is_what_became_of_it_last() -> None:
    reference = b"\x05" * 32
    fields = {"account": person(1), "reference": reference, "word": word(0)}
    steps = [("Granted", 9, 1), ("GrantFrozen", 4, 2), ("GrantUnfrozen", 4, 1)]
    logs = []
    for name, amount, state in [*steps, ("GrantForfeited", 3, 3)]:
        logs.append(emit("Credits", name, amount=amount, **fields))
        row = {"account": person(1), "amount": amount, "state": state}
        assert rows_of(*logs)["grants"] == [{"reference": "0x" + reference.hex(), **row}]


def test_float_and_ether_are_what_the_last_sale_or_change_left() -> None:
    sold = emit(
        "Credits",
        "EtherSold",
        account=person(1),
        wei_amount=5,
        amount=50,
        price=10,
        float=950,
        wei_held=5,
    )
    found = rows_of(emit("Credits", "FloatChanged", by=person(1), delta=1_000, float=1_000), sold)
    assert found["floats"] == [{"contract": "Credits", "amount": 950}]
    assert found["ether"] == [{"contract": "Credits", "wei": 5}]
