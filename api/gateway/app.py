"""The gateway as an RSGI application: one instance a worker.

What is in memory is answered on the event loop; what needs a block or the database goes to a
thread.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from granian.rsgi import HTTPProtocol, ProtocolClosed, Scope

from api.gateway import pages
from api.gateway.contents import SAFE, Content, Contents, Face, Redirect
from api.gateway.formats import wanted_form
from api.gateway.forms import FormSender
from api.gateway.health import health_answer
from api.gateway.holders import Holders, HoldersUnavailable
from api.gateway.hosts import Host, HostKind, parse_host
from api.gateway.open import OPEN, PREFLIGHT, is_open
from api.gateway.pages import Refusal, render
from api.gateway.poller import Poller
from api.gateway.previews import Previews, PreviewsUnavailable
from api.gateway.resolving import Resolver
from api.gateway.routing import (
    Target,
    check_holders,
    check_path,
    route_origin,
    route_path,
    route_preview,
    route_site,
)
from api.gateway.sending import Sender, send_redirect, tell_broken
from api.gateway.settings import GatewaySettings
from api.gateway.view import View
from api.process import exit_with_parent
from api.storage.embedded import EmbeddedBlockStore
from api.storage.ports import (
    BlockMissing,
    EntryMissing,
    NotADirectory,
    NotAFile,
    StorageError,
)
from api.storage.variants import Variants
from indexer.database import open_engine
from indexer.logs import configure_logging

_SAFE = ("GET", "HEAD")
_THREADS = 8  # that wait for disk and database


def create_app(settings: GatewaySettings) -> Gateway:
    """Called in each worker."""
    return Gateway(settings)


class Gateway:
    """Serves sites, previews and `/ipfs/`."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.base_domain = settings.base_domain
        self.view = View()
        self.contents = Contents(
            EmbeddedBlockStore(settings.blocks_dir), settings.gateway_cache_megabytes * 2**20
        )
        self.engine = open_engine(settings.database_url, writes=False)
        self.resolver = Resolver(self.contents, Variants(settings.variants_dir))
        self.previews = Previews(self.engine)
        self.holders = Holders(self.engine)
        self.poller = Poller(self.engine, self.view, settings.gateway_poll_milliseconds / 1_000)
        self.threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="blocks")
        self.sender = Sender(self.contents, self.threads)
        self.forms = FormSender(self.contents, self.sender, self.threads)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """In the worker, before its first request."""
        del loop
        exit_with_parent()
        configure_logging()
        self.poller.start()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """In the worker, after its last request."""
        del loop
        self.poller.stop()
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.holders.close()
        self.engine.dispose()

    async def __rsgi__(self, scope: Scope, proto: HTTPProtocol) -> None:
        """One request."""
        try:
            if not self._serve_from_memory(scope, proto):
                await self._serve(scope, proto)
        except Refusal as refusal:
            headers, body = render(refusal, scope.headers.get("accept", ""))
            if self._is_open(scope):
                headers += OPEN
            proto.response_bytes(refusal.status, headers, body)
        except ProtocolClosed:
            return  # the client left

    def _serve_from_memory(self, scope: Scope, proto: HTTPProtocol) -> bool:
        """A site's file that was served before: by the same rules, without a task or a thread.

        False, with nothing sent, where that isn't enough.
        """
        host = self._host(scope)
        if host.kind is not HostKind.SITE or scope.method not in _SAFE or not self.view.ready:
            return False
        path = scope.path
        check_path(path)
        target = route_site(self.view, host, path, int(time.time()))
        found = self.contents.known(target.key)
        if found is None or isinstance(found, Redirect):
            return False
        return self.sender.send_now(scope, proto, found, target) is None

    async def _serve(self, scope: Scope, proto: HTTPProtocol) -> None:
        if scope.method not in _SAFE:
            if scope.method != "OPTIONS" or not self._is_open(scope):
                raise pages.method_not_allowed()
            proto.response_empty(204, PREFLIGHT)
            return
        path = scope.path  # decoded, once, by granian
        check_path(path)
        host = self._host(scope)
        if host.kind is HostKind.BASE:
            answer = health_answer(self.view, path)
            if answer is not None:
                proto.response_bytes(*answer)
                return
            target = route_path(self.view, path)
        elif host.kind is HostKind.ORIGIN:
            target = route_origin(self.view, host, path)
            if target.root != host.label:
                self._send_to_origin(scope, proto, target)
                return
        else:
            target = await self._target(host, path)
        if target.face in (Face.PATH, Face.ORIGIN):
            await self._check_public(scope, target)
            if await self._sends_form(scope, proto, target):
                return
        found = self.contents.known(target.key)
        if found is None:
            found = await self._resolve(target)
        if isinstance(found, Redirect):
            send_redirect(proto, target, found, scope.query_string)
        else:
            await self.sender.send(scope, proto, found, target)

    def _host(self, scope: Scope) -> Host:
        header = scope.authority or scope.headers.get("host")
        if not header:
            raise pages.bad_path()
        return parse_host(header, self.base_domain)

    async def _target(self, host: Host, path: str) -> Target:
        if not self.view.ready:
            raise pages.not_ready()
        if host.kind is not HostKind.PREVIEW:
            return route_site(self.view, host, path, int(time.time()))
        preview = self.previews.known(host.label)
        if preview is None:
            loop = asyncio.get_running_loop()
            try:
                preview = await loop.run_in_executor(self.threads, self.previews.read, host.label)
            except PreviewsUnavailable:
                raise pages.not_ready() from None
        return route_preview(self.view, preview, path, int(time.time()))

    async def _check_public(self, scope: Scope, target: Target) -> None:
        """Raises Refusal where nobody who pays holds the content."""
        if not self.view.ready:
            raise pages.not_ready()
        try:
            services = await self.holders.services(target.root)
        except HoldersUnavailable:
            raise pages.not_ready() from None
        if not services and "only-if-cached" in scope.headers.get("cache-control", ""):
            raise pages.not_held_cached()
        check_holders(self.view, services, int(time.time()))

    async def _sends_form(self, scope: Scope, proto: HTTPProtocol, target: Target) -> bool:
        """Whether a block or a CAR is asked for; if so, it was sent."""
        form = wanted_form(scope.query_string, scope.headers.get("accept", ""))
        if form is None:
            return False
        try:
            await self.forms.send(scope, proto, form, target)
        except (EntryMissing, NotADirectory, NotAFile):
            raise pages.not_found() from None
        except StorageError as error:
            raise self._refusal_of(error, target) from None
        return True

    def _send_to_origin(self, scope: Scope, proto: HTTPProtocol, target: Target) -> None:
        """Origins are told apart by the letters of their hosts, so each root has one spelling."""
        header = scope.authority or scope.headers.get("host") or ""
        _name, colon, port = header.partition(":")
        host = f"{target.root}.ipfs.{self.base_domain}{colon}{port}"
        location = f"//{host}{quote(target.path, safe=SAFE)}"
        send_redirect(proto, target, Redirect(location), scope.query_string)

    def _is_open(self, scope: Scope) -> bool:
        header = scope.authority or scope.headers.get("host")
        return bool(header) and is_open(parse_host(header, self.base_domain), scope.path)

    async def _resolve(self, target: Target) -> Content | Redirect:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self.threads, self.resolver.resolve, target)
        except StorageError as error:
            raise self._refusal_of(error, target) from None
        self.contents.keep(target.key, found)
        return found

    def _refusal_of(self, error: StorageError, target: Target) -> Refusal:
        if isinstance(error, BlockMissing) and target.face in (Face.PATH, Face.ORIGIN):
            return pages.not_held()
        tell_broken(error, target)
        return pages.broken()
