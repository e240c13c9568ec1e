"""How a file is to be called where it is saved: `?filename=` and `?download=true` (IPFS gateways).

Letters that a header can't hold come as RFC 8187 spells them, beside a plain form for old clients.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote

_LONGEST = 255  # letters of a name; file systems take no more bytes than that
_UNFIT = re.compile(r'[^\x20-\x7e]|["\\]')


def disposition(query_string: str, attached: str | None = None) -> str | None:
    """A Content-Disposition; None where nothing is to be said.

    `attached` is the name of what is always an attachment, where the query gives none.
    """
    query = {}
    if "filename=" in query_string or "download=" in query_string:
        query = {name: values[-1] for name, values in parse_qs(query_string).items()}
    name = query.get("filename", attached)
    saved = attached is not None or query.get("download") == "true"
    if name is None:
        return "attachment" if saved else None
    # The last part alone: no client may be led to write elsewhere.
    name = re.split(r"[/\\]", name)[-1][:_LONGEST]
    plain = _UNFIT.sub("_", name)
    said = f'{"attachment" if saved else "inline"}; filename="{plain}"'
    if plain == name:
        return said
    return f"{said}; filename*=UTF-8''{quote(name, safe='')}"


def asked_name(query_string: str) -> str | None:
    """The name alone; None where none is asked for."""
    if "filename=" not in query_string:
        return None
    return parse_qs(query_string).get("filename", [None])[-1]
