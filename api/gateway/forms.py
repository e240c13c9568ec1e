"""Sends blocks and CARs, which come with the proof of what they are.

A block is an answer like any other: conditions and ranges count. A CAR has no length before it was
walked, so it is sent piece by piece at the client's pace, and conditions alone count.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from granian.rsgi import HTTPProtocol, Scope

from api.gateway.cars import trail
from api.gateway.contents import Content, Contents
from api.gateway.formats import Form, car_bytes, form_headers, path_names
from api.gateway.pipes import send_through_pipe
from api.gateway.routing import Target
from api.gateway.sending import Sender, is_unchanged, kept_on_304, read_on
from api.storage.unixfs import Cid, parse_cid


class FormSender:
    """Sends other forms of what one store holds."""

    def __init__(self, contents: Contents, sender: Sender, threads: ThreadPoolExecutor) -> None:
        self.contents = contents
        self.sender = sender
        self.threads = threads

    async def send(self, scope: Scope, proto: HTTPProtocol, form: Form, target: Target) -> None:
        """Answers a GET or HEAD; raises Refusal, and StorageError as it comes."""
        loop = asyncio.get_running_loop()
        if form.kind == "raw":
            block = await loop.run_in_executor(
                self.threads, self._block, form, target, scope.query_string
            )
            await self.sender.send(scope, proto, block, target)
            return
        cids = await loop.run_in_executor(self.threads, self._trail, target)
        headers = form_headers(form, cids, target, scope.query_string)
        if is_unchanged(scope.headers, form.etag(cids[-1], target)):
            proto.response_empty(304, kept_on_304(headers))
            return
        pieces = await loop.run_in_executor(
            self.threads, car_bytes, form, self.contents.store, target
        )
        # The first blocks are read even for a HEAD: it promises what a GET would give.
        first = await loop.run_in_executor(self.threads, next, pieces, None)
        if scope.method == "HEAD":
            proto.response_empty(200, headers)
            return
        body = read_on(first, pieces, target, self.contents, self.threads)
        await send_through_pipe(proto, 200, headers, body)

    def _block(self, form: Form, target: Target, query: str) -> Content:
        cids = self._trail(target)
        block = self.contents.store.get(str(cids[-1]))
        headers = form_headers(form, cids, target, query)
        headers.append(("content-length", str(len(block))))
        etag = form.etag(cids[-1], target)
        return Content(200, etag, len(block), headers, None, block, has_parts=True)

    def _trail(self, target: Target) -> list[Cid]:
        return trail(self.contents.dag, parse_cid(target.root), path_names(target))
