"""Which content coding a client gets, by Accept-Encoding (RFC 9110, 12.5.3)."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

_LONGEST = 256  # characters of a header that is looked at
_ALIASES = {"x-gzip": "gzip"}


def choose_coding(header: str, available: Collection[str]) -> str | None:
    """The one that the client likes best, the first of those it likes the same; None: identity."""
    weights = _weights(header[:_LONGEST])
    plain = weights.get("identity", 0.0)
    best, weight = None, plain
    for coding in available:
        liked = weights.get(coding, weights.get("*", 0.0))
        if liked > 0 and (liked > weight or (best is None and liked >= weight)):
            best, weight = coding, liked
    return best


@lru_cache(maxsize=1_024)
def _weights(header: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = min(1.0, max(0.0, float(parameter[2:])))
                except ValueError:
                    weight = 0.0
        if name:
            found[_ALIASES.get(name, name)] = weight
    return found
