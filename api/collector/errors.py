"""What keeps a run from its work.

AlreadyCollecting   another run is at it
NothingFinal        the mirror has no block yet that can't be undone
"""

from __future__ import annotations


class AlreadyCollecting(Exception):
    """Another run is at it."""


class NothingFinal(Exception):
    """There is no final block to act on; nothing irreversible is done."""
