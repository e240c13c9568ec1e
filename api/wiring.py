"""The one place that picks adapters for the ports."""

from __future__ import annotations

from dataclasses import replace

from api.jobs.queue import HueyQueue, Queue
from api.settings import ApiSettings, split_list
from api.storage.archive import ArchiveLimits
from api.storage.embedded import EmbeddedBlockStore
from api.storage.network import Network
from api.storage.network.gateways import Gateway
from api.storage.network.kubo import KuboNetwork
from api.storage.network.nobody import Nobody
from api.storage.network.several import Several
from api.storage.ports import BlockStore


def open_store(settings: ApiSettings) -> BlockStore:
    """The store of this machine."""
    return EmbeddedBlockStore(settings.data_dir / "blocks")


def open_network(settings: ApiSettings) -> Network:
    """The gateways in their order, then Kubo; nobody where neither is named."""
    networks: list[Network] = [Gateway(url) for url in split_list(settings.pin_gateway_urls)]
    if settings.ipfs_api_url:
        networks.append(KuboNetwork(settings.ipfs_api_url))
    return Several(networks) if networks else Nobody()


def open_queue(settings: ApiSettings) -> Queue:
    """Huey on SQLite, or on Redis."""
    return HueyQueue(settings)


def archive_limits(settings: ApiSettings) -> ArchiveLimits:
    """The largest archive that is taken."""
    return replace(
        ArchiveLimits(),
        max_entries=settings.max_archive_files,
        max_total_bytes=settings.max_unpacked_bytes,
    )
