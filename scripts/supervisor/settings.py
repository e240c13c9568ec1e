"""What `dspace up` can be told, and what it tells the processes that it starts."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_CHAIN_PORT = 8545


class UpSettings(BaseSettings):
    """The settings of the whole machine; see docs/settings.md."""

    model_config = SettingsConfigDict(env_prefix="DSPACE_", env_file=".env", extra="ignore")

    data_dir: Path = Path(".decentraspace")
    database_url: str = ""  # empty: SQLite in the data folder
    deployment: Path | None = None  # None: deployment.json in the data folder
    rpc_urls: str = ""  # empty: the embedded chain
    base_domain: str = "localhost"
    chain_port: int = Field(DEFAULT_CHAIN_PORT, ge=1, le=65_535)
    api_port: int = Field(8000, ge=1, le=65_535)
    gateway_port: int = Field(8080, ge=1, le=65_535)
    block_seconds: float = Field(2.0, gt=0)  # the embedded chain's heartbeat
    secret_key: str = ""  # empty: made once and kept in the data folder

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def embedded_chain(self) -> bool:
        """Whether the chain is one of the processes."""
        return not self.rpc_urls

    @property
    def manifest(self) -> Path:
        """The deployment manifest's path."""
        return self.deployment or self.data_dir / "deployment.json"

    @property
    def chain_url(self) -> str:
        """The node that the indexer prefers."""
        return self.rpc_urls.split(",")[0] or f"http://127.0.0.1:{self.chain_port}"

    @property
    def api_url(self) -> str:
        """The API as a browser on this machine opens it."""
        return f"http://{self.base_domain}:{self.api_port}"

    def environment(self, secret_key: str) -> dict[str, str]:
        """The environment of every process: this one's, with the defaults filled in."""
        database = self.database_url or f"sqlite:///{self.data_dir / 'dspace.sqlite3'}"
        return os.environ | {
            "DSPACE_DATA_DIR": str(self.data_dir),
            "DSPACE_DATABASE_URL": database,
            "DSPACE_DEPLOYMENT": str(self.manifest),
            "DSPACE_RPC_URLS": self.rpc_urls or self.chain_url,
            "DSPACE_BASE_DOMAIN": self.base_domain,
            "DSPACE_CHAIN_PORT": str(self.chain_port),
            "DSPACE_API_PORT": str(self.api_port),
            "DSPACE_GATEWAY_PORT": str(self.gateway_port),
            "DSPACE_SECRET_KEY": secret_key,
            "PYTHONUNBUFFERED": "1",
        }
