"""No network: what isn't in the store has to be brought."""

from __future__ import annotations

from collections.abc import Sequence

from api.storage.network.ports import Blocks, FetchLimits, NotFound
from api.storage.unixfs.cid import Cid


class Nobody:
    """Has nothing."""

    def fetch(self, cid: Cid, origins: Sequence[str], limits: FetchLimits) -> Blocks:
        """Never found."""
        del origins, limits
        raise NotFound(
            f"block {cid} is not here, and this platform fetches none from elsewhere; "
            "send it as a CAR"
        )
