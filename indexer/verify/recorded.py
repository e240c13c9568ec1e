"""Keys that stored events speak of, and no row: each event's key has a row, or the mirror is wrong.

Found by the database alone. Keys that are numbers are left out: they aren't spelt as in the
events, and the chain counts them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, false, literal, select

from indexer import schema
from indexer.projections import PROJECTIONS
from indexer.schema.columns import Uint256

_EVENTS = schema.events.c
_NAMES: Mapping[Table, Sequence[str]] = {
    projection.table: tuple(projection.rows) for projection in PROJECTIONS
}
# Where an event's key isn't the row's only key column: as which part of the event each stands.
_PARTS: Mapping[Table, Mapping[str, ColumnElement[Any]]] = {
    schema.roles: {"address": _EVENTS.account},
    schema.name_operators: {
        "owner": _EVENTS.account,
        "operator": _EVENTS.arguments["operator"].as_string(),
    },
    schema.dns_claims: {
        "name_hash": _EVENTS.arguments["name_hash"].as_string(),
        "claimant": _EVENTS.account,
    },
    schema.name_texts: {name: _EVENTS.arguments[name].as_string() for name in ("node", "key_hash")},
}


def recorded(table: Table) -> Select[Any]:
    """The keys of stored events that have no row in a projection's table."""
    keys = {column.name: _part(table, column.name) for column in table.primary_key}
    query = select(*(part.label(name) for name, part in keys.items())).distinct()
    if any(isinstance(column.type, Uint256) for column in table.primary_key):
        return query.where(false())
    same = [table.c[name] == part for name, part in keys.items()]
    has_row = select(literal(1)).where(*same).exists()
    return query.where(_EVENTS.name.in_(_NAMES[table]), ~has_row)


def unheard_of(key: ColumnElement[str], table: Table) -> ColumnElement[bool]:
    """Whether a key of one column has neither a row in a table nor an event for one."""
    (own,) = table.primary_key
    has_row = select(literal(1)).where(own == key).exists()
    has_event = select(literal(1)).where(_EVENTS.name.in_(_NAMES[table]), _EVENTS.key == key)
    return ~has_row & ~has_event.exists()


def _part(table: Table, column: str) -> ColumnElement[Any]:
    if column == "contract":
        return _EVENTS.contract
    return _PARTS.get(table, {}).get(column, _EVENTS.key)
