"""Content as blocks: `?format=raw|car`, or the same by Accept (the IPFS Trustless Gateway).

    raw   the one block that a path ends at
    car   the blocks on the way to it, and of it as much as `dag-scope` and `entity-bytes` ask for

The query wins over the header. A CAR comes depth first without repeats, whatever order is asked
for; it carries its own proof, so one that is cut short shows. Other forms are refused with 406.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, cast
from urllib.parse import parse_qs

from api.gateway import pages
from api.gateway.contents import IMMUTABLE
from api.gateway.routing import Target
from api.storage.car import MEDIA_TYPE, write_car
from api.storage.ports import BlockStore
from api.storage.unixfs import Cid, Dag, Directory, parse_cid
from api.storage.unixfs.walk import walk_blocks

RAW_TYPE = "application/vnd.ipld.raw"
_KINDS = {RAW_TYPE: "raw", MEDIA_TYPE: "car"}
_SCOPES = ("block", "entity", "all")
_BYTES = re.compile(r"^(-?\d{1,18}):(-?\d{1,18}|\*)$")
_CAR_CACHE_BYTES = 4 * 2**20

Block = tuple[Cid, bytes]


@dataclass(frozen=True, slots=True)
class Form:
    """How content is asked for."""

    kind: Literal["raw", "car"]
    scope: str = "all"
    span: tuple[int, int | None] | None = None  # entity-bytes: from, to (None: the end)

    def etag(self, cid: Cid) -> str:
        """Of a block the bytes are fixed; of a CAR what is in it."""
        if self.kind == "raw":
            return f'"{cid}.raw"'
        told = sha256(f"{self.scope} {self.span}".encode()).hexdigest()[:12]
        return f'W/"{cid}.car.{told}"'


def wanted_form(query_string: str, accept: str) -> Form | None:
    """What a request asks for; None: content as it is. Raises Refusal."""
    if not query_string and "vnd.ipld" not in accept:
        return None
    query = {name: values[-1] for name, values in parse_qs(query_string).items()}
    kind = query.get("format") or _accepted(accept)
    if kind is None:
        return None
    if kind == "raw":
        return Form("raw")
    if kind != "car":
        raise pages.not_acceptable("Content is given as it is, as raw or as car.")
    _check_parameters(accept, query)
    scope = query.get("dag-scope", "all")
    if scope not in _SCOPES:
        raise pages.bad_parameter("dag-scope is block, entity or all.")
    span = _span(query["entity-bytes"]) if "entity-bytes" in query else None
    if span is not None and "dag-scope" not in query:
        scope = "entity"
    return Form("car", scope, span)


def form_headers(form: Form, cid: Cid, target: Target) -> list[tuple[str, str]]:
    """What stands over a block or a CAR; without a length."""
    kind = RAW_TYPE if form.kind == "raw" else f"{MEDIA_TYPE}; version=1; order=dfs; dups=n"
    suffix = "bin" if form.kind == "raw" else "car"
    return [
        ("content-type", kind),
        ("content-disposition", f'attachment; filename="{cid}.{suffix}"'),
        ("etag", form.etag(cid)),
        ("cache-control", IMMUTABLE),
        ("vary", "accept"),
        ("x-content-type-options", "nosniff"),
        ("x-ipfs-path", f"/ipfs/{target.root}"),
        ("x-ipfs-roots", target.root),
        ("access-control-allow-origin", "*"),
        ("accept-ranges", "none"),
    ]


def path_names(target: Target) -> list[str]:
    """The segments of a path; a slash at the end says nothing here."""
    return [name for name in target.path.split("/") if name]


def car_bytes(form: Form, store: BlockStore, target: Target) -> Iterator[bytes]:
    """The CAR, piece by piece; its root is what the path ends at."""
    noting = _Noting(store)
    dag = Dag(cast("BlockStore", noting), _CAR_CACHE_BYTES)
    end = dag.resolve(parse_cid(target.root), path_names(target))[-1]
    return write_car([end.cid], _blocks(form, noting, dag, end.cid))


def _blocks(form: Form, noting: _Noting, dag: Dag, end: Cid) -> Iterator[Block]:
    if form.scope == "all" and form.span is None:
        yield from (block for block in noting.drain() if block[0] != end)
        yield from walk_blocks(noting.store, [end], noting.seen - {end.digest})
        return
    yield from noting.drain()
    step = dag.open(end)
    if form.scope == "block":
        yield from noting.drain()
        return
    if isinstance(step, Directory):
        for _ in dag.entries(step):
            yield from noting.drain()
    else:
        start, length = _cut(form.span, step.size_bytes)
        for _ in dag.read(step, start, length):
            yield from noting.drain()
    yield from noting.drain()


class _Noting:
    """A store that notes what is read of another, each block once."""

    def __init__(self, store: BlockStore) -> None:
        self.store = store
        self.seen: set[bytes] = set()
        self._noted: list[Block] = []

    def get(self, cid: str) -> bytes:
        """Reads and notes."""
        data = self.store.get(cid)
        parsed = parse_cid(cid)
        if parsed.digest not in self.seen:
            self.seen.add(parsed.digest)
            self._noted.append((parsed, data))
        return data

    def drain(self) -> Iterator[Block]:
        """What was noted since the last time."""
        noted, self._noted = self._noted, []
        return iter(noted)


def _accepted(accept: str) -> str | None:
    for part in accept.split(","):
        kind = _KINDS.get(part.partition(";")[0].strip().lower())
        if kind is not None:
            return kind
    return None


def _check_parameters(accept: str, query: dict[str, str]) -> None:
    told = dict(re.findall(r"(version|order|dups)=([\w.-]+)", accept))
    version = query.get("car-version", told.get("version", "1"))
    if version != "1":
        raise pages.not_acceptable("CARs are of version 1.")
    if query.get("car-order", told.get("order", "dfs")) not in ("dfs", "unk"):
        raise pages.not_acceptable("CARs come depth first.")


def _span(text: str) -> tuple[int, int | None]:
    found = _BYTES.match(text)
    if found is None:
        raise pages.bad_parameter("entity-bytes is FROM:TO, TO a number or *.")
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _cut(span: tuple[int, int | None] | None, size: int) -> tuple[int, int | None]:
    """Offset and length of the bytes `from` to `to`, both counted in; below 0 from the end."""
    if span is None:
        return 0, None
    first, last = span
    start = max(0, size + first) if first < 0 else first
    end = size if last is None else (size + last if last < 0 else last) + 1
    return start, max(0, end - start)
