"""Several networks as one: each is asked in turn, with a fair part of the time."""

from __future__ import annotations

from collections.abc import Sequence

from api.storage.network.ports import Blocks, FetchLimits, Network, NetworkError, NotFound, TooLarge
from api.storage.unixfs.cid import Cid


class Several:
    """Asks the next one where one fails."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self.networks = networks

    def fetch(self, cid: Cid, origins: Sequence[str], limits: FetchLimits) -> Blocks:
        """See the port."""
        errors: list[NetworkError] = []
        for index, network in enumerate(self.networks):
            share = limits.share(len(self.networks) - index)
            try:
                yield from network.fetch(cid, origins, share)
                return
            except NetworkError as error:
                errors.append(error)
        raise _to_tell(errors)


def _to_tell(errors: list[NetworkError]) -> NetworkError:
    """The one that leaves most hope: what may succeed later, then what is too large."""
    return min(errors, key=lambda error: (isinstance(error, NotFound), isinstance(error, TooLarge)))
