"""Who is signed in where: one file in the user's configuration, readable by the user alone.

`DSPACE_TOKEN` and `DSPACE_API` in the environment come before it, for machines that build.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

DEFAULT_API = "http://localhost:8000"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A token for one API."""

    api_url: str
    token: str
    address: str = ""


def load_credentials(api_url: str | None = None) -> Credentials | None:
    """For an API, or for the one that was signed in to last; None where there is none."""
    kept = _read()
    url = (api_url or os.environ.get("DSPACE_API") or kept.current).rstrip("/")
    token = os.environ.get("DSPACE_TOKEN")
    if token:
        return Credentials(url, token)
    found = kept.apis.get(url)
    return Credentials(**found) if found else None


def save_credentials(credentials: Credentials) -> Path:
    """Keeps them, and makes their API the current one; the file's path."""
    kept = _read()
    kept.apis[credentials.api_url] = asdict(credentials)
    kept.current = credentials.api_url
    return _write(kept)


def forget_credentials(api_url: str) -> None:
    """Signs out here."""
    kept = _read()
    if kept.apis.pop(api_url, None) is not None:
        _write(kept)


def credentials_path() -> Path:
    """By the XDG base directory specification."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "decentraspace" / "credentials.json"


@dataclass(slots=True)
class _Kept:
    """The file: credentials by the API's URL, and which was signed in to last."""

    current: str = DEFAULT_API
    apis: dict[str, dict[str, str]] = field(default_factory=dict)


def _read() -> _Kept:
    try:
        return _Kept(**json.loads(credentials_path().read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return _Kept()


def _write(kept: _Kept) -> Path:
    path = credentials_path()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(kept), file, indent=2)
    part.replace(path)
    return path
