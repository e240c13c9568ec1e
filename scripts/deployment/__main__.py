"""`python -m scripts.deployment`: the contracts onto the development chain, as `make run` does.

Any other chain gets them by `ape run deploy`, from an account that only Ape can unlock.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from web3 import Web3

from scripts.deployment import DeployError, deploy
from scripts.deployment.spec import DEVELOPMENT_CHAIN_ID
from scripts.dev_accounts import dev_accounts, key_of


class DeploySettings(BaseSettings):
    """Where the chain is, and where the manifest goes."""

    model_config = SettingsConfigDict(env_prefix="DSPACE_", env_file=".env", extra="ignore")

    data_dir: Path = Path(".decentraspace")
    deployment: Path | None = None  # None: deployment.json in the data folder
    rpc_urls: str = ""  # comma separated; empty: the embedded chain
    chain_port: int = Field(8545, ge=1, le=65_535)

    @property
    def url(self) -> str:
        """The preferred node."""
        return self.rpc_urls.split(",")[0].strip() or f"http://127.0.0.1:{self.chain_port}"


def main() -> None:
    """Deploys, or ends with one line that says why not."""
    settings = DeploySettings()
    manifest = settings.deployment or settings.data_dir / "deployment.json"
    try:
        _check_development(settings.url)
        deploy(settings.url, key_of(dev_accounts()[0]), manifest)
    except DeployError as error:
        print(f"deploy: {error}", file=sys.stderr)
        sys.exit(1)


def _check_development(url: str) -> None:
    try:
        chain_id = Web3(Web3.HTTPProvider(url)).eth.chain_id
    except Exception as error:
        raise DeployError(f"{url} does not answer as a node") from error
    if chain_id != DEVELOPMENT_CHAIN_ID:
        raise DeployError(
            f"{url} is chain {chain_id}, not the development chain: use `ape run deploy`"
        )


if __name__ == "__main__":
    main()
