"""Tokens of this user, in the configuration folder: one an API, and which API was used last.

Invariant: the file is the owner's alone (0600) from its first byte, and is replaced as a whole.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from scripts.client.errors import ClientError

_OTHERS = 0o077


@dataclass
class Credentials:
    """What the file holds."""

    path: Path
    current: str = ""  # the API that was signed in to last
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)  # by the API's URL

    def token(self, api: str) -> str:
        """Empty where there is none."""
        return str(self.entries.get(api, {}).get("token", ""))

    def keep(self, api: str, token: str, address: str, expires_at: str) -> None:
        """Puts an API's token, which becomes the current one."""
        self.entries[api] = {"token": token, "address": address, "expires_at": expires_at}
        self.current = api
        self._write()

    def forget(self, api: str) -> bool:
        """Whether there was a token of that API."""
        had = self.entries.pop(api, None) is not None
        if self.current == api:
            self.current = next(iter(self.entries), "")
        if had:
            self._write()
        return had

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = json.dumps({"current": self.current, "entries": self.entries}, indent=2) + "\n"
        descriptor, name = tempfile.mkstemp(dir=self.path.parent)  # 0600
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def credentials_path() -> Path:
    """`$XDG_CONFIG_HOME/decentraspace/credentials.json`."""
    return Path(typer.get_app_dir("decentraspace")) / "credentials.json"


def load_credentials(path: Path | None = None) -> Credentials:
    """Of this user; empty where there is no file. Refuses a file that others can read."""
    path = path or credentials_path()
    try:
        with path.open() as file:
            if os.fstat(file.fileno()).st_mode & _OTHERS:
                raise ClientError(f"{path} can be read by others: chmod 600 it, or log in anew")
            kept = json.load(file)
            return Credentials(path, str(kept["current"]), dict(kept["entries"]))
    except FileNotFoundError:
        return Credentials(path)
    except (ValueError, KeyError, TypeError):
        raise ClientError(f"{path} is damaged: remove it and log in anew") from None
