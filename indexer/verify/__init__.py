"""Holds every row of the mirror against what the contracts say at the mirror's own block.

`run.verify` reads the rows in one snapshot and asks the chain; `credits`, `hosting`, `domains`,
`records` and `roles` say which view proves which column. What no view tells is taken from the
event that the row names, read anew from the chain. Nothing is written, no lock is taken.
"""

from __future__ import annotations

from indexer.verify.report import Difference, Report
from indexer.verify.run import verify

__all__ = ["Difference", "Report", "verify"]
