"""Names of the public DNS: who wants them, and whose they were attested to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from indexer import schema
from indexer.name_rules import DnsName


@dataclass(frozen=True, slots=True)
class DnsRow:
    """A name with its last attestation; `attested.owner_at` says whether that still counts."""

    name: str  # lower case
    attested: DnsName


def get_dns_name(conn: Connection, name: str) -> DnsRow | None:
    """A name in lower case; None for one that was never attested."""
    row = conn.execute(_rows().where(schema.dns_names.c.name == name)).one_or_none()
    return _dns_row(row) if row else None


def list_dns_names(
    conn: Connection, owner: str, after_name: str = "", limit: int = 100
) -> list[DnsRow]:
    """An owner's names, those above `after_name`; attestations that ran out too."""
    names = schema.dns_names.c
    query = _rows().where(names.owner == owner, names.name > after_name)
    return [_dns_row(row) for row in conn.execute(query.order_by(names.name).limit(limit))]


def list_dns_claims(
    conn: Connection, claimant: str, after_name: str = "", limit: int = 100
) -> list[str]:
    """The names that an account asked for, those above `after_name`."""
    claims = schema.dns_claims.c
    query = (
        select(claims.name)
        .where(claims.claimant == claimant, claims.name > after_name)
        .order_by(claims.name)
        .limit(limit)
    )
    return list(conn.execute(query).scalars())


def has_dns_claim(conn: Connection, name: str, claimant: str) -> bool:
    """Whether an account asked for a name."""
    claims = schema.dns_claims.c
    query = select(claims.name).where(claims.claimant == claimant, claims.name == name)
    return conn.execute(query.limit(1)).scalar_one_or_none() is not None


def _rows() -> Select[Any]:
    names = schema.dns_names.c
    return select(names.name, names.owner, names.until)


def _dns_row(row: Row[Any]) -> DnsRow:
    return DnsRow(name=row.name, attested=DnsName(owner=row.owner, until=row.until))
