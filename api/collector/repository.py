"""All SQL of the collector, in the session's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import CTE, String, delete, literal, or_, select, union_all

from api.db import db
from api.holds.links import BlockLink
from api.holds.models import Hold

_AT_ONCE = 200  # values of a statement; each is a SELECT of its own in SQLite


def list_holding_services() -> list[int]:
    """The services that hold anything."""
    return [int(number) for number in db.session.scalars(select(Hold.service_id).distinct())]


def list_over(released_before: datetime, ended: Collection[int], limit: int) -> list[Hold]:
    """Holds that were let go before a time, or whose service is one of these; oldest first."""
    query = select(Hold).where(or_(Hold.released_at < released_before, Hold.service_id.in_(ended)))
    return list(db.session.scalars(query.order_by(Hold.created_at).limit(limit)))


def list_unindexed() -> list[str]:
    """Roots of holds that no link leads from; empty directories and single files among them."""
    known = select(BlockLink.parent).where(BlockLink.parent == Hold.cid)
    query = select(Hold.cid).where(~known.exists()).distinct().order_by(Hold.cid)
    return list(db.session.scalars(query))


def unheld(cids: Sequence[str]) -> list[str]:
    """Those of the blocks that lie below no hold."""
    held: set[str] = set()
    for at in range(0, len(cids), _AT_ONCE):
        held |= _held(cids[at : at + _AT_ONCE])
    return [cid for cid in cids if cid not in held]


def forget_links(removed: Sequence[str]) -> None:
    """Drops the links of removed blocks, and of everything above them.

    What lies above an unheld block is unheld too. A node that stays for now must not be taken for
    one whose links are all known: whoever holds it again has it indexed anew.
    """
    for at in range(0, len(removed), _AT_ONCE):
        up = _above(removed[at : at + _AT_ONCE])
        db.session.execute(
            delete(BlockLink)
            .where(BlockLink.parent.in_(select(up.c.cid)))
            .execution_options(synchronize_session=False)
        )


def _held(cids: Sequence[str]) -> set[str]:
    up = _above(cids)
    return set(db.session.scalars(select(up.c.start).join(Hold, Hold.cid == up.c.cid).distinct()))


def _above(cids: Sequence[str]) -> CTE:
    """Blocks and all above them; `start` says from which."""
    kind = String(64)
    seeds = [
        select(literal(cid, kind).label("cid"), literal(cid, kind).label("start")) for cid in cids
    ]
    seed = union_all(*seeds).subquery("seed")
    up = select(seed.c.cid, seed.c.start).cte("up", recursive=True)
    return up.union(select(BlockLink.parent, up.c.start).join(up, BlockLink.child == up.c.cid))
