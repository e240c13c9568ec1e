"""Blocks from the IPFS network, through a Kubo node's RPC: `swarm/connect` and `dag/export`.

The node finds and passes on; every block is held against its CID here all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from urllib.parse import urlsplit

from api.storage.network.http import ask, car_blocks, car_bytes
from api.storage.network.origins import list_dialled
from api.storage.network.ports import Blocks, FetchLimits, NetworkError, Unreachable
from api.storage.unixfs.cid import Cid

DIAL_SECONDS = 5
REDIAL_SECONDS = 60  # a peer is dialled once for all blocks that are asked for meanwhile
_MOST_DIALLED = 1_024
_SHORT_ANSWER_BYTES = 64 * 1024


class KuboNetwork:
    """A Kubo node, by the URL of its RPC."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.host = urlsplit(url).netloc.rpartition("@")[2]
        self._dialled: dict[str, float] = {}  # when; time.monotonic()

    def fetch(self, cid: Cid, origins: Sequence[str], limits: FetchLimits) -> Blocks:
        """See the port. The node looks for what it lacks until the time is over."""
        for origin in list_dialled(origins):
            self._connect(origin, limits)
        asked = {
            "arg": str(cid),
            "progress": "false",
            "timeout": f"{max(1, int(limits.seconds_left))}s",
        }
        url = f"{self.url}/api/v0/dag/export"
        with ask("POST", url, limits, max_bytes=car_bytes(limits), params=asked) as answer:
            if answer.status != 200:
                raise Unreachable(f"{self.host} answered with status {answer.status}")
            yield from car_blocks(answer, self.host, limits)

    def _connect(self, origin: str, limits: FetchLimits) -> None:
        """A peer that can't be reached is no reason to give up."""
        if monotonic() - self._dialled.get(origin, -REDIAL_SECONDS) < REDIAL_SECONDS:
            return
        if len(self._dialled) >= _MOST_DIALLED:
            self._dialled.clear()
        self._dialled[origin] = monotonic()
        soon = min(limits.ends_at, monotonic() + DIAL_SECONDS)
        url = f"{self.url}/api/v0/swarm/connect"
        with (
            suppress(NetworkError),
            ask(
                "POST",
                url,
                replace(limits, ends_at=soon),
                max_bytes=_SHORT_ANSWER_BYTES,
                params={"arg": origin},
            ) as answer,
        ):
            answer.body.read(_SHORT_ANSWER_BYTES)
