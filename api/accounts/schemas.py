"""What comes out of an account."""

from __future__ import annotations

from typing import Any

from api.http.schemas import Amount, AsOf, Model, Moment


class AccountOut(Model):
    """An account as of now: what streams is already taken off."""

    address: str
    balance: Amount  # nano credit
    paid: Amount  # nano credit, can be taken out again
    granted: Amount  # nano credit
    rate: Amount  # nano credit a second
    depletes_at: Moment | None  # null where nothing streams
    ends_at: Moment | None  # what runs ends for good if the account stays dry until then
    limit: Amount  # micro credit a day that metered charges may take
    limit_from_tomorrow: Amount | None  # where a lower one was set today
    spent_today: Amount  # micro credit
    tier: int
    roles: list[str]
    as_of: AsOf


class LedgerEntry(Model):
    """One event of the chain that belongs to the account."""

    block_number: int
    block_hash: str
    log_index: int
    transaction_hash: str
    at: Moment
    contract: str
    event: str
    arguments: dict[str, Any]  # integers as decimal strings, bytes as 0x hex


class Ledger(Model):
    """Newest first."""

    items: list[LedgerEntry]
    next_cursor: str | None
    as_of: AsOf
