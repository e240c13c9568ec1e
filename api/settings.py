"""What the API, the worker and the scheduler can be told: environment, prefix DSPACE_, or `.env`.

Invariant: every setting is checked before anything starts; there is no published secret to fall
back on. Every name here is explained in docs/settings.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

MIB = 1 << 20
DAY = 86_400  # seconds


class ApiSettings(BaseSettings):
    """The settings of `dspace api`, `worker`, `scheduler` and `migrate`; see docs/settings.md."""

    model_config = SettingsConfigDict(env_prefix="DSPACE_", env_file=".env", extra="ignore")

    secret_key: SecretStr = Field(min_length=32)
    data_dir: Path = Path(".decentraspace")
    database_url: str = Field("", repr=False)  # empty: SQLite in the data folder
    deployment: Path | None = None  # None: deployment.json in the data folder
    base_domain: str = "localhost"
    api_host: str = "127.0.0.1"
    api_port: int = Field(8000, ge=1, le=65_535)
    api_threads: int = Field(16, ge=2, le=256)
    gateway_port: int = Field(8080, ge=1, le=65_535)
    public_url: str = ""  # empty: http://{base_domain}:{api_port}
    trusted_proxies: int = Field(0, ge=0, le=8)

    queue_url: str = Field("", repr=False)  # empty: SQLite in the data folder
    worker_threads: int = Field(2, ge=1, le=64)
    rate_limit_url: str = Field("memory://", repr=False)
    rate_limits: bool = True
    rate_limit_sign_in: str = "60/minute"
    rate_limit_uploads: str = "120/minute"
    rate_limit_files: str = "1200/minute"

    session_ttl: int = Field(7 * DAY, ge=60)  # seconds
    idempotency_ttl: int = Field(DAY, ge=60)  # seconds
    max_upload_bytes: int = Field(1024 * MIB, ge=1024)
    max_archive_files: int = Field(50_000, ge=1)
    max_unpacked_bytes: int = Field(1024 * MIB, ge=1024)
    file_versions_ttl: int = Field(30 * DAY, ge=60)  # seconds
    max_file_versions: int = Field(1_000, ge=1)
    ready_max_lag: int = Field(300, ge=0)  # seconds; 0: any

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value:
            return value
        try:
            backend = make_url(value).get_backend_name()
        except ArgumentError:
            raise ValueError("no database URL") from None
        if backend not in ("sqlite", "postgresql"):
            raise ValueError("must start with sqlite:/// or postgresql+psycopg://")
        return value

    @field_validator("queue_url")
    @classmethod
    def _known_queue(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must be empty or start with redis://")
        return value

    @field_validator("public_url")
    @classmethod
    def _http_origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        self.database_url = self.database_url or f"sqlite:///{self.data_dir / 'dspace.sqlite3'}"
        self.public_url = self.public_url or f"http://{self.base_domain}:{self.api_port}"
        return self

    @property
    def manifest(self) -> Path:
        """The deployment manifest's path."""
        return self.deployment or self.data_dir / "deployment.json"

    @property
    def uploads_dir(self) -> Path:
        """Where archives wait until they are stored."""
        return self.data_dir / "uploads"

    @property
    def sign_in_domain(self) -> str:
        """The host[:port] that a wallet is asked to sign in to."""
        return urlsplit(self.public_url).netloc

    def site_url(self, label: str) -> str:
        """Where the gateway serves a host below the base domain."""
        port = "" if self.gateway_port == 80 else f":{self.gateway_port}"
        return f"http://{label}.{self.base_domain}{port}/"

    def environment(self) -> dict[str, str]:
        """The variables that make the same settings in another process."""
        values = self.model_dump(exclude_none=True) | {
            "secret_key": self.secret_key.get_secret_value()
        }
        return {f"DSPACE_{name}".upper(): str(value) for name, value in values.items()}
