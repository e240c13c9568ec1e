"""Content by its CID is anyone's to read, from any page: CORS, at `/ipfs/…` and `{cid}.ipfs`.

Sites and previews say for themselves who may read them (`_headers`); they get none of this.
"""

from __future__ import annotations

from api.gateway.hosts import Host, HostKind

IPFS = "/ipfs/"
OPEN = [
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "Content-Length, Content-Range, X-Ipfs-Path, X-Ipfs-Roots"),
]
PREFLIGHT = [
    *OPEN,
    ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
    ("access-control-allow-headers", "Content-Type, Range, User-Agent, X-Requested-With"),
    ("access-control-max-age", "86400"),
    ("allow", "GET, HEAD, OPTIONS"),
    ("content-length", "0"),
]


def is_open(host: Host, path: str) -> bool:
    """Whether content is asked for by its CID."""
    return host.kind is HostKind.ORIGIN or (host.kind is HostKind.BASE and path.startswith(IPFS))
