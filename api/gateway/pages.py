"""What a visitor is told when there is nothing to serve: a small page, or a problem document.

Never cached, so that a site that is paid for again is back at once. Says nothing about machines,
databases or owners.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

import orjson

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>{title}</title><style>
body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:20vh auto;padding:0 1.5rem}}
h1{{font-size:1.4rem}}p{{color:#555}}@media(prefers-color-scheme:dark){{
body{{background:#111;color:#eee}}p{{color:#aaa}}}}</style></head>
<body><h1>{title}</h1><p>{detail}</p></body></html>
"""


@dataclass(eq=False)  # exceptions are compared by identity
class Refusal(Exception):
    """An answer without content; raised by whoever finds out."""

    status: int
    slug: str  # of the problem type
    title: str
    detail: str
    headers: list[tuple[str, str]] = field(default_factory=list)


def render(refusal: Refusal, accept: str) -> tuple[list[tuple[str, str]], bytes]:
    """The headers and the body, in what the client prefers."""
    wants_json = "json" in accept and "text/html" not in accept
    kind = "application/problem+json" if wants_json else "text/html; charset=utf-8"
    body = _problem(refusal) if wants_json else _page(refusal)
    headers = [
        ("content-type", kind),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
        ("vary", "Accept"),
        ("x-content-type-options", "nosniff"),
        *refusal.headers,
    ]
    return headers, body


def _page(refusal: Refusal) -> bytes:
    return _PAGE.format(title=escape(refusal.title), detail=escape(refusal.detail)).encode()


def _problem(refusal: Refusal) -> bytes:
    return orjson.dumps(
        {
            "type": f"/problems/{refusal.slug}",
            "title": refusal.title,
            "status": refusal.status,
            "detail": refusal.detail,
        }
    )


def unknown_site() -> Refusal:
    """No site has this name."""
    return Refusal(404, "unknown-site", "No such site", "There is no site at this address.")


def not_published() -> Refusal:
    """The site serves no deployment yet."""
    return Refusal(
        404,
        "site-not-published",
        "Nothing is published here yet",
        "This site exists, and its first deployment is still to come.",
    )


def not_found() -> Refusal:
    """The site has no such file."""
    return Refusal(404, "not-found", "Page not found", "There is no page at this address.")


def paused() -> Refusal:
    """The owner paused the site's service."""
    return Refusal(402, "service-paused", "This site is paused", "Its owner has paused it.")


def lapsed() -> Refusal:
    """The owner's account ran dry."""
    return Refusal(
        402,
        "service-lapsed",
        "This site is out of credit",
        "It comes back as soon as its owner's account is topped up.",
    )


def expired() -> Refusal:
    """The free period is over."""
    return Refusal(
        402,
        "service-expired",
        "This site's free period is over",
        "It comes back as soon as its owner renews it.",
    )


def suspended(reason: str | None) -> Refusal:
    """A moderator took it down."""
    told = f"The reason given: {reason}" if reason else "It was suspended by the operator."
    return Refusal(451, "service-suspended", "This site is unavailable", told)


def stopped() -> Refusal:
    """The service ended, and doesn't start again."""
    return Refusal(410, "service-stopped", "This site is gone", "Its hosting has ended.")


def bad_path() -> Refusal:
    """A path that no link leads to."""
    return Refusal(400, "bad-request", "Bad address", "This address can't be read.")


def bad_cid() -> Refusal:
    """Not a CID, or of a kind that isn't kept here."""
    return Refusal(400, "bad-cid", "Not a CID", "This address holds no CID that is kept here.")


def not_kept() -> Refusal:
    """A CID of a codec or a hash that no block here has."""
    return Refusal(
        501,
        "codec-not-kept",
        "Not a kind that is kept here",
        "Only raw and dag-pb blocks hashed by sha2-256 are kept here.",
    )


def kind_not_served() -> Refusal:
    """A symbolic link, or a node of no known use."""
    return Refusal(
        501,
        "kind-not-served",
        "Not a file or a directory",
        "What this address leads to can be had as a block alone: ask for format=raw.",
    )


def not_held() -> Refusal:
    """The gateway fetches nothing from elsewhere."""
    return Refusal(404, "cid-not-held", "Not held here", "This gateway doesn't hold that CID.")


def method_not_allowed() -> Refusal:
    """Only GET and HEAD."""
    return Refusal(
        405,
        "method-not-allowed",
        "Method not allowed",
        "Only GET and HEAD are answered here.",
        [("allow", "GET, HEAD")],
    )


def unsatisfiable(size: int) -> Refusal:
    """A range outside the file."""
    return Refusal(
        416,
        "range-not-satisfiable",
        "Range not satisfiable",
        f"The file has {size} bytes.",
        [("content-range", f"bytes */{size}")],
    )


def precondition_failed() -> Refusal:
    """If-Match named another version."""
    return Refusal(412, "precondition-failed", "Changed", "This is another version by now.")


def not_ready() -> Refusal:
    """Nothing is known yet of sites or services."""
    return Refusal(
        503,
        "not-ready",
        "Just a moment",
        "This server has just started. Try again in a second.",
        [("retry-after", "1")],
    )


def bad_redirects(detail: str) -> Refusal:
    """The site's own `_redirects` can't be read (IPIP-0002 asks for a 500)."""
    return Refusal(500, "bad-redirects", "This site's redirects can't be read", detail)


def not_held_cached() -> Refusal:
    """`only-if-cached`, and it isn't."""
    return Refusal(412, "cid-not-held", "Not held here", "This gateway doesn't hold that CID.")


def not_acceptable(detail: str) -> Refusal:
    """A form that content isn't given in."""
    return Refusal(406, "not-acceptable", "Not acceptable", detail)


def bad_parameter(detail: str) -> Refusal:
    """A query parameter that can't be understood."""
    return Refusal(400, "bad-request", "Bad request", detail)


def broken() -> Refusal:
    """Content that should be here is not, or isn't what it should be."""
    return Refusal(
        500, "content-unavailable", "Something is broken here", "The operator has been told."
    )
