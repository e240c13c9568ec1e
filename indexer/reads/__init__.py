"""What the mirror answers: plain records from set-based SQL, never a query a row.

Everything here takes a SQLAlchemy connection and only selects. Whoever needs an answer that is
true at one block calls `read_as_of` and the rest in one transaction: SQLite gives such a
transaction one snapshot, PostgreSQL at REPEATABLE READ.
"""

from __future__ import annotations

from indexer.reads.accounts import AccountState, read_account, read_accounts
from indexer.reads.cursor import AsOf, Terms, read_as_of, read_block_hash, read_final, read_terms
from indexer.reads.digest import state_digest
from indexer.reads.dns import (
    DnsRow,
    get_dns_name,
    has_dns_claim,
    list_dns_claims,
    list_dns_names,
)
from indexer.reads.ledger import LedgerEvent, Place, list_account_events
from indexer.reads.names import (
    NameRow,
    NameTerms,
    NameView,
    get_name,
    get_name_of_node,
    is_name_operator,
    list_names,
    list_names_of_service,
    read_commitment,
    read_name_prices,
    read_name_terms,
    read_name_views,
    read_registering,
    read_texts,
)
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
from indexer.reads.tiers import Tier, list_tiers

__all__ = [
    "AccountState",
    "AsOf",
    "DnsRow",
    "LastChange",
    "LedgerEvent",
    "NameRow",
    "NameTerms",
    "NameView",
    "Place",
    "Plan",
    "ServiceRow",
    "ServiceView",
    "Started",
    "Terms",
    "Tier",
    "get_dns_name",
    "get_name",
    "get_name_of_node",
    "get_plan",
    "get_service",
    "has_dns_claim",
    "is_name_operator",
    "list_account_events",
    "list_dns_claims",
    "list_dns_names",
    "list_names",
    "list_names_of_service",
    "list_plans",
    "list_services",
    "list_services_changed_since",
    "list_tiers",
    "read_account",
    "read_accounts",
    "read_as_of",
    "read_block_hash",
    "read_commitment",
    "read_final",
    "read_name_prices",
    "read_name_terms",
    "read_name_views",
    "read_registering",
    "read_service_view",
    "read_terms",
    "read_texts",
    "state_digest",
]
