"""Which of a user's origins the platform lets a node dial.

Only an IP address that is public, by TCP or UDP, with the peer's id. A name is never dialled: what
it leads to is decided by whoever keeps it, and may change between a look and the call.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from multiaddr import Multiaddr

MAX_DIALLED = 5
_IP = {"ip4", "ip6"}
_TRANSPORTS = {"tcp", "udp", "quic", "quic-v1", "webtransport", "certhash", "ws", "tls", "noise"}
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


def list_dialled(origins: Iterable[str]) -> list[str]:
    """Those that may be dialled, the first few of them."""
    return [origin for origin in origins if _is_public_peer(origin)][:MAX_DIALLED]


def _is_public_peer(origin: str) -> bool:
    try:
        parts = [(proto.name, value) for proto, value in Multiaddr(origin).items()]
    except Exception:  # its parsers raise what they like
        return False
    names = [name for name, _ in parts]
    return (
        len(parts) >= 3
        and names[0] in _IP
        and names[1] in ("tcp", "udp")
        and names[-1] == "p2p"
        and set(names[1:-1]) <= _TRANSPORTS
        and _is_public(ip_address(str(parts[0][1])))
    )


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """An IPv6 address that carries an IPv4 one inside is none: the inner one may be anything."""
    if isinstance(address, IPv6Address) and (
        address.ipv4_mapped is not None
        or address.sixtofour is not None
        or address.teredo is not None
        or any(address in network for network in _NAT64)
    ):
        return False
    return address.is_global and not address.is_multicast
