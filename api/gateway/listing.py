"""A directory's entries as a page, for the path gateway."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import islice
from urllib.parse import quote

from api.storage.unixfs import Entry

_MOST_ENTRIES = 10_000


def render_listing(path: str, entries: Iterator[Entry]) -> bytes:
    """HTML; `path` is what was asked for, for the title alone."""
    shown = list(islice(entries, _MOST_ENTRIES + 1))
    rows = [_row(entry) for entry in sorted(shown[:_MOST_ENTRIES], key=lambda entry: entry.name)]
    more = "<p>… and more.</p>" if len(shown) > _MOST_ENTRIES else ""
    title = escape(path)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f'<body><h1>{title}</h1><table><tr><td><a href="../">..</a></td></tr>'
        f"{''.join(rows)}</table>{more}</body></html>"
    ).encode()


def _row(entry: Entry) -> str:
    # `./` keeps a name like `javascript:x` from being read as a scheme
    link = escape("./" + quote(entry.name))
    return (
        f'<tr><td><a href="{link}">{escape(entry.name)}</a></td>'
        f"<td>{entry.dag_bytes}</td><td><code>{entry.cid}</code></td></tr>"
    )
