"""From a Host header to what is asked for.

The port, the case and a trailing dot don't matter. Addresses count as the bare domain, since no
site can be called so. A name below the base with more labels than a site has is no one's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

_ADDRESS = re.compile(r"^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$")
_DEPLOYMENT = re.compile(r"^[0-9a-f]{32}$")
_LONGEST = 300  # a name has at most 253 letters, a port six
_LABEL = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")


class HostKind(Enum):
    """The kinds of hosts."""

    BASE = "base"
    SITE = "site"
    PREVIEW = "preview"
    ORIGIN = "origin"  # {cid}.ipfs.{base}
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Host:
    """A host and the site's name, deployment's id or CID (in its own case) in it."""

    kind: HostKind
    label: str = ""


def parse_host(header: str, base_domain: str) -> Host:
    """Reads a Host header's value."""
    if len(header) > _LONGEST:  # and isn't kept, so that what is kept is bounded
        return Host(HostKind.UNKNOWN)
    return _parse_host(header, base_domain)


@lru_cache(maxsize=8_192)
def _parse_host(header: str, base_domain: str) -> Host:
    name = _without_port(header.lower()).removesuffix(".")
    if name == base_domain or _ADDRESS.match(name):
        return Host(HostKind.BASE)
    if not name.endswith("." + base_domain):
        return Host(HostKind.UNKNOWN)
    prefix = name[: -len(base_domain) - 1]
    if prefix.endswith(".preview"):
        label = prefix.removesuffix(".preview")
        if _DEPLOYMENT.match(label):
            return Host(HostKind.PREVIEW, label)
    elif prefix.endswith(".ipfs"):
        label = header[: len(prefix) - len(".ipfs")]
        if _LABEL.match(label.lower()):
            return Host(HostKind.ORIGIN, label)
    elif _LABEL.match(prefix):
        return Host(HostKind.SITE, prefix)
    return Host(HostKind.UNKNOWN)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[: host.find("]") + 1]
    return host.partition(":")[0]
