"""Content as blocks: `?format=raw|car`, or the same by Accept (the IPFS Trustless Gateway).

    raw   the one block that a path ends at
    car   the blocks on the way to it, and of it as much as `dag-scope` and `entity-bytes` ask for

The query wins over the header. A CAR comes depth first without repeats, whatever order is asked
for; one that breaks off ends in half a block, so nobody takes it for whole. Other forms are
refused with 406.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal
from urllib.parse import parse_qs, quote

from api.gateway import pages
from api.gateway.cars import Span, car_blocks
from api.gateway.contents import IMMUTABLE, SAFE
from api.gateway.naming import disposition
from api.gateway.open import OPEN
from api.gateway.routing import Target
from api.storage.car import MEDIA_TYPE, write_car
from api.storage.ports import BlockStore, StorageError
from api.storage.unixfs import Cid, parse_cid

RAW_TYPE = "application/vnd.ipld.raw"
_KINDS = {RAW_TYPE: "raw", MEDIA_TYPE: "car"}
_SCOPES = ("block", "entity", "all")
_BYTES = re.compile(r"(-?[0-9]{1,18}):(-?[0-9]{1,18}|\*)")
_PARAMETER = re.compile(r";\s*(version|order|dups)\s*=\s*\"?([\w.-]+)")
_PIECE_BYTES = 2**18  # of a CAR are sent at once: a thread is woken once for many small blocks
# A length with nothing behind it: what broke off can't be taken for a CAR that is whole.
_BROKEN = b"\x7f"

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Form:
    """How content is asked for."""

    kind: Literal["raw", "car"]
    scope: str = "all"
    span: Span | None = None  # entity-bytes

    def etag(self, cid: Cid, target: Target) -> str:
        """Of a block the bytes are fixed; of a CAR what is in it, the way from its root too."""
        if self.kind == "raw":
            return f'"{cid}.raw"'
        told = sha256(f"{target.root}{target.path} {self.scope} {self.span}".encode())
        return f'W/"{cid}.car.{told.hexdigest()[:12]}"'


def wanted_form(query_string: str, accept: str) -> Form | None:
    """What a request asks for; None: content as it is. Raises Refusal."""
    if not query_string and "vnd.ipld" not in accept.lower():
        return None
    query = {name: values[-1] for name, values in parse_qs(query_string).items()}
    offered = _accepted(accept)
    kind = query.get("format") or (offered and _KINDS[offered.partition(";")[0].strip().lower()])
    if not kind:
        return None
    if kind == "raw":
        return Form("raw")
    if kind != "car":
        raise pages.not_acceptable("Content is given as it is, as raw or as car.")
    _check_parameters(offered or "", query)
    scope = query.get("dag-scope", "all")
    if scope not in _SCOPES:
        raise pages.bad_parameter("dag-scope is block, entity or all.")
    span = _span(query["entity-bytes"]) if "entity-bytes" in query else None
    if span is not None and "dag-scope" not in query:
        scope = "entity"
    return Form("car", scope, span)


def form_headers(form: Form, cids: Sequence[Cid], target: Target, query: str) -> Headers:
    """What stands over a block or a CAR of the end of a path; without a length."""
    cid = cids[-1]
    if form.kind == "raw":
        kind, suffix, ranges = RAW_TYPE, "bin", "bytes"
    else:
        kind, suffix, ranges = f"{MEDIA_TYPE}; version=1; order=dfs; dups=n", "car", "none"
    named = disposition(query, attached=f"{cid}.{suffix}")
    return [
        ("content-type", kind),
        ("content-disposition", named or "attachment"),
        ("etag", form.etag(cid, target)),
        ("cache-control", IMMUTABLE),
        ("vary", "accept"),
        ("x-content-type-options", "nosniff"),
        ("x-ipfs-path", f"/ipfs/{target.root}{quote(target.path, safe=SAFE)}"),
        ("x-ipfs-roots", ",".join(map(str, cids))),
        ("accept-ranges", ranges),
        *OPEN,
    ]


def path_names(target: Target) -> list[str]:
    """The segments of a path; a slash at the end says nothing here."""
    names = target.path.split("/")[1:]
    return names[:-1] if names[-1:] == [""] else names


def car_bytes(form: Form, store: BlockStore, target: Target) -> Iterator[bytes]:
    """The CAR in pieces, none of them empty; its root is what the path ends at.

    Raises StorageError at once where the path leads nowhere, and later where a block is gone, after
    a last piece that no CAR can end in.
    """
    root, names = parse_cid(target.root), path_names(target)
    end, blocks = car_blocks(store, root, names, form.scope, form.span)
    return _pieces(write_car([end], blocks))


def _pieces(parts: Iterator[bytes]) -> Iterator[bytes]:
    piece: list[bytes] = []
    length = 0
    try:
        for part in parts:
            piece.append(part)
            length += len(part)
            if length >= _PIECE_BYTES:
                yield b"".join(piece)
                piece, length = [], 0
    except StorageError:
        yield b"".join([*piece, _BROKEN])
        raise
    if piece:
        yield b"".join(piece)


def _accepted(accept: str) -> str | None:
    """The first part of an Accept header that names a form, with its parameters."""
    for part in accept.split(","):
        if part.partition(";")[0].strip().lower() in _KINDS:
            return part
    return None


def _check_parameters(offered: str, query: dict[str, str]) -> None:
    told = dict(_PARAMETER.findall(offered))
    if query.get("car-version", told.get("version", "1")) != "1":
        raise pages.not_acceptable("CARs are of version 1.")
    if query.get("car-order", told.get("order", "dfs")) not in ("dfs", "unk"):
        raise pages.not_acceptable("CARs come depth first.")
    if query.get("car-dups", told.get("dups", "n")) not in ("n", "y"):
        raise pages.bad_parameter("dups is y or n.")  # with y they come without, and say so


def _span(text: str) -> Span:
    found = _BYTES.fullmatch(text)
    if found is None:
        raise pages.bad_parameter("entity-bytes is FROM:TO, TO a number or *.")
    span = int(found[1]), None if found[2] == "*" else int(found[2])
    if span[1] is not None and (span[0] < 0) == (span[1] < 0) and span[0] > span[1]:
        raise pages.bad_parameter("entity-bytes ends before it starts.")
    return span
