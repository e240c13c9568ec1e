"""Who hears of what the collector lets go; each within the transaction that does it.

HOLDS_DROPPED   the subjects of a kind of hold, and why: nobody can take them back now
ROOTS_LET_GO    roots that no hold names any more: whoever keeps copies elsewhere unpins them
BLOCKS_REMOVED  blocks that are about to be removed: what was made of them goes too. One of
                them may stay, if somebody has just put it again
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from api.deployments import keeping
from api.holds.models import HoldKind

HOLDS_DROPPED: Mapping[HoldKind, Callable[[Collection[str], str], None]] = {
    HoldKind.DEPLOYMENT: keeping.forget,
}
ROOTS_LET_GO: tuple[Callable[[Collection[str]], None], ...] = ()
BLOCKS_REMOVED: tuple[Callable[[Collection[str]], None], ...] = ()
