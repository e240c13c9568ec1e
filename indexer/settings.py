"""What the indexer can be told: environment with the prefix DSPACE_, or a `.env` file."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# Ethereum's chain without finality tags: 12 blocks were the exchanges' custom for years. Where
# the node has the tag, both must hold; development chains call every block final at once.
DEFAULT_CONFIRMATIONS = 12
POLL_MILLISECONDS = 150
LOCAL_POLL_MILLISECONDS = 40  # a look costs a node on this machine a millisecond
HTTP = ("http://", "https://")
WEBSOCKET = ("ws://", "wss://")


def bad_settings(error: ValidationError) -> Iterator[str]:
    """A line for each setting that can't be used, naming it and not its value."""
    for problem in error.errors():
        name = "_".join(str(part) for part in problem["loc"]).upper()
        yield f"DSPACE_{name}: {problem['msg']}"


class Verification(StrEnum):
    """What a block's logs are held against; see docs/indexer.md, "Complete logs"."""

    BLOOM = "bloom"
    RECEIPTS = "receipts"


class IndexerSettings(BaseSettings):
    """The settings of `dspace index`; see docs/indexer.md."""

    model_config = SettingsConfigDict(env_prefix="DSPACE_", env_file=".env", extra="ignore")

    data_dir: Path = Path(".decentraspace")
    database_url: str = Field("", repr=False)  # empty: SQLite in the data folder
    deployment: Path | None = None  # None: deployment.json in the data folder
    rpc_urls: str = Field("", repr=False)  # comma separated; empty: the embedded chain
    chain_port: int = Field(8545, ge=1, le=65_535)
    confirmations: int = Field(DEFAULT_CONFIRMATIONS, ge=0)  # blocks
    poll_milliseconds: int | None = Field(None, ge=10)  # None: by where the node is
    max_range_blocks: int = Field(2_000, ge=1)  # in one eth_getLogs
    rpc_timeout_seconds: float = Field(10.0, gt=0)
    verify: Verification = Verification.BLOOM  # what a block's logs are held against
    shorter_chain_seconds: float = Field(5.0, ge=0)  # how long a node may lag before it is believed
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(0, ge=0, le=65_535)  # of /metrics, /healthz, /readyz; 0: not served
    ready_max_lag: int = Field(300, ge=0)  # seconds since it was at the head; 0: any

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("rpc_urls")
    @classmethod
    def _known_schemes(cls, value: str) -> str:
        urls = _listed(value)
        if not all(url.startswith((*HTTP, *WEBSOCKET)) for url in urls):
            raise ValueError("every URL must start with http://, https://, ws:// or wss://")
        if urls and not any(url.startswith(HTTP) for url in urls):
            raise ValueError("one URL must start with http:// or https://; ws only tells of heads")
        return value

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        self.database_url = self.database_url or f"sqlite:///{self.data_dir / 'dspace.sqlite3'}"
        return self

    @property
    def manifest(self) -> Path:
        """The deployment manifest's path."""
        return self.deployment or self.data_dir / "deployment.json"

    @property
    def urls(self) -> list[str]:
        """The nodes to ask, the preferred one first."""
        given = [url for url in _listed(self.rpc_urls) if url.startswith(HTTP)]
        return given or [f"http://127.0.0.1:{self.chain_port}"]

    @property
    def heads_url(self) -> str:
        """Where new heads are subscribed to: the first WebSocket URL, else the preferred node."""
        given = [url for url in _listed(self.rpc_urls) if url.startswith(WEBSOCKET)]
        return given[0] if given else self.urls[0]

    @property
    def poll_seconds(self) -> float:
        """Between two looks at the head, where nobody tells of it."""
        if self.poll_milliseconds is not None:
            return self.poll_milliseconds / 1_000
        is_local = urlsplit(self.urls[0]).hostname in ("localhost", "127.0.0.1", "::1")
        return (LOCAL_POLL_MILLISECONDS if is_local else POLL_MILLISECONDS) / 1_000


def _listed(urls: str) -> list[str]:
    return [url.strip() for url in urls.split(",") if url.strip()]
