"""What the developer's commands read from the environment, which goes before what was kept.

No `.env` is read here: one in a folder that was cloned from a stranger must not choose where a
token is sent.
"""

from __future__ import annotations

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ClientSettings(BaseSettings):
    """The settings of `dspace login`, `deploy` and so on; see docs/settings.md."""

    model_config = SettingsConfigDict(env_prefix="DSPACE_", extra="ignore")

    api: str = ""  # empty: where one signed in last
    token: SecretStr = SecretStr("")  # a session's or an API key
    wallet_key: SecretStr = SecretStr("")  # to sign in with
