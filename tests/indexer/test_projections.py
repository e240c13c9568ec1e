"""The rows that events make; and that no event of a mirrored contract is left without one."""

from __future__ import annotations

from typing import Any

import pytest

from indexer import schema
from indexer.abi import load_abi
from indexer.chain.types import Block, RawLog
from indexer.decode import Decoder
from indexer.projections import MIRRORED_CONTRACTS, PROJECTIONS, RULES, ZERO_ADDRESS
from indexer.rows import fold
from tests.indexer.emitting import bought, person, service, started, word
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
        decoder.decode(
            block, RawLog(e.address, e.topics, e.data, 7, block.hash, "0x" + "cd" * 32, index)
        )
        for index, e in enumerate(logs)
    ]
    found = {}
    for projection, rows in fold(event for event in events if event):
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
    assert set(RULES) == set(ABI_EVENTS)
    assert {name for projection in PROJECTIONS for name in projection.rows} == set(ABI_EVENTS)


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
        emit("Credits", "MeterSet", meter=person(8), registered=True),
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
        "meters": [{"address": person(8), "registered": True}],
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
