"""Where blocks come from that the store doesn't hold: the port, and its adapters beside it.

nobody.py       there is no network (default)
gateways.py     HTTP trustless gateways
kubo.py         a Kubo node, by its RPC
several.py      one after the other
"""

from __future__ import annotations

from api.storage.network.ports import (
    Blocks,
    FetchLimits,
    Network,
    NetworkError,
    NotFound,
    TimedOut,
    TooLarge,
    Unreachable,
)

__all__ = [
    "Blocks",
    "FetchLimits",
    "Network",
    "NetworkError",
    "NotFound",
    "TimedOut",
    "TooLarge",
    "Unreachable",
]
