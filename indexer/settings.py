"""What the indexer can be told: environment with the prefix DSPACE_, or a `.env` file."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# Ethereum's chain without finality tags: 12 blocks were the exchanges' custom for years. Where
# the node has the tag, both must hold; development chains call every block final at once.
DEFAULT_CONFIRMATIONS = 12


class IndexerSettings(BaseSettings):
    """The settings of `dspace index`; see docs/indexer.md."""

    model_config = SettingsConfigDict(env_prefix="DSPACE_", env_file=".env", extra="ignore")

    data_dir: Path = Path(".decentraspace")
    database_url: str = Field("", repr=False)  # empty: SQLite in the data folder
    deployment: Path | None = None  # None: deployment.json in the data folder
    rpc_urls: str = Field("", repr=False)  # comma separated; empty: the embedded chain
    chain_port: int = Field(8545, ge=1, le=65_535)
    confirmations: int = Field(DEFAULT_CONFIRMATIONS, ge=0)  # blocks
    poll_milliseconds: int = Field(150, ge=10)
    max_range_blocks: int = Field(2_000, ge=1)  # in one eth_getLogs
    rpc_timeout_seconds: float = Field(10.0, gt=0)
    shorter_chain_seconds: float = Field(5.0, ge=0)  # how long a node may lag before it is believed

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("rpc_urls")
    @classmethod
    def _http(cls, value: str) -> str:
        for url in value.split(","):
            if url.strip() and not url.strip().startswith(("http://", "https://")):
                raise ValueError("every URL must start with http:// or https://")
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
        """The nodes, the preferred one first."""
        given = [url.strip() for url in self.rpc_urls.split(",") if url.strip()]
        return given or [f"http://127.0.0.1:{self.chain_port}"]
