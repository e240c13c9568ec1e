"""Which event makes which row: the one place that knows what the contracts' events mean.

A row is a pure function of the last event of its key. Every event of a mirrored contract has a
rule here and feeds at least one table; a test holds that against the ABIs. TestUSD isn't
mirrored: what counts of it is in Credits' events.
"""

from __future__ import annotations

from collections.abc import Mapping

from indexer.projections import credits as of_credits
from indexer.projections import domains as of_domains
from indexer.projections import hosting as of_hosting
from indexer.projections import roles as of_roles
from indexer.projections.rule import Batch, EventRule, Projection, Row

MIRRORED_CONTRACTS = ("Credits", "Hosting", "Domains")

RULES: Mapping[str, EventRule] = {
    **of_credits.RULES,
    **of_hosting.RULES,
    **of_roles.RULES,
    **of_domains.RULES,
}
BATCHES: Mapping[str, Batch] = of_credits.BATCHES
PROJECTIONS: tuple[Projection, ...] = (
    *of_credits.PROJECTIONS,
    *of_hosting.PROJECTIONS,
    *of_roles.PROJECTIONS,
    *of_domains.PROJECTIONS,
)

__all__ = [
    "BATCHES",
    "MIRRORED_CONTRACTS",
    "PROJECTIONS",
    "RULES",
    "Batch",
    "EventRule",
    "Projection",
    "Row",
]
