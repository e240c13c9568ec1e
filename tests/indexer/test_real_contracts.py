"""The real contracts on the embedded chain: every mirrored row against what the contracts say.

What is stored is held by `indexer.verify`; here is what a time makes of it, and that verify agrees.
"""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from web3.exceptions import ContractLogicError

from indexer import reads
from indexer.reads import AccountState, ServiceRow
from indexer.verify import verify
from tests.indexer.mirror import Mirror
from tests.indexer.real_names import LABELS, NAME_ACTS, assert_names_are_what_the_contract_says
from tests.indexer.real_world import World, live


def assert_rows_are_what_the_contracts_say(world: World, mirror: Mirror) -> None:
    now = world.now()
    assert list(verify(mirror.settings(), world.manifest).differences) == []
    terms = mirror.read(reads.read_terms)
    assert terms.asset == world.manifest.contracts["TestUSD"].address
    for person in world.people:
        state: AccountState = mirror.read(
            lambda conn, of=person.address: reads.read_account(conn, of)
        )
        current = state.account.current(now, terms.grace, state.set_limit)
        assert (
            current.paid,
            current.granted,
            current.rate,
            current.updated_at,
            current.spent_today,
            current.per_day,
        ) == tuple(world.ask("Credits", "account_of", person.address))
        assert state.tier(now, terms.grace) == world.ask("Hosting", "tier_of", person.address)
        for contract in ("Credits", "Hosting", "Domains"):
            assert state.roles.get(contract, 0) == world.ask(contract, "roles_of", person.address)
            assert state.is_admin(contract) == (world.ask(contract, "admin") == person.address)
    seen = 0
    for person in world.people:
        rows: list[ServiceRow] = mirror.read(
            lambda conn, of=person.address: reads.list_services(conn, of, limit=1_000)
        )
        for row in rows:
            seen += 1
            one = row.service
            assert one.streams == world.ask("Hosting", "streams", one.id)
            assert row.state(now, terms.grace) == world.ask("Hosting", "state_of", one.id)
    assert seen == sum(world.ask("Hosting", "started_of", plan) for plan in range(1, 5))
    assert_names_are_what_the_contract_says(world, mirror)


def test_the_deployment_is_mirrored(world: World, real: Mirror) -> None:
    real.catch_up()
    assert [plan.id for plan in real.read(reads.list_plans)] == [1, 2, 3, 4]
    assert_rows_are_what_the_contracts_say(world, real)


@pytest.mark.parametrize(
    ("database_url", "seed"),
    [("sqlite", 1), pytest.param("postgresql", 2, marks=pytest.mark.postgresql)],
    indirect=["database_url"],
)
def test_after_any_history_every_row_is_what_the_contracts_say(
    world: World, real: Mirror, seed: int
) -> None:
    random = Random(seed)
    assert live(world, random, 60) > 20
    real.catch_up()
    assert_rows_are_what_the_contracts_say(world, real)
    for _ in range(2):
        snapshot = world.control("evm_snapshot")
        live(world, random, 5)
        real.catch_up()
        world.control("evm_revert", snapshot)
        live(world, random, 4)
        real.catch_up()
        assert real.as_of().block_hash == world.node.eth.get_block("latest")["hash"].to_0x_hex()
        assert_rows_are_what_the_contracts_say(world, real)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_name_is_followed_through_its_life(world: World, real: Mirror) -> None:
    random = Random(7)
    for acts in (NAME_ACTS[:6], NAME_ACTS[6:], NAME_ACTS, NAME_ACTS):
        for act in acts:
            with suppress(ContractLogicError):
                act(world, random, random.choice(world.people))
        real.catch_up()
        assert_names_are_what_the_contract_says(world, real)
    found = [real.read(lambda conn, of=label: reads.get_name(conn, of)) for label in LABELS]
    assert any(found)
