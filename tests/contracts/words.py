"""Packed words, written in Python: the inverse of what `indexer.rules` reads."""

from __future__ import annotations

from indexer.rules import Account

MORE = 1 << 255  # Credits keeps a second word of the account


def pack(account: Account, more: bool = False) -> int:
    """The word of an account whose fields all fit."""
    return (
        account.paid
        | account.granted << 60
        | account.rate << 112
        | account.updated_at << 148
        | account.spent_today << 180
        | account.lowered << 217
        | account.per_day << 218
        | (MORE if more else 0)
    )
