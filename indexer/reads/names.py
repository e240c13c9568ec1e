"""Names as they are stored; what they amount to at a second is `name_rules.Name`'s to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, Subquery, and_, select, tuple_, union

from indexer import schema
from indexer.name_rules import ZERO_ADDRESS, Name, PerYear, Prices

_LINKED = schema.services.alias("linked")


@dataclass(frozen=True, slots=True)
class NameTerms:
    """What Domains was deployed with."""

    top_node: str  # 0x and 64 hex digits
    top_label: str


@dataclass(frozen=True, slots=True)
class NameView:
    """The least that decides what a name serves at a time."""

    node: str  # 0x and 64 hex digits
    label: str
    name: Name
    service_owner: str | None  # of the service that was linked

    def serves(self, now: int) -> int:
        """The number of the service that it serves at a unix second; 0 for none."""
        return self.name.serves(self.service_owner, now)


@dataclass(frozen=True, slots=True)
class NameRow(NameView):
    """A name with what its owner set; none of it counts but while the name is registered."""

    content_hash: str  # ENSIP-7 bytes, 0x hex; 0x for none
    addr: str  # the zero address for none
    approved: str  # who may send it away once; the zero address for nobody


def read_name_terms(conn: Connection) -> NameTerms | None:
    """None before the block that Domains was deployed in."""
    terms = schema.name_terms.c
    row = conn.execute(select(terms.top_node, terms.top_label)).one_or_none()
    return NameTerms(top_node=row.top_node, top_label=row.top_label) if row else None


def read_name_prices(conn: Connection) -> Prices | None:
    """None before the block that Domains was deployed in."""
    row = conn.execute(select(schema.name_prices)).one_or_none()
    if row is None:
        return None
    before: PerYear = (row.before_3, row.before_4, row.before_5)
    after: PerYear = (row.after_3, row.after_4, row.after_5)
    return Prices(before, after, row.changes_at)


def read_registering(conn: Connection) -> bool:
    """Whether names can be registered; they can until it is said otherwise."""
    said = conn.execute(select(schema.registering.c.open)).scalar_one_or_none()
    return True if said is None else bool(said)


def read_commitment(conn: Connection, commitment: str) -> int:
    """The unix second that a commitment was made at; 0 where it wasn't, or is used up."""
    commitments = schema.commitments.c
    query = select(commitments.committed_at).where(commitments.commitment == commitment)
    return conn.execute(query).scalar_one_or_none() or 0


def get_name(conn: Connection, label: str) -> NameRow | None:
    """A name by its label; None for one that nobody ever registered."""
    row = conn.execute(_rows().where(schema.name_labels.c.label == label)).one_or_none()
    return _name_row(row) if row else None


def get_name_of_node(conn: Connection, node: str) -> NameRow | None:
    """A name by its node; None for one that nobody ever registered."""
    row = conn.execute(_rows().where(schema.names.c.node == node)).one_or_none()
    return _name_row(row) if row else None


def list_names(
    conn: Connection, owner: str, after_node: str = "", limit: int = 100
) -> list[NameRow]:
    """An owner's names by node, those above `after_node`; expired ones that nobody took too."""
    names = schema.names.c
    query = _rows().where(names.owner == owner, names.node > after_node)
    return [_name_row(row) for row in conn.execute(query.order_by(names.node).limit(limit))]


def list_names_of_service(
    conn: Connection, service_id: int, after_node: str = "", limit: int = 100
) -> list[NameView]:
    """The names that are linked to a service by its owner, by node; expired ones too."""
    names = schema.names.c
    query = _views().where(
        names.service == service_id, names.owner == _LINKED.c.owner, names.node > after_node
    )
    return [_name_view(row) for row in conn.execute(query.order_by(names.node).limit(limit))]


def read_name_views(conn: Connection, since_block: int | None = None) -> list[NameView]:
    """All names, or those that changed at or after a block, with or without a link.

    A name has changed with its own row or with the linked service's. What holds for
    `read_service_view` after a reorg holds here.
    """
    query = _views()
    if since_block is not None:
        query = query.where(schema.names.c.node.in_(select(_changed_since(since_block).c.node)))
    return [_name_view(row) for row in conn.execute(query.order_by(schema.names.c.node))]


def read_texts(conn: Connection, node: str) -> Mapping[str, str]:
    """The texts of a name's version by their keys; they count while it is registered."""
    names, texts = schema.names.c, schema.name_texts.c
    query = (
        select(texts.key, texts.value)
        .join(schema.names, and_(names.node == texts.node, names.version == texts.version))
        .where(texts.node == node, texts.value != "")
        .order_by(texts.key)
    )
    return {row.key: row.value for row in conn.execute(query)}


def is_name_operator(conn: Connection, owner: str, operator: str) -> bool:
    """Whether an account may send and set all names of another."""
    operators = schema.name_operators.c
    query = select(operators.approved).where(
        operators.owner == owner, operators.operator == operator
    )
    return bool(conn.execute(query).scalar_one_or_none())


def _views(*more: Any) -> Select[Any]:
    return (
        select(
            schema.names,
            schema.name_labels.c.label,
            _LINKED.c.owner.label("service_owner"),
            *more,
        )
        .select_from(schema.names)
        .join(schema.name_labels, schema.name_labels.c.node == schema.names.c.node)
        .outerjoin(_LINKED, _LINKED.c.id == schema.names.c.service)
    )


def _rows() -> Select[Any]:
    """With the records of the name's version, and an approval since its last change of hands."""
    names, tokens = schema.names.c, schema.name_tokens.c
    hashes, addrs = schema.content_hashes.c, schema.name_addrs.c
    approvals = schema.name_approvals.c
    query = _views(hashes.hash, addrs.account, approvals.approved)
    return (
        query.outerjoin(
            schema.content_hashes,
            and_(hashes.node == names.node, hashes.version == names.version),
        )
        .outerjoin(
            schema.name_addrs, and_(addrs.node == names.node, addrs.version == names.version)
        )
        .join(schema.name_tokens, tokens.node == names.node)
        .outerjoin(
            schema.name_approvals,
            and_(
                approvals.node == names.node,
                tuple_(approvals.block_number, approvals.log_index)
                > tuple_(tokens.block_number, tokens.log_index),
            ),
        )
    )


def _changed_since(block_number: int) -> Subquery:
    """Two indexed look-ups; one condition over the joined tables would read all of them."""
    names, services = schema.names.c, schema.services.c
    return union(
        select(names.node).where(names.block_number >= block_number),
        select(names.node)
        .join(schema.services, services.id == names.service)
        .where(services.block_number >= block_number),
    ).subquery()


def _name(row: Row[Any]) -> Name:
    return Name(
        owner=row.owner,
        expires_at=row.expires_at,
        service=row.service,
        version=row.version,
        format=row.format,
    )


def _name_view(row: Row[Any]) -> NameView:
    return NameView(
        node=row.node, label=row.label, name=_name(row), service_owner=row.service_owner
    )


def _name_row(row: Row[Any]) -> NameRow:
    return NameRow(
        node=row.node,
        label=row.label,
        name=_name(row),
        service_owner=row.service_owner,
        content_hash=row.hash or "0x",
        addr=row.account or ZERO_ADDRESS,
        approved=row.approved or ZERO_ADDRESS,
    )
