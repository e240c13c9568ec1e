"""What was done that no reorg takes back, and the block that it was done on.

Whoever deletes, pays out or certifies on mirrored state records it here, in the transaction of
the act. A block that isn't final yet is refused. The register isn't of the mirror: it survives a
rebuild and a rewind, and a rewind lists what it left without its ground.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    insert,
    or_,
    select,
    text,
)

from indexer import schema
from indexer.reads.cursor import AsOf

register = MetaData()

acts = Table(
    "irreversible_acts",
    register,
    Column("id", Integer, primary_key=True),
    Column("kind", String(64), nullable=False),  # what was done: `content_deleted`
    Column("subject", String(256), nullable=False),  # to what
    Column("block_number", BigInteger, nullable=False, index=True),
    Column("block_hash", schema.HASH, nullable=False),
    Column("acted_at", BigInteger, nullable=False),  # unix milliseconds
    Column("details", JSON, nullable=False),
)


class NotFinal(Exception):
    """The state that an irreversible act would rely on may still be undone."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act, and the block whose state it relied on."""

    kind: str
    subject: str
    block_number: int
    block_hash: str
    acted_at_ms: int
    details: Mapping[str, Any]


def open_register(conn: Connection) -> None:
    """Makes the table where it isn't. On PostgreSQL every role may add to it, and change nothing.

    So the API, which can't write the mirror, can write down what it does on its word.
    """
    register.create_all(conn)
    if conn.dialect.name == "postgresql":
        conn.execute(text(f"GRANT SELECT, INSERT ON {acts.name} TO PUBLIC"))
        conn.execute(text(f"GRANT USAGE ON SEQUENCE {acts.name}_id_seq TO PUBLIC"))


def record_act(conn: Connection, as_of: AsOf, kind: str, subject: str, **details: Any) -> None:
    """Writes down an act on the state of `as_of`; raises NotFinal where that can be undone."""
    record_acts(conn, as_of, kind, {subject: details})


def record_acts(
    conn: Connection, as_of: AsOf, kind: str, subjects: Mapping[str, Mapping[str, Any]]
) -> None:
    """As `record_act`, of several subjects, each with its details."""
    if not as_of.finalized:
        raise NotFinal(f"block {as_of.block_number} is above the final {as_of.finalized_number}")
    if not subjects:
        return
    acted_at = time.time_ns() // 1_000_000
    conn.execute(
        insert(acts),
        [
            {
                "kind": kind,
                "subject": subject,
                "block_number": as_of.block_number,
                "block_hash": as_of.block_hash,
                "acted_at": acted_at,
                "details": dict(details),
            }
            for subject, details in subjects.items()
        ],
    )


def list_acts_without_ground(conn: Connection, number: int) -> list[Act]:
    """The acts on blocks above a number, or on ones that the mirror has replaced; oldest first."""
    blocks = schema.blocks.c
    query = (
        select(acts)
        .outerjoin(schema.blocks, blocks.number == acts.c.block_number)
        .where(
            or_(
                acts.c.block_number > number,
                and_(blocks.hash.is_not(None), blocks.hash != acts.c.block_hash),
            )
        )
        .order_by(acts.c.id)
    )
    return [
        Act(row.kind, row.subject, row.block_number, row.block_hash, row.acted_at, row.details)
        for row in conn.execute(query)
    ]
