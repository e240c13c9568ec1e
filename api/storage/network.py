"""Where content comes from that isn't here: trustless gateways, or the RPC of a Kubo node.

Invariant: a block is put only where its bytes are its CID's and it lies below what was asked for,
so whoever answers can send nothing else, and no more than `max_bytes`. All hosts are the
operator's; of what users give (origins) only public addresses are passed on, and never dialled
from here. No redirect is followed.

FetchError
├── NotFound      nobody who was asked has it
├── TooMuch       more than the limit
└── Unreachable   nobody could be asked, or an answer broke off (retryable)
"""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Iterable, Sequence
from typing import BinaryIO, Protocol, cast

import requests
import structlog
from urllib3.exceptions import HTTPError

from api.storage.car import MEDIA_TYPE, read_car
from api.storage.ports import BadCid, BlockCorrupt, BlockStore, CarRejected
from api.storage.unixfs import Cid
from api.storage.unixfs.walk import links_of

_CONNECT_SECONDS = 5.0
_SILENT_SECONDS = 30.0  # between two pieces of an answer
_MOST_SECONDS = 3_600.0
_FLUSH_BYTES = 64 * 2**20
_ADDRESS = re.compile(r"^/(ip4|ip6|dns|dns4|dns6|dnsaddr)/([^/]+)(/.*)?$")
_LOCAL_NAMES = ("localhost", ".localhost", ".local", ".internal", ".home.arpa")

log = structlog.get_logger()


class FetchError(Exception):
    """The root of what fetching raises."""


class NotFound(FetchError):
    """Nobody who was asked has it."""


class TooMuch(FetchError):
    """More than the limit."""


class Unreachable(FetchError):
    """Nobody could be asked, or an answer broke off; retryable."""


class Network(Protocol):
    """Fetches DAGs."""

    def fetch(self, root: Cid, origins: Sequence[str], store: BlockStore, max_bytes: int) -> None:
        """Puts every block of a DAG that it gets, durably; raises FetchError."""


class NoNetwork:
    """A platform that fetches nothing."""

    def fetch(self, root: Cid, origins: Sequence[str], store: BlockStore, max_bytes: int) -> None:
        """See the port."""
        del root, origins, store, max_bytes
        raise NotFound("this platform fetches nothing from elsewhere; send it as a CAR")


class GatewayNetwork:
    """Trustless gateways, asked one after the other (IPFS Trustless Gateway specification)."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.urls = [url.rstrip("/") for url in urls]

    def fetch(self, root: Cid, origins: Sequence[str], store: BlockStore, max_bytes: int) -> None:
        """See the port."""
        del origins
        failures: list[FetchError] = []
        for url in self.urls:
            try:
                _fetch_car(
                    "GET",
                    f"{url}/ipfs/{root}",
                    {"format": "car", "dag-scope": "all"},
                    root,
                    store,
                    max_bytes,
                )
            except TooMuch:
                raise
            except FetchError as error:
                log.info("fetch_failed", url=url, cid=str(root), error=str(error))
                failures.append(error)
            else:
                return
        raise next((error for error in failures if isinstance(error, Unreachable)), failures[0])


class KuboNetwork:
    """The RPC of a Kubo node, which looks in the whole network (Kubo's RPC API v0)."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def fetch(self, root: Cid, origins: Sequence[str], store: BlockStore, max_bytes: int) -> None:
        """See the port. Origins are told to the node, which connects to them if it can."""
        for origin in filter(is_public, origins):
            try:
                requests.post(
                    f"{self.url}/api/v0/swarm/connect",
                    params={"arg": origin},
                    timeout=(_CONNECT_SECONDS, _CONNECT_SECONDS),
                    allow_redirects=False,
                ).close()
            except requests.RequestException:
                continue  # it is a hint, no more
        _fetch_car(
            "POST",
            f"{self.url}/api/v0/dag/export",
            {"arg": str(root), "progress": "false"},
            root,
            store,
            max_bytes,
        )


class AnyNetwork:
    """Several, asked one after the other."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self.networks = networks

    def fetch(self, root: Cid, origins: Sequence[str], store: BlockStore, max_bytes: int) -> None:
        """See the port."""
        last: FetchError = NotFound("nobody was asked")
        for network in self.networks:
            try:
                network.fetch(root, origins, store, max_bytes)
            except TooMuch:
                raise
            except FetchError as error:
                last = last if isinstance(last, Unreachable) else error
            else:
                return
        raise last


def open_network(gateway_urls: Sequence[str], kubo_url: str) -> Network:
    """By the settings; gateways first, as they answer soonest whether they have it."""
    networks: list[Network] = []
    if gateway_urls:
        networks.append(GatewayNetwork(gateway_urls))
    if kubo_url:
        networks.append(KuboNetwork(kubo_url))
    if not networks:
        return NoNetwork()
    return networks[0] if len(networks) == 1 else AnyNetwork(networks)


def is_public(multiaddr: str) -> bool:
    """Whether a multiaddr leads to no private place, as far as its text tells."""
    found = _ADDRESS.match(multiaddr)
    if found is None:
        return False
    kind, host = found[1], found[2].lower().rstrip(".")
    if kind.startswith("ip"):
        try:
            return ipaddress.ip_address(host).is_global
        except ValueError:
            return False
    is_local = host in _LOCAL_NAMES or host.endswith(tuple(_LOCAL_NAMES[1:]))
    return "." in host and not is_local and not re.fullmatch(r"[\d.]+|0x[0-9a-f]+", host)


def put_below(
    root: Cid, blocks: Iterable[tuple[Cid, bytes]], store: BlockStore, max_bytes: int
) -> None:
    """Puts blocks that lie below a root and come after their parents; raises TooMuch.

    Others are dropped. What was put is flushed now and then, so that a fetch that breaks off
    needn't begin anew.
    """
    wanted, total, unflushed = {root.digest}, 0, 0
    try:
        for cid, block in blocks:
            total += len(block)
            if total > max_bytes:
                raise TooMuch(f"more than {max_bytes:,} bytes")
            if cid.digest not in wanted:
                continue
            wanted.update(link.digest for link in links_of(cid, block))
            store.put(str(cid), block, verified=True)
            unflushed += len(block)
            if unflushed > _FLUSH_BYTES:
                store.flush()
                unflushed = 0
        store.flush()
    except BaseException:
        store.discard()
        raise


def _fetch_car(
    method: str, url: str, params: dict[str, str], root: Cid, store: BlockStore, max_bytes: int
) -> None:
    deadline = time.monotonic() + _MOST_SECONDS
    try:
        with requests.request(
            method,
            url,
            params=params,
            headers={"Accept": MEDIA_TYPE},
            stream=True,
            timeout=(_CONNECT_SECONDS, _SILENT_SECONDS),
            allow_redirects=False,
        ) as answer:
            if answer.status_code in (404, 410, 412, 500):
                raise NotFound(f"answered {answer.status_code}")
            if answer.status_code != 200:
                raise Unreachable(f"answered {answer.status_code}")
            stream = cast("BinaryIO", _Timed(cast("BinaryIO", answer.raw), deadline))
            put_below(root, read_car(stream).blocks, store, max_bytes)
    except (CarRejected, BlockCorrupt, BadCid) as error:
        raise Unreachable(f"sent no good CAR: {error}") from None
    except (requests.RequestException, HTTPError, OSError) as error:
        raise Unreachable(type(error).__name__) from None


class _Timed:
    """An answer's body, read no longer than until a time."""

    def __init__(self, raw: BinaryIO, deadline: float) -> None:
        self.raw = raw
        self.deadline = deadline

    def read(self, length: int = -1) -> bytes:
        """As the body's."""
        if time.monotonic() > self.deadline:
            raise Unreachable("took too long")
        return self.raw.read(length)
