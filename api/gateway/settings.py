"""What the gateway can be told: environment with the prefix DSPACE_, or a `.env` file."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from indexer.database import normalised


class GatewaySettings(BaseSettings):
    """The settings of `dspace gateway`; see docs/gateway.md."""

    model_config = SettingsConfigDict(env_prefix="DSPACE_", env_file=".env", extra="ignore")

    data_dir: Path = Path(".decentraspace")
    database_url: str = Field("", repr=False)  # empty: SQLite in the data folder
    base_domain: str = "localhost"
    gateway_host: str = "127.0.0.1"  # the address to listen at
    gateway_port: int = Field(8080, ge=1, le=65_535)
    gateway_workers: int = Field(1, ge=1, le=64)  # processes
    gateway_poll_milliseconds: int = Field(200, ge=10, le=10_000)
    gateway_cache_megabytes: int = Field(96, ge=8)  # of file contents and directories, a worker

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("base_domain")
    @classmethod
    def _host_name(cls, value: str) -> str:
        name = value.lower().strip(".")
        if not name or ":" in name or "/" in name:
            raise ValueError("a domain name without scheme, port or path")
        return name

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value:
            normalised(value)
        return value

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        self.database_url = self.database_url or f"sqlite:///{self.data_dir / 'dspace.sqlite3'}"
        return self

    @property
    def blocks_dir(self) -> Path:
        """Where the embedded store keeps its blocks."""
        return self.data_dir / "blocks"

    @property
    def variants_dir(self) -> Path:
        """Where compressed forms of files are."""
        return self.data_dir / "variants"
