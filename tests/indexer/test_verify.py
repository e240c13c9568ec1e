"""`index verify`: it agrees with what the contracts say, and names everything else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Boolean, Connection, String, Table, delete, insert, select, update
from typer.testing import CliRunner

from indexer import schema, verify
from indexer.cli import index_app
from indexer.database import open_engine
from indexer.errors import BlockUnavailable
from indexer.manifest import save_deployment
from indexer.name_rules import MIN_DURATION
from indexer.projections import PROJECTIONS
from indexer.schema.columns import ADDRESS, HASH
from indexer.settings import IndexerSettings
from indexer.verify.checks import CHECKS, UNCHECKED
from indexer.verify.report import MOST_SHOWN, Difference, Report
from tests.indexer.mirror import Mirror
from tests.indexer.real_names import SECRET
from tests.indexer.real_world import TOKEN, World, live

DAY = 86_400
PROVENANCE = ("block_number", "log_index")
ANOTHER = "0x00000000000000000000000000000000000000A1"
CONTENT = bytes.fromhex("e30101701220") + b"\1" * 32

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def pass_time(world: World, seconds: int) -> None:
    world.control("evm_increaseTime", seconds)
    world.control("evm_mine")


def live_fully(world: World) -> None:
    """Leaves a row in every table; in some, rows that only their own events tell of."""
    admin, someone, third, fourth = world.people
    for contract in ("Credits", "Hosting", "Domains"):
        world.send(admin, contract, "set_roles", admin.address, 31)
        world.send(admin, contract, "propose_admin", someone.address)
    credit(world)
    world.send(third, "Credits", "buy", 2_000, third.address)
    world.send(third, "Hosting", "subscribe", 1, 2**36)
    world.send(third, "Hosting", "start", 2, SECRET, 2**36)
    pass_time(world, 60 * DAY)
    world.send(third, "Credits", "buy", TOKEN, third.address)  # ends an epoch
    names(world)
    pass_time(world, MIN_DURATION + DAY)  # of two names, one has expired
    world.send(fourth, "Hosting", "subscribe", 1, 2**36)
    world.send(fourth, "Hosting", "start", 1, SECRET, 2**36)
    world.send(admin, "Credits", "withdraw_earned", 1_000, admin.address)
    world.send(admin, "Credits", "set_buying", False)
    world.send(someone, "Credits", "set_limit", 10**7)
    world.send(fourth, "Credits", "set_limit", 5)  # waits for tomorrow


def credit(world: World) -> None:
    admin = world.people[0]
    for person in world.people[:2] + world.people[3:]:
        world.send(person, "Credits", "buy", 500 * TOKEN, person.address)
    for number in (1, 2):
        world.send(admin, "Credits", "grant", admin.address, 10**9, number.to_bytes(32, "big"))
    world.send(admin, "Credits", "freeze", (2).to_bytes(32, "big"))
    charges = [int(person.address, 16) << 96 | 1_000 for person in world.people[:2]]
    for sequence in (0, 1):
        world.send(admin, "Credits", "settle", sequence, SECRET, charges)
    call = world.contract("Credits").functions.buy_with_ether(admin.address, 0)
    sent = call.transact({"from": admin.address, "value": 10**15})
    world.node.eth.wait_for_transaction_receipt(sent, poll_latency=0.01)


def names(world: World) -> None:
    admin, someone, third, fourth = world.people
    world.send(admin, "Domains", "set_base_uri", "https://names.example/")
    world.send(admin, "Domains", "set_registering", True)
    for label, duration in (("alice", MIN_DURATION), ("third", 12 * MIN_DURATION)):
        order = (label, someone.address, duration, SECRET)
        world.send(someone, "Domains", "commit", world.ask("Domains", "commitment_of", *order))
        pass_time(world, 600)  # the blocks ran ahead of the clock
        world.send(someone, "Domains", "register", *order)
        node = bytes(world.ask("Domains", "node_of", label))
        world.send(someone, "Domains", "set_addr", node, fourth.address)
        world.send(someone, "Domains", "set_contenthash", node, CONTENT)
        world.send(someone, "Domains", "set_text", node, "url", "said")
        world.send(someone, "Domains", "approve", third.address, int.from_bytes(node, "big"))
    world.send(someone, "Domains", "setApprovalForAll", fourth.address, True)
    world.send(third, "Domains", "claim_dns", "shop.example")
    for name, days in (("shop.example", 100), ("a.example.org", 1)):
        until = world.now() + days * DAY
        world.send(admin, "Domains", "attest_dns", name, third.address, until)


@pytest.fixture(scope="module")
def lived(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A SQLite mirror of a full life, to be copied."""
    snapshot = world.control("evm_snapshot")
    live_fully(world)
    path = tmp_path_factory.mktemp("lived") / "mirror.sqlite3"
    mirror = Mirror(world, f"sqlite:///{path}", world.url, confirmations=30)  # type: ignore[arg-type]  # a chain like the other
    mirror.catch_up()
    mirror.close()
    yield path
    world.control("evm_revert", snapshot)


class Copy:
    """A copy of the mirror, to be tampered with."""

    def __init__(self, world: World, path: Path) -> None:
        self._world = world
        self.settings = IndexerSettings(
            _env_file=None, database_url=f"sqlite:///{path}", rpc_urls=world.url
        )

    def write(self, work: Callable[[Connection], Any]) -> Any:
        engine = open_engine(self.settings.database_url, writes=True)
        with engine.begin() as conn:
            found = work(conn)
        engine.dispose()
        return found

    def rows(self, table: Table) -> list[dict[str, Any]]:
        query = select(table).order_by(*table.primary_key)
        return self.write(lambda conn: [row._asdict() for row in conn.execute(query)])

    def set(self, table: Table, row: dict[str, Any], **values: Any) -> None:
        matches = (column == row[column.name] for column in table.primary_key)
        self.write(lambda conn: conn.execute(update(table).where(*matches).values(values)))

    def remove(self, table: Table, row: dict[str, Any]) -> None:
        matches = (column == row[column.name] for column in table.primary_key)
        self.write(lambda conn: conn.execute(delete(table).where(*matches)))

    def add(self, table: Table, row: dict[str, Any]) -> None:
        self.write(lambda conn: conn.execute(insert(table).values(row)))

    def verified(self, *tables: Table) -> Report:
        checks = [check for check in CHECKS if not tables or check.table in tables]
        return verify.verify(self.settings, self._world.manifest, checks)


@pytest.fixture
def copy(world: World, lived: Path, tmp_path: Path) -> Copy:
    path = tmp_path / "copy.sqlite3"
    for part in lived.parent.glob(f"{lived.name}*"):
        shutil.copy(part, path.with_name(part.name.replace(lived.name, path.name)))
    return Copy(world, path)


def key_of(table: Table, row: dict[str, Any]) -> str:
    return ":".join(str(row[column.name]) for column in table.primary_key)


def changed(column: Any, value: Any) -> Any:
    """Another value that the column takes."""
    if isinstance(column.type, Boolean):
        return not value
    if column.type is ADDRESS:
        return ANOTHER
    if column.type is HASH or str(value).startswith("0x"):
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    if isinstance(column.type, String) and isinstance(value, str):
        return value[:-1] + "~"
    return value + 1


def test_every_table_is_held_against_the_chain_or_named_with_a_reason() -> None:
    checked = {check.table for check in CHECKS}
    assert len(checked) == len(CHECKS)
    assert checked == {projection.table for projection in PROJECTIONS}
    assert checked | UNCHECKED.keys() == set(schema.mirror.sorted_tables)
    assert not checked & UNCHECKED.keys()


def test_a_mirror_of_a_full_life_agrees(copy: Copy, world: World) -> None:
    report = copy.verified()
    assert report.differences == []
    assert set(report.checked) == {check.table.name for check in CHECKS}
    assert min(report.checked.values()) > 0
    head = world.node.eth.get_block("latest")
    assert (report.block_number, report.block_hash) == (head["number"], head["hash"].to_0x_hex())
    assert "mirror_events" in report.unchecked
    assert "no view tells" in report.unchecked["mirror_ether"]


@pytest.mark.parametrize("table", [check.table for check in CHECKS], ids=lambda t: t.name)
def test_any_column_of_any_row_that_was_changed_is_named(copy: Copy, table: Table) -> None:
    rows = copy.rows(table)
    assert rows
    for row in rows[:4]:
        for column in table.columns:
            if column.primary_key or column.name in PROVENANCE:
                continue
            value = changed(column, row[column.name])
            copy.set(table, row, **{column.name: value})
            wanted = Difference(
                table.name, key_of(table, row), column.name, value, row[column.name]
            )
            assert wanted in copy.verified(table).differences
            copy.set(table, row, **{column.name: row[column.name]})
    assert copy.verified(table).agrees


@pytest.mark.parametrize("table", [check.table for check in CHECKS], ids=lambda t: t.name)
def test_a_row_that_was_removed_is_missed(copy: Copy, table: Table) -> None:
    for row in copy.rows(table)[:4]:
        copy.remove(table, row)
        found = [d for d in copy.verified(table).differences if d.key == key_of(table, row)]
        assert [(d.column, d.mirror) for d in found] == [(None, None)], row
        copy.add(table, row)


@pytest.mark.parametrize(
    "table",
    [
        *(schema.accounts, schema.epochs, schema.subscriptions, schema.settlements),
        *(schema.plans, schema.tiers, schema.services, schema.buying, schema.admins),
        *(schema.names, schema.name_tokens, schema.name_labels, schema.content_hashes),
        *(schema.name_addrs, schema.name_approvals),
    ],
    ids=lambda table: table.name,
)
def test_a_row_whose_events_are_missing_too_is_found_where_the_chain_can_tell(
    copy: Copy, table: Table
) -> None:
    row = copy.rows(table)[-1]
    copy.remove(table, row)
    copy.write(
        lambda conn: conn.execute(
            delete(schema.events).where(schema.events.c.block_number == row["block_number"])
        )
    )
    found = copy.verified(table).differences
    assert (table.name, key_of(table, row), None) in [(d.table, d.key, d.column) for d in found]


def test_a_name_of_which_nothing_is_left_is_missed_by_its_owners_count(
    copy: Copy, world: World
) -> None:
    node = copy.rows(schema.names)[0]["node"]
    for table in schema.mirror.sorted_tables:
        if "node" in table.columns:
            copy.write(lambda conn, of=table: conn.execute(delete(of).where(of.c.node == node)))
    copy.write(lambda conn: conn.execute(delete(schema.events).where(schema.events.c.key == node)))
    owner = world.people[1].address
    missed = Difference("mirror_names", owner, "balanceOf", 1, 2)
    assert missed in copy.verified(schema.names).differences


INVENTED = {
    schema.accounts: {"address": ANOTHER},
    schema.grants: {"reference": "0x" + "ab" * 32},
    schema.limits: {"address": ANOTHER},
    schema.settlements: {"sequence": 7},
    schema.services: {"id": 3 * 10**7 + 1, "rate": 2**255},
    schema.meters: {"address": ANOTHER},
    schema.roles: {"contract": "Nowhere"},
    schema.names: {"node": "0x" + "ab" * 32},
    schema.name_labels: {"node": "0x" + "ab" * 32},
    schema.name_operators: {"owner": "nobody"},
    schema.dns_claims: {"claimant": ANOTHER},
    schema.name_addrs: {"node": "0xno hex"},
}


@pytest.mark.parametrize("table", INVENTED, ids=lambda table: table.name)
def test_a_row_that_the_chain_knows_nothing_of_is_found(copy: Copy, table: Table) -> None:
    row = copy.rows(table)[-1] | INVENTED[table]
    copy.add(table, row)
    found = copy.verified(table).differences
    assert key_of(table, row) in {difference.key for difference in found}


def test_a_row_held_by_its_event_must_name_it(copy: Copy) -> None:
    (row,) = copy.rows(schema.ether)
    for block_number in (row["block_number"] - 1, 10**9):
        copy.set(schema.ether, row, block_number=block_number)
        (found,) = copy.verified(schema.ether).differences
        place = f"block {block_number}, log {row['log_index']}"
        assert found == Difference("mirror_ether", "Credits", "event", place, None)


@pytest.mark.parametrize(
    ("database_url", "seed"),
    [("sqlite", 11), pytest.param("postgresql", 12, marks=pytest.mark.postgresql)],
    indirect=["database_url"],
)
def test_it_reads_at_the_mirrors_own_block_while_chain_and_indexer_go_on(
    world: World, real: Mirror, seed: int
) -> None:
    random = Random(seed)
    live(world, random, 40)
    real.catch_up()
    live(world, random, 40)
    assert real.as_of().block_number < world.node.eth.block_number
    assert verify.verify(real.settings(), world.manifest).differences == []
    real.catch_up()
    engine = open_engine(real.database_url, writes=True)
    with engine.begin() as conn:
        conn.execute(update(schema.plans).values(rate=1))
        conn.execute(delete(schema.roles))
    engine.dispose()
    report = verify.verify(real.settings(), world.manifest)
    assert {(d.table, d.column) for d in report.differences} == {
        ("mirror_plans", "rate"),
        ("mirror_roles", None),
    }


@on_sqlite
def test_another_branch_never_agrees(world: World, real: Mirror) -> None:
    snapshot = world.control("evm_snapshot")
    world.control("evm_mine")
    real.catch_up()
    world.control("evm_revert", snapshot)
    with pytest.raises(BlockUnavailable, match="has no block"):
        verify.verify(real.settings(), world.manifest)
    world.control("evm_mine")
    with pytest.raises(BlockUnavailable, match="is on another branch"):
        verify.verify(real.settings(), world.manifest)


@on_sqlite
def test_an_empty_mirror_never_agrees(world: World, real: Mirror) -> None:
    with pytest.raises(BlockUnavailable, match="empty"):
        verify.verify(real.settings(), world.manifest)


# ---------------------------------------------------------------- the command


@pytest.fixture
def command(
    copy: Copy, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Runs `dspace index verify` on the copy."""
    save_deployment(world.manifest, tmp_path / "deployment.json")
    monkeypatch.setenv("DSPACE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DSPACE_DATABASE_URL", copy.settings.database_url)
    monkeypatch.setenv("DSPACE_RPC_URLS", world.url)
    return lambda *options: CliRunner().invoke(index_app, ["verify", *options])


def test_status_0_says_what_agrees(command: Callable[..., Any], copy: Copy) -> None:
    answer = command()
    report = copy.verified()
    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[-1] == (
        f"{sum(report.checked.values())} rows of {len(CHECKS)} tables agree with the chain "
        f"at block {report.block_number} {report.block_hash}"
    )


def test_status_1_has_a_line_a_difference(command: Callable[..., Any], copy: Copy) -> None:
    row = copy.rows(schema.plans)[0]
    copy.set(schema.plans, row, name="cheap", rate=2**200)
    copy.remove(schema.services, copy.rows(schema.services)[0])
    answer = command()
    assert answer.exit_code == 1
    lines = answer.stdout.splitlines()
    assert lines[0].startswith(f"mirror_plans {row['id']}: name: mirror 'cheap', chain ")
    assert lines[1] == f"mirror_plans {row['id']}: rate: mirror {2**200}, chain {row['rate']}"
    assert lines[2].startswith("mirror_services 10000001: row: mirror none, chain (owner 0x")
    assert lines[-1].startswith("3 differences between ")


def test_json_is_one_object(command: Callable[..., Any], copy: Copy) -> None:
    row = copy.rows(schema.plans)[0]
    copy.set(schema.plans, row, rate=2**200)
    answer = command("--json")
    assert answer.exit_code == 1
    found = json.loads(answer.stdout)
    assert found["differences"] == [
        {
            "table": "mirror_plans",
            "key": str(row["id"]),
            "column": "rate",
            "mirror": str(2**200),
            "chain": row["rate"],
        }
    ]
    assert found["differences_found"] == 1
    assert found["checked"]["mirror_plans"] == 4
    assert found["unchecked"].keys() >= {table.name for table in UNCHECKED}
    report = copy.verified()
    assert (found["block_number"], found["block_hash"]) == (
        report.block_number,
        report.block_hash,
    )


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DSPACE_RPC_URLS", "http://127.0.0.1:9", "no connection"),
        ("DSPACE_DATABASE_URL", "sqlite://", "the mirror is empty"),
        ("DSPACE_DATABASE_URL", "postgresql://127.0.0.1:9/none", "the database failed: "),
        ("DSPACE_DEPLOYMENT", "/nowhere.json", "no deployment manifest"),
    ],
)
def test_status_2_where_it_cant_be_told(
    command: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    says: str,
) -> None:
    monkeypatch.setattr("indexer.verify.run.PAUSES", ())
    monkeypatch.setenv(name, value)
    answer = command()
    assert (answer.exit_code, answer.stdout) == (2, "")
    line = answer.stderr.splitlines()[-1]  # after what it logged of the node
    assert line.startswith("dspace: ")
    assert says in line


def test_differences_beyond_the_limit_are_counted() -> None:
    report = Report(1, "0x1")
    for number in range(MOST_SHOWN + 5):
        report.add(Difference("mirror_plans", str(number), "rate", 1, 2))
    lines = list(report.lines())
    assert lines[MOST_SHOWN] == "… and 5 more"
    assert len(lines) == MOST_SHOWN + 2
    assert report.as_json()["differences_found"] == MOST_SHOWN + 5
