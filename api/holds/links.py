"""The index of the store in SQL: which block leads to which.

Invariant: where a node is named as a parent, all links of it and of everything below it are here.
So a DAG is indexed once however often it is held, a walk stops where it meets a known node, and
both questions are one recursive query: what lies below the holds (the collector), and which holds
lie above a CID (the gateway, that serves nothing whose holders don't pay).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, Index, Select, String, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, db
from api.holds.models import Hold
from api.storage.ports import BlockStore
from api.storage.unixfs.cid import DAG_PB, Cid
from api.storage.unixfs.walk import links_of

_ASKED_AT_ONCE = 500  # variables of a statement; SQLite's oldest limit is 999


class BlockLink(Base):
    """An edge of a DAG that is kept. CIDs as text."""

    __tablename__ = "block_links"

    parent: Mapped[str] = mapped_column(String(64), primary_key=True)
    child: Mapped[str] = mapped_column(String(64), primary_key=True)

    __table_args__ = (Index("ix_block_links_child", "child"), {"sqlite_with_rowid": False})


def index_dag(store: BlockStore, root: Cid) -> None:
    """Adds a DAG's links, in the transaction that holds it.

    Reads the nodes that aren't known yet, never a raw block. Raises BlockMissing, BlockCorrupt and
    BadCid as they come; nothing of the transaction is worth keeping then.
    """
    seen: set[str] = set()
    rows: list[dict[str, str]] = []
    level = [root]
    while level:
        below: dict[str, Cid] = {}
        for cid in _unknown(level):
            parent = str(cid)
            seen.add(parent)
            for child in dict.fromkeys(links_of(cid, store.get(parent))):
                text = str(child)
                rows.append({"parent": parent, "child": text})
                if text not in seen:
                    below[text] = child
        level = list(below.values())
    _insert(rows)


def services_above(cid: str) -> list[tuple[int, str]]:
    """The services that hold a DAG with this block in it, each with the hold's kind."""
    return [(int(row[0]), str(row[1])) for row in db.session.execute(select_services_above(cid))]


def select_services_above(cid: str) -> Select[int, str]:
    """The query behind `services_above`, for a connection of one's own."""
    up = select(literal(cid).label("cid")).cte("up", recursive=True)
    up = up.union(select(BlockLink.parent).join(up, BlockLink.child == up.c.cid))
    return (
        select(Hold.service_id, Hold.kind)
        .join(up, Hold.cid == up.c.cid)
        .where(Hold.released_at.is_(None))
        .distinct()
    )


def blocks_below(roots: Select[str]) -> CTE:
    """A recursive query of all blocks below and with a query of root CIDs; its column is `cid`."""
    down = roots.cte("down", recursive=True)
    return down.union(select(BlockLink.child).join(down, BlockLink.parent == down.c.cid))


def _unknown(level: Sequence[Cid]) -> list[Cid]:
    """The nodes of a level whose links aren't here."""
    nodes = [cid for cid in level if cid.codec == DAG_PB]
    known: set[str] = set()
    for at in range(0, len(nodes), _ASKED_AT_ONCE):
        asked = [str(cid) for cid in nodes[at : at + _ASKED_AT_ONCE]]
        parents = select(BlockLink.parent).where(BlockLink.parent.in_(asked))
        known.update(db.session.scalars(parents.distinct()))
    return [cid for cid in nodes if str(cid) not in known]


def _insert(rows: list[dict[str, str]]) -> None:
    if not rows:
        return
    dialect: Any = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    # In one order, so that two who index the same nodes at once can't wait for each other.
    rows.sort(key=lambda row: (row["parent"], row["child"]))
    db.session.execute(dialect.insert(BlockLink).on_conflict_do_nothing(), rows)
