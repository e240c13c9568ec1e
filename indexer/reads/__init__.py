"""What the mirror answers: plain records from set-based SQL, never a query a row.

Everything here takes a SQLAlchemy connection and only selects. Whoever needs an answer that is
true at one block calls `read_as_of` and the rest in one transaction: SQLite gives such a
transaction one snapshot, PostgreSQL at REPEATABLE READ.
"""

from __future__ import annotations

from indexer.reads.accounts import AccountState, read_account, read_accounts
from indexer.reads.cursor import AsOf, Terms, read_as_of, read_block_hash, read_terms
from indexer.reads.digest import state_digest
from indexer.reads.ledger import LedgerEvent, list_account_events
from indexer.reads.plans import Plan, get_plan, list_plans
from indexer.reads.services import (
    LastChange,
    ServiceRow,
    ServiceView,
    Started,
    get_service,
    list_services,
    list_services_changed_since,
    read_service_view,
)

__all__ = [
    "AccountState",
    "AsOf",
    "LastChange",
    "LedgerEvent",
    "Plan",
    "ServiceRow",
    "ServiceView",
    "Started",
    "Terms",
    "get_plan",
    "get_service",
    "list_account_events",
    "list_plans",
    "list_services",
    "list_services_changed_since",
    "read_account",
    "read_accounts",
    "read_as_of",
    "read_block_hash",
    "read_service_view",
    "read_terms",
    "state_digest",
]
