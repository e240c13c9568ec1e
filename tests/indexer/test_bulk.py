"""Many rows at once: what is read back is what was written, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from indexer import schema
from indexer.bulk import CHUNK_ROWS, insert_rows, upsert_rows
from indexer.database import open_engine

NASTY = "tab\t line\n return\r back\\slash \\N 'quote' \"double\" {} \u00e9 \U0001f980 \\."


@pytest.fixture
def conn(database_url: str) -> Iterator[Connection]:
    engine = open_engine(database_url, writes=True)
    with engine.connect() as made:
        schema.mirror.create_all(made)
        made.commit()
        yield made
    engine.dispose()


def event(number: int, **arguments: Any) -> tuple[Any, ...]:
    return (number, 0, 0, "0xb", 1, "0xt", "Credits", "Bought", "k", None, arguments)


def account(number: int, paid: int) -> dict[str, Any]:
    plain = dict.fromkeys(("granted", "rate", "updated_at", "spent_today", "per_day"), 0)
    place = {"block_number": 1, "log_index": 0}
    return {"address": f"0x{number:040x}", "paid": paid, "lowered": False, **plain, **place}


@pytest.mark.parametrize("count", [0, 1, 19, 20, 21, CHUNK_ROWS[0] + CHUNK_ROWS[1] + 3])
def test_all_rows_are_written(conn: Connection, count: int) -> None:
    insert_rows(conn, schema.events, [event(number) for number in range(count)])
    found = conn.execute(select(schema.events.c.block_number)).scalars().all()
    assert sorted(found) == list(range(count))


def test_any_text_comes_back_as_it_was(conn: Connection) -> None:
    insert_rows(conn, schema.events, [event(1, text=NASTY, many=["\t", {"a": NASTY}], none=None)])
    row = {
        "key_hash": "0xkh",
        "node": "0xn",
        "key": "\\N",
        "value": NASTY,
        "version": 1,
        "block_number": 1,
        "log_index": 0,
    }
    upsert_rows(conn, schema.name_texts, [row])
    arguments = conn.execute(select(schema.events.c.arguments)).scalar_one()
    assert arguments == {"text": NASTY, "many": ["\t", {"a": NASTY}], "none": None}
    assert dict(conn.execute(select(schema.name_texts)).one()._mapping) == row


def test_the_largest_integers_come_back_as_they_were(conn: Connection) -> None:
    upsert_rows(conn, schema.accounts, [account(1, 2**256 - 1), account(2, 0)])
    paid = select(schema.accounts.c.paid).order_by(schema.accounts.c.address)
    assert conn.execute(paid).scalars().all() == [2**256 - 1, 0]


@pytest.mark.parametrize("count", [1, 21, CHUNK_ROWS[0] + 1])
def test_a_row_is_written_over_the_one_of_its_key(conn: Connection, count: int) -> None:
    upsert_rows(conn, schema.accounts, [account(number, 1) for number in range(0, count, 2)])
    upsert_rows(conn, schema.accounts, [account(number, 2) for number in range(count)])
    assert conn.execute(select(schema.accounts.c.paid)).scalars().all() == [2] * count


def test_a_row_twice_is_the_databases_error_as_sqlalchemy_names_it(conn: Connection) -> None:
    with conn.begin():
        insert_rows(conn, schema.events, [event(1)])
    with pytest.raises(DBAPIError), conn.begin():
        insert_rows(conn, schema.events, [event(2), event(1)])
    assert conn.execute(select(schema.events.c.block_number)).scalars().all() == [1]
