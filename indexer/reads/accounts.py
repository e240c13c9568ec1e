"""Accounts as they are stored; what they amount to now is `rules.Account.current`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from indexer import schema
from indexer.reads.rows import ACCOUNT_COLUMNS, account_of
from indexer.rules import Account, Subscription, current_tier


@dataclass(frozen=True, slots=True)
class AccountState:
    """Everything that the mirror holds of an address."""

    address: str
    account: Account = field(default_factory=Account)
    set_limit: int | None = None  # micro credit a day: the last that the account itself set
    epoch: int = 0
    subscription: Subscription = field(default_factory=Subscription)
    roles: Mapping[str, int] = field(default_factory=dict)  # contract -> bit set
    admin_of: tuple[str, ...] = ()  # contracts

    def tier(self, now: int, grace: int) -> int:
        """The tier that it has at a unix second; `grace` is Credits' grace period in seconds."""
        return current_tier(self.subscription, self.account, self.epoch, now, grace)

    def is_admin(self, contract: str) -> bool:
        """Whether the address is that contract's admin."""
        return contract in self.admin_of


def read_account(conn: Connection, address: str) -> AccountState:
    """The account of an address (EIP-55); one that was never touched is the default one."""
    return read_accounts(conn, [address])[address]


def read_accounts(conn: Connection, addresses: Collection[str]) -> dict[str, AccountState]:
    """As `read_account`, for many addresses in the same few queries."""
    accounts, limits, epochs = schema.accounts.c, schema.limits.c, schema.epochs.c
    roles, admins = schema.roles.c, schema.admins.c
    found = {
        row.address: account_of(row)
        for row in conn.execute(
            select(accounts.address, *ACCOUNT_COLUMNS).where(accounts.address.in_(addresses))
        )
    }
    set_limits: dict[str, int] = {
        row.address: row.per_day
        for row in conn.execute(
            select(limits.address, limits.per_day).where(limits.address.in_(addresses))
        )
    }
    epoch_of: dict[str, int] = {
        row.address: row.epoch
        for row in conn.execute(
            select(epochs.address, epochs.epoch).where(epochs.address.in_(addresses))
        )
    }
    subscribed = {
        row.address: _subscription(row) for row in conn.execute(_subscriptions(addresses))
    }
    roles_of: dict[str, dict[str, int]] = {}
    for address, contract, bits in conn.execute(
        select(roles.address, roles.contract, roles.roles)
        .where(roles.address.in_(addresses))
        .order_by(roles.contract)
    ):
        roles_of.setdefault(address, {})[contract] = bits
    admin_of: dict[str, list[str]] = {}
    for address, contract in conn.execute(
        select(admins.address, admins.contract)
        .where(admins.address.in_(addresses))
        .order_by(admins.contract)
    ):
        admin_of.setdefault(address, []).append(contract)
    return {
        address: AccountState(
            address=address,
            account=found.get(address, Account()),
            set_limit=set_limits.get(address),
            epoch=epoch_of.get(address, 0),
            subscription=subscribed.get(address, Subscription()),
            roles=roles_of.get(address, {}),
            admin_of=tuple(admin_of.get(address, ())),
        )
        for address in addresses
    }


def _subscriptions(addresses: Collection[str]) -> Select[Any]:
    return select(schema.subscriptions).where(schema.subscriptions.c.address.in_(addresses))


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        tier=row.tier,
        rate=row.rate,
        discount=row.discount,
        services=row.services,
        epoch=row.epoch,
    )
