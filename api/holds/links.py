"""The index of the store in SQL: which block leads to which.

Invariant: where a node is named as a parent, all links of it and of everything below it are here,
and all of those blocks are in the store (the collector takes links out before it removes a block).
So a DAG is indexed once however often it is held, a walk stops where it meets a known node, and
both questions are one recursive query: what lies below the holds (the collector), and which holds
lie above a CID (the gateway, that serves nothing whose holders don't pay).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    Index,
    Select,
    String,
    delete,
    literal,
    select,
    union,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base, db
from api.holds.gate import enter_to_hold
from api.holds.models import Hold
from api.storage.ports import BlockMissing, BlockStore
from api.storage.unixfs.cid import DAG_PB, RAW, Cid
from api.storage.unixfs.walk import links_of

_ASKED_AT_ONCE = 500  # variables of a statement; SQLite's oldest limit is 999


class BlockLink(Base):
    """An edge of a DAG that is kept. CIDs as text."""

    __tablename__ = "block_links"

    parent: Mapped[str] = mapped_column(String(64), primary_key=True)
    child: Mapped[str] = mapped_column(String(64), primary_key=True)

    __table_args__ = (Index("ix_block_links_child", "child"), {"sqlite_with_rowid": False})


def index_dag(store: BlockStore, root: Cid, *, put_lately: bool = False) -> None:
    """Adds a DAG's links, in the transaction that holds it; what holds the root counts from then.

    Reads the nodes that aren't known yet, and no raw block: those are only asked for, and not even
    that where all of it was put within the last day. Raises BlockMissing, BlockCorrupt and BadCid
    as they come; nothing of the transaction is worth keeping then.
    """
    enter_to_hold()
    seen: set[str] = set()
    rows: list[dict[str, str]] = []
    level = [root]
    while level:
        below: dict[str, Cid] = {}
        if not put_lately:
            _require_leaves(store, level)
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
    waiting = update(Hold).where(Hold.cid == str(root), Hold.indexed.is_(False))
    db.session.execute(waiting.values(indexed=True))


def services_above(cid: str) -> list[tuple[int, str]]:
    """The services that hold a DAG with this block in it, each with the hold's kind."""
    up = select(literal(cid).label("cid")).cte("up", recursive=True)
    up = up.union(select(BlockLink.parent).join(up, BlockLink.child == up.c.cid))
    query = (
        select(Hold.service_id, Hold.kind)
        .join(up, Hold.cid == up.c.cid)
        .where(Hold.released_at.is_(None))
        .distinct()
    )
    return [(int(row[0]), str(row[1])) for row in db.session.execute(query)]


def blocks_below(roots: Select[str]) -> CTE:
    """A recursive query of all blocks below and with a query of root CIDs; its column is `cid`."""
    down = roots.cte("down", recursive=True)
    return down.union(select(BlockLink.child).join(down, BlockLink.parent == down.c.cid))


def holds_above(cids: Collection[str]) -> set[str]:
    """Those of some CIDs that are held, by themselves or by what lies above them."""
    up = (
        select(BlockLink.child.label("origin"), BlockLink.parent.label("cid"))
        .where(BlockLink.child.in_(cids))
        .cte("up", recursive=True)
    )
    up = up.union(select(up.c.origin, BlockLink.parent).join(up, BlockLink.child == up.c.cid))
    above = select(up.c.origin).join(Hold, Hold.cid == up.c.cid)
    return set(db.session.scalars(select(Hold.cid).where(Hold.cid.in_(cids)).union(above)))


def forget_above(cids: Collection[str]) -> None:
    """Takes out the links of some nodes and of all above them.

    All above, so that the invariant stays: what is still named leads to none of these.
    """
    up = (
        select(BlockLink.parent.label("cid"))
        .where(BlockLink.parent.in_(cids))
        .cte("up", recursive=True)
    )
    up = up.union(select(BlockLink.parent).join(up, BlockLink.child == up.c.cid))
    gone = delete(BlockLink).where(BlockLink.parent.in_(select(up.c.cid)))
    db.session.execute(gone.execution_options(synchronize_session=False))


def list_unnamed(cids: Collection[str]) -> list[str]:
    """Those of some CIDs that neither a link nor a hold names."""
    named = union(
        select(BlockLink.child).where(BlockLink.child.in_(cids)),
        select(BlockLink.parent).where(BlockLink.parent.in_(cids)),
        select(Hold.cid).where(Hold.cid.in_(cids)),
    )
    known = set(db.session.scalars(named))
    return [cid for cid in cids if cid not in known]


def _require_leaves(store: BlockStore, level: Sequence[Cid]) -> None:
    for cid in level:
        if cid.codec == RAW and not store.has(str(cid)):
            raise BlockMissing(str(cid))


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
