"""The peers that clients are told to connect to, so that they can send what they want pinned."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import urlsplit

from api.settings import ApiSettings, split_list
from api.storage.unixfs.cid import DAG_PB, Cid


def list_delegates(settings: ApiSettings) -> list[str]:
    """The operator's peers; where there are none, one that nobody is.

    The specification wants at least one, and Kubo's client gives up on an address without a peer's
    id. So this is a well-formed one at the API's host; a client that can't connect only notes it.
    """
    named = split_list(settings.pin_delegates)
    if named:
        return named[:20]
    parts = urlsplit(settings.public_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    # A peer's id is a sha2-256 multihash in base58, as a CID of version 0 is.
    peer = Cid(DAG_PB, sha256(settings.public_url.encode()).digest()).text_v0
    return [f"/dns4/{parts.hostname}/tcp/{port}/p2p/{peer}"]
