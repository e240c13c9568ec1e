"""A directory's entries as a page.

A directory of shards may repeat itself without end in a few blocks, so the blocks that are read
for one page are counted, and what is beyond them isn't listed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from html import escape
from itertools import islice
from typing import cast
from urllib.parse import quote

from api.storage.ports import BlockStore
from api.storage.unixfs import Dag, Directory, Entry

_MOST_ENTRIES = 10_000
_MOST_READS = 20_000  # blocks; a true directory of so many entries has some 2,000 shards
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "td{padding:0 1rem 0 0}td:nth-child(2){text-align:right}code{color:#777;font-size:.8rem}"
)


def list_entries(
    store: BlockStore, directory: Directory, hidden: Collection[str] = ()
) -> list[Entry]:
    """By name, at most one more than are shown."""
    counting = _Counting(store)
    entries = Dag(cast("BlockStore", counting), 0).entries(directory)
    shown = (entry for entry in _until_too_many(entries) if entry.name not in hidden)
    return sorted(islice(shown, _MOST_ENTRIES + 1), key=lambda entry: entry.name)


def render_listing(path: str, entries: Collection[Entry], *, has_parent: bool) -> bytes:
    """HTML; `path` is what was asked for, for the title alone."""
    rows = "".join(map(_row, islice(entries, _MOST_ENTRIES)))
    more = "<p>… and more.</p>" if len(entries) > _MOST_ENTRIES else ""
    parent = '<tr><td><a href="../">..</a></td></tr>' if has_parent else ""
    title = escape(path)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"<table>{parent}{rows}</table>{more}</body></html>"
    ).encode()


def readable_size(size_bytes: int) -> str:
    """Bytes in the unit that suits them."""
    if size_bytes < 1_024:
        return f"{size_bytes} B"
    units = ("KiB", "MiB", "GiB", "TiB")
    power = min(len(units), (size_bytes.bit_length() - 1) // 10)
    return f"{size_bytes / 1_024**power:.1f} {units[power - 1]}"


def _row(entry: Entry) -> str:
    # `./` keeps a name like `javascript:x` from being read as a scheme
    link = escape("./" + quote(entry.name))
    return (
        f'<tr><td><a href="{link}">{escape(entry.name)}</a></td>'
        f"<td>{readable_size(entry.dag_bytes)}</td><td><code>{entry.cid}</code></td></tr>"
    )


def _until_too_many(entries: Iterable[Entry]) -> Iterator[Entry]:
    try:
        yield from entries
    except _TooManyReads:
        return


class _TooManyReads(Exception):
    """A directory that no honest writer makes."""


class _Counting:
    """A store that is asked so often and no more."""

    def __init__(self, store: BlockStore) -> None:
        self.store = store
        self.left = _MOST_READS

    def get(self, cid: str) -> bytes:
        """Reads a block."""
        self.left -= 1
        if self.left < 0:
            raise _TooManyReads
        return self.store.get(cid)
