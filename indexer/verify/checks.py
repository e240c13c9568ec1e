"""All checks, one a projection's table; and the tables that have none, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Table

from indexer import schema
from indexer.verify import credits as of_credits
from indexer.verify import domains as of_domains
from indexer.verify import hosting as of_hosting
from indexer.verify import records as of_records
from indexer.verify import roles as of_roles
from indexer.verify.check import Check

CHECKS: tuple[Check, ...] = (
    *of_credits.CHECKS,
    *of_hosting.CHECKS,
    *of_roles.CHECKS,
    *of_domains.CHECKS,
    *of_records.CHECKS,
)
UNCHECKED: Mapping[Table, str] = {
    schema.cursor: "it names the block of the check, which the chain was asked for",
    schema.blocks: "the store takes each by its parent's hash; the last one is held",
    schema.events: (
        "an event that was never stored is missed only where a contract counts its key or another "
        "row speaks of it; `rebuild` reads all anew"
    ),
}
