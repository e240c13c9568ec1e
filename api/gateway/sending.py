"""Sends what was resolved: whole, in part, unchanged, or the head alone.

    small files         from memory
    one larger block    the block's file, by the server itself, whole
    anything else       block by block, each hash checked, at the client's pace

A body that turns out broken on the way ends the connection before its promised length: a client
never takes a part for the whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from os.path import exists
from typing import NamedTuple

import structlog
from granian.rsgi import Headers as RSGIHeaders
from granian.rsgi import HTTPProtocol, Scope

from api.gateway import pages
from api.gateway.codings import choose_coding
from api.gateway.conditional import ByteRange, Unsatisfiable, matches, read_range
from api.gateway.contents import MUST_REVALIDATE, Content, Contents, Face, Redirect
from api.gateway.mime import type_of_name
from api.gateway.naming import asked_name, disposition
from api.gateway.open import OPEN
from api.gateway.pipes import send_through_pipe
from api.gateway.routing import Target
from api.storage.ports import StorageError
from api.storage.unixfs import File
from api.storage.unixfs.cid import RAW

_BARE_FACES = (Face.PATH, Face.ORIGIN)
_KEPT_ON_304 = frozenset(
    """access-control-allow-origin access-control-expose-headers cache-control content-location
    etag expires vary x-ipfs-path x-ipfs-roots""".split()  # noqa: SIM905  # as a list it is long
)

Headers = list[tuple[str, str]]

log = structlog.get_logger()


class Rest(NamedTuple):
    """An answer whose body has to be read."""

    status: int
    headers: Headers
    file: File
    part: ByteRange | None


class Sender:
    """Sends bodies of one store."""

    def __init__(self, contents: Contents, threads: ThreadPoolExecutor) -> None:
        self.contents = contents
        self.threads = threads

    async def send(
        self, scope: Scope, proto: HTTPProtocol, content: Content, target: Target
    ) -> None:
        """Answers a GET or HEAD; raises Refusal."""
        rest = self.send_now(scope, proto, content, target)
        if rest is not None:
            await self._send_blocks(proto, rest, target)

    def send_now(
        self, scope: Scope, proto: HTTPProtocol, content: Content, target: Target
    ) -> Rest | None:
        """Answers where no thread is needed for it, or says what is left; raises Refusal."""
        asked = scope.headers
        is_head = scope.method == "HEAD"
        if content.variants:
            content = _best_variant(asked, content)
        status, headers, part = content.status, content.headers, None
        if target.face in _BARE_FACES and scope.query_string:
            headers = _named(headers, scope.query_string)
        if content.etag is not None:
            if is_unchanged(asked, content.etag):
                proto.response_empty(304, kept_on_304(headers))
                return None
            part = None if is_head else _wanted_part(asked, content)
            if part is not None:
                status, headers = 206, _part_headers(headers, part, content.size)
        if is_head:
            proto.response_empty(status, headers)
            return None
        if content.file is None:
            if content.block_path:
                proto.response_file(status, headers, content.block_path)
            else:
                proto.response_bytes(status, headers, _cut(content.made, part))
            return None
        in_memory = self.contents.inline(content.file)
        if in_memory is not None:
            proto.response_bytes(status, headers, _cut(in_memory, part))
        elif content.block_path and part is None and _is_there(content.block_path):
            proto.response_file(status, headers, content.block_path)
        else:
            return Rest(status, headers, content.file, part)
        return None

    async def _send_blocks(self, proto: HTTPProtocol, rest: Rest, target: Target) -> None:
        status, headers, file, part = rest
        loop = asyncio.get_running_loop()
        try:
            if file.cid.codec == RAW:
                data = await loop.run_in_executor(self.threads, self.contents.read_block, file)
                proto.response_bytes(status, headers, _cut(data, part))
                return
            start, length = (part.start, part.end - part.start) if part else (0, None)
            blocks = self.contents.dag.read(file, start, length)
            first = await loop.run_in_executor(self.threads, next, blocks, None)
        except StorageError as error:
            self.contents.forget(target.key)
            tell_broken(error, target)
            raise pages.broken() from None
        body = read_on(first, blocks, target, self.contents, self.threads)
        await send_through_pipe(proto, status, headers, body)


async def read_on(
    first: bytes | None,
    blocks: Iterator[bytes],
    target: Target,
    contents: Contents,
    threads: ThreadPoolExecutor,
) -> AsyncIterator[bytes]:
    """A body whose first block was read; what can't be read later ends it short."""
    loop = asyncio.get_running_loop()
    block = first
    while block is not None:
        yield block
        try:
            block = await loop.run_in_executor(threads, next, blocks, None)
        except StorageError as error:
            contents.forget(target.key)
            tell_broken(error, target)
            return  # short of the promised length, which ends the connection


def send_redirect(
    proto: HTTPProtocol, target: Target, redirect: Redirect, query_string: str
) -> None:
    """Elsewhere, keeping the query where the location has none of its own."""
    location = redirect.location
    if target.face is Face.PATH and location.startswith("/"):
        location = f"/ipfs/{target.root}{location}"
    if query_string and "?" not in location and "#" not in location:
        location = f"{location}?{query_string}"
    headers = [
        ("location", location),
        ("content-length", "0"),
        ("cache-control", MUST_REVALIDATE),
    ]
    if target.face in _BARE_FACES:
        headers += OPEN
    proto.response_empty(redirect.status, headers)


def tell_broken(error: StorageError, target: Target) -> None:
    """For the operator: content that is published and can't be read."""
    log.error(
        "content_unreadable",
        error=type(error).__name__,
        detail=str(error),
        root=target.root,
        path=target.path,
    )


def _best_variant(asked: RSGIHeaders, content: Content) -> Content:
    """A compressed form where the client takes one; parts are cut from the file as it is."""
    if asked.get("range") is not None:
        return content
    coding = choose_coding(asked.get("accept-encoding", ""), content.variants)
    if coding is None:
        return content
    variant = content.variants[coding]
    is_there = variant.block_path is None or _is_there(variant.block_path)
    return variant if is_there else content


def is_unchanged(asked: RSGIHeaders, etag: str) -> bool:
    """Whether the client has it; raises Refusal where it wants another version."""
    if_match = asked.get("if-match")
    if if_match is not None and not matches(if_match, etag, strongly=True):
        raise pages.precondition_failed()
    if_none_match = asked.get("if-none-match")
    return if_none_match is not None and matches(if_none_match, etag)


def _named(headers: Headers, query_string: str) -> Headers:
    """With the name that the query asks for, and the type that goes with it."""
    said = disposition(query_string)
    if said is None or any(name == "content-disposition" for name, _ in headers):
        return headers
    kind = type_of_name(asked_name(query_string) or "")
    if kind is not None:
        headers = [(name, kind if name == "content-type" else value) for name, value in headers]
    return [*headers, ("content-disposition", said)]


def _is_there(path: str) -> bool:
    return exists(path)  # noqa: PTH110  # at each request: by a Path it takes four times as long


def kept_on_304(headers: Headers) -> Headers:
    """What of an answer's headers stands over a 304 too (RFC 9110, 15.4.5)."""
    return [pair for pair in headers if pair[0] in _KEPT_ON_304]


def _wanted_part(asked: RSGIHeaders, content: Content) -> ByteRange | None:
    header = asked.get("range")
    if header is None or content.etag is None or not content.has_parts:
        return None
    try:
        return read_range(header, asked.get("if-range"), content.etag, content.size)
    except Unsatisfiable:
        raise pages.unsatisfiable(content.size) from None


def _part_headers(headers: Headers, part: ByteRange, size: int) -> Headers:
    kept = [pair for pair in headers if pair[0] != "content-length"]
    return [
        *kept,
        ("content-length", str(part.end - part.start)),
        ("content-range", f"bytes {part.start}-{part.end - 1}/{size}"),
    ]


def _cut(data: bytes, part: ByteRange | None) -> bytes:
    return data[part.start : part.end] if part else data
