"""The one place that picks adapters for the ports."""

from __future__ import annotations

from dataclasses import replace

from api.jobs.queue import HueyQueue, Queue
from api.settings import ApiSettings
from api.storage.archive import ArchiveLimits
from api.storage.embedded import EmbeddedBlockStore
from api.storage.network import Network, open_network
from api.storage.ports import BlockStore


def open_store(settings: ApiSettings) -> BlockStore:
    """The store of this machine."""
    return EmbeddedBlockStore(settings.data_dir / "blocks")


def make_network(settings: ApiSettings) -> Network:
    """Where pins are fetched from."""
    return open_network(settings.gateway_urls, settings.ipfs_api_url)


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
