"""`dspace restore`: a site from its CAR and the chain, with no API and no database.

The name's record on the chain (ENSIP-7 contenthash) says which root it stands for; every block of
the CAR is verified by its CID. So whoever brings the CAR needn't be trusted.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import unquote, urlsplit

from web3 import Web3
from web3.exceptions import Web3Exception

from api.gateway.contents import Contents, Face, Options, Redirect
from api.gateway.pages import Refusal, render
from api.gateway.resolving import Resolver
from api.gateway.routing import Target, check_path
from api.storage.car import import_car
from api.storage.embedded import EmbeddedBlockStore
from api.storage.ports import BadCid, CarRejected, StorageError
from api.storage.unixfs import Cid, Dag, parse_cid
from api.storage.unixfs.cid import pack_cid, parse_packed_cid
from api.storage.unixfs.walk import walk_blocks
from api.storage.variants import Variants
from indexer.abi import load_abi
from scripts.client.files import unpack
from scripts.client.remote import ClientError

_IPFS_NAMESPACE = b"\xe3\x01"  # multicodec ipfs-ns as a varint (ENSIP-7)
_CACHE_BYTES = 64 * 2**20


def root_of_name(rpc_url: str, domains: str, label: str) -> Cid:
    """What the chain says that a name stands for; raises ClientError."""
    node = Web3(Web3.HTTPProvider(rpc_url))
    try:
        contract = node.eth.contract(
            address=Web3.to_checksum_address(domains), abi=load_abi("Domains")
        )
        packed = bytes(
            contract.functions.contenthash(contract.functions.node_of(label).call()).call()
        )
    except (Web3Exception, ValueError, OSError) as error:
        raise ClientError(f"{rpc_url}: {type(error).__name__}: {error}") from None
    if not packed:
        raise ClientError(f"the chain names no content for {label}")
    if not packed.startswith(_IPFS_NAMESPACE):
        raise ClientError(f"{label} stands for something that is not on IPFS")
    try:
        return parse_packed_cid(packed[len(_IPFS_NAMESPACE) :])
    except BadCid:
        raise ClientError(f"{label} stands for content of another kind") from None


def contenthash(cid: Cid) -> bytes:
    """What to set as a name's record, for the chain to vouch for a root (ENSIP-7)."""
    return _IPFS_NAMESPACE + pack_cid(cid, 1)


def domains_of(manifest: Path) -> str:
    """The address of Domains in a deployment manifest, or in an export's; raises ClientError."""
    try:
        found = json.loads(manifest.read_text())
        contracts = found.get("chain", found)["contracts"]
        contract = contracts["Domains"]
        return str(contract["address"] if isinstance(contract, dict) else contract)
    except (OSError, json.JSONDecodeError, KeyError, TypeError):
        raise ClientError(f"{manifest} names no Domains contract") from None


def load_blocks(sources: list[Path], folder: Path) -> EmbeddedBlockStore:
    """Every block of some CARs, or of exports with CARs in them; raises ClientError."""
    store = EmbeddedBlockStore(folder)
    for source in sources:
        with ExitStack() as stack:
            for name, file in _open(source, stack):
                try:
                    import_car(file, store)
                    store.flush()
                except CarRejected as rejected:
                    raise ClientError(f"{name}: {rejected}") from None
    return store


def check_whole(store: EmbeddedBlockStore, root: Cid) -> int:
    """How many blocks a root has; raises ClientError where one is missing."""
    try:
        return sum(1 for _ in walk_blocks(store, [root]))
    except StorageError as error:
        raise ClientError(f"{root} isn't whole: {error} is missing") from None


def write_files(store: EmbeddedBlockStore, root: Cid, target: Path) -> int:
    """The site's files in a folder; how many."""
    return unpack(Dag(store), root, target)


def serve(store: EmbeddedBlockStore, root: Cid, host: str, port: int) -> ThreadingHTTPServer:
    """A server of the site, by the gateway's own rules; the caller runs it."""
    contents = Contents(store, _CACHE_BYTES)
    resolver = Resolver(contents, Variants(store.folder / "variants"))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            try:
                path = unquote(urlsplit(self.path).path)
                check_path(path)
                found = resolver.resolve(Target(str(root), path, Face.SITE, Options()))
            except Refusal as refusal:
                headers, page = render(refusal, self.headers.get("Accept", ""))
                self._answer(refusal.status, headers, iter([page]))
                return
            if isinstance(found, Redirect):
                headers = [("location", found.location), ("content-length", "0")]
                self._answer(found.status, headers, iter(()))
                return
            body = contents.dag.read(found.file) if found.file else iter([found.made])
            self._answer(found.status, found.headers, body)

        do_HEAD = do_GET  # noqa: N815

        def _answer(
            self, status: int, headers: list[tuple[str, str]], body: Iterator[bytes]
        ) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                for piece in body:
                    self.wfile.write(piece)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    return ThreadingHTTPServer((host, port), Handler)


def _open(source: Path, stack: ExitStack) -> Iterator[tuple[str, BinaryIO]]:
    try:
        if not zipfile.is_zipfile(source):
            yield str(source), stack.enter_context(source.open("rb"))
            return
        archive = stack.enter_context(zipfile.ZipFile(source))
        for name in archive.namelist():
            if name.endswith(".car"):
                yield name, cast("BinaryIO", stack.enter_context(archive.open(name)))
    except OSError as error:
        raise ClientError(f"{source}: {error.strerror}") from None


def parse_root(text: str) -> Cid:
    """A root that somebody names by hand; raises ClientError."""
    try:
        return parse_cid(text)
    except BadCid:
        raise ClientError(f"{text} is no CID") from None
