"""The mirror's tables, all named `mirror_…`: written by the indexer alone, read by everyone else.

Invariant: at the cursor's block, every projection row is the last event of its key, and
`mirror_events` holds each event of the canonical chain once. Nothing here comes from anywhere
but the chain, except the cursor's clock and why it was halted.
"""

from __future__ import annotations

from indexer.schema.chain import blocks, cursor, events
from indexer.schema.columns import ADDRESS, HASH, UINT256_DIGITS, Uint256, mirror
from indexer.schema.credits import (
    accounts,
    buying,
    epochs,
    ether,
    feeds,
    floats,
    grant_caps,
    grants,
    limits,
    meters,
    settlements,
    terms,
    treasury,
)
from indexer.schema.domains import (
    base_uris,
    commitments,
    content_hashes,
    dns_claims,
    dns_names,
    name_addrs,
    name_approvals,
    name_labels,
    name_operators,
    name_prices,
    name_terms,
    name_texts,
    name_tokens,
    names,
    registering,
)
from indexer.schema.hosting import plans, services, subscriptions, tiers
from indexer.schema.roles import admin_proposals, admins, roles

SCHEMA_VERSION = 3

__all__ = [
    "ADDRESS",
    "HASH",
    "SCHEMA_VERSION",
    "UINT256_DIGITS",
    "Uint256",
    "accounts",
    "admin_proposals",
    "admins",
    "base_uris",
    "blocks",
    "buying",
    "commitments",
    "content_hashes",
    "cursor",
    "dns_claims",
    "dns_names",
    "epochs",
    "ether",
    "events",
    "feeds",
    "floats",
    "grant_caps",
    "grants",
    "limits",
    "meters",
    "mirror",
    "name_addrs",
    "name_approvals",
    "name_labels",
    "name_operators",
    "name_prices",
    "name_terms",
    "name_texts",
    "name_tokens",
    "names",
    "plans",
    "registering",
    "roles",
    "services",
    "settlements",
    "subscriptions",
    "terms",
    "tiers",
    "treasury",
]
