"""Which names a site can have: DNS labels that nobody could take for something else."""

from __future__ import annotations

import re

MIN_LENGTH = 3
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{1,61}[a-z0-9])")
# fmt: off
RESERVED = frozenset({
    "abuse", "account", "accounts", "admin", "administrator", "analytics", "api", "app",
    "assets", "auth", "autoconfig", "autodiscover", "billing", "blog", "cdn", "console",
    "dashboard", "decentraspace", "deploy", "dev", "dns", "docs", "domains", "dspace", "ftp",
    "gateway", "git", "help", "hostmaster", "imap", "ipfs", "ipns", "localhost",
    "localdomain", "login", "mail", "metrics", "news", "noc", "nobody", "ns1", "ns2", "null",
    "oauth", "operator", "pop", "postmaster", "preview", "root", "security", "service",
    "services", "signin", "signup", "site", "sites", "smtp", "ssl", "static", "status",
    "storage", "support", "sysadmin", "system", "test", "tls", "undefined", "usenet", "uucp",
    "webmail", "webmaster", "wpad", "www",
})
# fmt: on


def check_site_name(name: str) -> str:
    """The name; ValueError with what is wrong about it."""
    if len(name) < MIN_LENGTH:
        raise ValueError(f"must have {MIN_LENGTH} characters or more")
    if not LABEL.fullmatch(name):
        raise ValueError("must be a DNS label: up to 63 of a-z, 0-9 and -, with no - at either end")
    if name[2:4] == "--":
        raise ValueError("must not have -- as its third and fourth characters")
    if name in RESERVED:
        raise ValueError("is reserved")
    return name
