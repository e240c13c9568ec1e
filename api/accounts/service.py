"""Accounts by the mirror, evaluated now by the rules that the contracts have."""

from __future__ import annotations

from api.accounts.schemas import AccountOut, Ledger, LedgerEntry
from api.http.schemas import bad_cursor, decode_cursor, encode_cursor, from_unix
from api.mirror import MirrorView
from indexer.reads import AccountState, LedgerEvent, Place, list_account_events, read_account

ROLE_NAMES = ("granter", "settler", "verifier", "moderator", "pauser")  # by bit, as in roles.vy


def show_account(mirror: MirrorView, address: str) -> AccountOut:
    """As `Credits.account_of` answers; an address that never came up has the default account."""
    state = read_account(mirror.connection, address)
    account = state.account.current(mirror.now, mirror.terms.grace, state.set_limit)
    depletes_at = account.depletes_at
    return AccountOut(
        address=address,
        balance=str(account.balance),
        paid=str(account.paid),
        granted=str(account.granted),
        rate=str(account.rate),
        depletes_at=None if depletes_at is None else from_unix(depletes_at),
        ends_at=None if depletes_at is None else from_unix(depletes_at + mirror.terms.grace),
        limit=str(account.per_day),
        limit_from_tomorrow=str(state.set_limit) if account.lowered else None,
        spent_today=str(account.spent_today),
        tier=state.tier(mirror.now, mirror.terms.grace),
        roles=role_names(state),
        as_of=mirror.as_of,
    )


def role_names(state: AccountState) -> list[str]:
    """What the address may do on any of the contracts, admin first."""
    bits = 0
    for granted in state.roles.values():
        bits |= granted
    names = [name for bit, name in enumerate(ROLE_NAMES) if bits >> bit & 1]
    return (["admin"] if state.admin_of else []) + names


def list_ledger(mirror: MirrorView, address: str, cursor: str | None, limit: int) -> Ledger:
    """A page of the account's history."""
    events = list_account_events(mirror.connection, address, _place(cursor), limit + 1)
    page = events[:limit]
    more = len(events) > limit
    return Ledger(
        items=[_entry(event) for event in page],
        next_cursor=encode_cursor(*page[-1].place) if more else None,
        as_of=mirror.as_of,
    )


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    try:
        block_number, log_index, part = (int(number) for number in decode_cursor(cursor))
    except ValueError:
        raise bad_cursor() from None
    if not (0 <= block_number < 2**63 and 0 <= log_index < 2**31 and 0 <= part < 2**31):
        raise bad_cursor()
    return block_number, log_index, part


def _entry(event: LedgerEvent) -> LedgerEntry:
    return LedgerEntry(
        block_number=event.block_number,
        block_hash=event.block_hash,
        log_index=event.log_index,
        transaction_hash=event.transaction_hash,
        at=from_unix(event.block_timestamp),
        contract=event.contract,
        event=event.name,
        arguments=dict(event.arguments),
    )
