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
from pathlib import Path

import structlog
from granian.rsgi import HTTPProtocol, Scope

from api.gateway import pages
from api.gateway.codings import choose_coding
from api.gateway.conditional import ByteRange, Unsatisfiable, matches, read_range
from api.gateway.contents import MUST_REVALIDATE, Content, Contents, Face, Redirect
from api.gateway.formats import Form, car_bytes, form_headers, path_names
from api.gateway.pipes import send_through_pipe
from api.gateway.routing import Target
from api.storage.ports import StorageError
from api.storage.unixfs import File
from api.storage.unixfs.cid import RAW, parse_cid

_KEPT_ON_304 = frozenset(
    {"etag", "cache-control", "vary", "x-ipfs-path", "x-ipfs-roots", "access-control-allow-origin"}
)

Headers = list[tuple[str, str]]

log = structlog.get_logger()


class Sender:
    """Sends bodies of one store."""

    def __init__(self, contents: Contents, threads: ThreadPoolExecutor) -> None:
        self.contents = contents
        self.threads = threads

    async def send(
        self, scope: Scope, proto: HTTPProtocol, content: Content, target: Target
    ) -> None:
        """Answers a GET or HEAD; raises Refusal."""
        if content.variants:
            content = _best_variant(scope, content)
        status, headers, part = content.status, content.headers, None
        if content.etag is not None:
            if _is_unchanged(scope, content.etag):
                proto.response_empty(304, [pair for pair in headers if pair[0] in _KEPT_ON_304])
                return
            part = _wanted_part(scope, content)
            if part is not None:
                status, headers = 206, _part_headers(headers, part, content.size)
        if scope.method == "HEAD":
            proto.response_empty(status, headers)
            return
        if content.file is None:
            if content.block_path:
                proto.response_file(status, headers, content.block_path)
            else:
                proto.response_bytes(status, headers, content.made)
            return
        in_memory = self.contents.inline(content.file)
        if in_memory is not None:
            proto.response_bytes(status, headers, _cut(in_memory, part))
        elif content.block_path and part is None and Path(content.block_path).exists():
            proto.response_file(status, headers, content.block_path)
        else:
            await self._send_blocks(proto, status, headers, content.file, part, target)

    async def send_form(
        self, scope: Scope, proto: HTTPProtocol, form: Form, target: Target
    ) -> None:
        """A block or a CAR; raises Refusal, and StorageError as it comes."""
        loop = asyncio.get_running_loop()
        steps = await loop.run_in_executor(
            self.threads, self.contents.dag.resolve, parse_cid(target.root), path_names(target)
        )
        headers = form_headers(form, steps[-1].cid, target)
        wanted = scope.headers.get("if-none-match")
        if wanted is not None and matches(wanted, form.etag(steps[-1].cid).removeprefix("W/")):
            proto.response_empty(304, [pair for pair in headers if pair[0] in _KEPT_ON_304])
            return
        if form.kind == "raw":
            block = await loop.run_in_executor(
                self.threads, self.contents.store.get, str(steps[-1].cid)
            )
            headers = [*headers, ("content-length", str(len(block)))]
            if scope.method == "HEAD":
                proto.response_empty(200, headers)
            else:
                proto.response_bytes(200, headers, block)
            return
        if scope.method == "HEAD":
            proto.response_empty(200, headers)
            return
        pieces = await loop.run_in_executor(
            self.threads, car_bytes, form, self.contents.store, target
        )
        first = await loop.run_in_executor(self.threads, next, pieces, b"")
        await send_through_pipe(proto, 200, headers, self._read_on(first, pieces, target))

    async def _send_blocks(
        self,
        proto: HTTPProtocol,
        status: int,
        headers: Headers,
        file: File,
        part: ByteRange | None,
        target: Target,
    ) -> None:
        loop = asyncio.get_running_loop()
        try:
            if file.cid.codec == RAW:
                data = await loop.run_in_executor(self.threads, self.contents.read_block, file)
                proto.response_bytes(status, headers, _cut(data, part))
                return
            start, length = (part.start, part.end - part.start) if part else (0, None)
            blocks = self.contents.dag.read(file, start, length)
            first = await loop.run_in_executor(self.threads, next, blocks, b"")
        except StorageError as error:
            self.contents.forget(target.key)
            tell_broken(error, target)
            raise pages.broken() from None
        body = self._read_on(first, blocks, target)
        await send_through_pipe(proto, status, headers, body)

    async def _read_on(
        self, first: bytes, blocks: Iterator[bytes], target: Target
    ) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        block = first
        while block:
            yield block
            try:
                block = await loop.run_in_executor(self.threads, next, blocks, b"")
            except StorageError as error:
                self.contents.forget(target.key)
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


def _best_variant(scope: Scope, content: Content) -> Content:
    """A compressed form where the client takes one; parts are cut from the file as it is."""
    if scope.headers.get("range") is not None:
        return content
    coding = choose_coding(scope.headers.get("accept-encoding", ""), content.variants)
    return content if coding is None else content.variants[coding]


def _is_unchanged(scope: Scope, etag: str) -> bool:
    asked = scope.headers
    if_match = asked.get("if-match")
    if if_match is not None and not matches(if_match, etag):
        raise pages.precondition_failed()
    if_none_match = asked.get("if-none-match")
    return if_none_match is not None and matches(if_none_match, etag)


def _wanted_part(scope: Scope, content: Content) -> ByteRange | None:
    header = scope.headers.get("range") if scope.method == "GET" else None
    if header is None or content.etag is None or content.file is None:
        return None
    try:
        return read_range(header, scope.headers.get("if-range"), content.etag, content.size)
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
