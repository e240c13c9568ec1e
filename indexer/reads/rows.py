"""Rows of the mirror as the records of `indexer.rules`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, Select

from indexer import schema
from indexer.rules import Account, Service, ServiceState

ACCOUNT_COLUMNS: tuple[ColumnElement[Any], ...] = tuple(
    schema.accounts.c[name].label(f"account_{name}")
    for name in ("paid", "granted", "rate", "updated_at", "spent_today", "lowered", "per_day")
)


def account_of(row: Row[Any]) -> Account:
    """From ACCOUNT_COLUMNS of an outer join; an account that was never touched is the default."""
    if row.account_updated_at is None:
        return Account()
    return Account(
        paid=row.account_paid,
        granted=row.account_granted,
        rate=row.account_rate,
        updated_at=row.account_updated_at,
        spent_today=row.account_spent_today,
        lowered=bool(row.account_lowered),
        per_day=row.account_per_day,
    )


def service_of(row: Row[Any]) -> Service:
    """From the columns of mirror_services."""
    return Service(
        id=row.id,
        owner=row.owner,
        plan=row.plan,
        state=ServiceState(row.state),
        rate=row.rate,
        discount=row.discount,
        epoch=row.epoch,
        expires_at=row.expires_at,
    )


def with_owner(query: Select[Any]) -> Select[Any]:
    """Joins the owner's account and epoch to a query over mirror_services."""
    owner = schema.services.c.owner
    return query.outerjoin(schema.accounts, schema.accounts.c.address == owner).outerjoin(
        schema.epochs, schema.epochs.c.address == owner
    )
