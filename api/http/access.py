"""Who may call a route. Every route names one of these; a house test sees to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from flask import g

SCOPES = {
    "account:read": "the account, its services and its history",
    "sites:read": "sites, deployments and their logs",
    "sites:write": "create, change and delete sites; deploy and publish",
    "files:read": "folders, files and their versions",
    "files:write": "upload, move, copy, delete and restore files and folders",
}


class Credential(StrEnum):
    """What a caller showed."""

    SESSION = "session"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Access:
    """`public`: anyone; `session`: a signed-in wallet; `scope`: that, or a key with the scope."""

    kind: Literal["public", "session", "scope"]
    scope: str | None = None


PUBLIC = Access("public")
SESSION = Access("session")


def scope(name: str) -> Access:
    """A session, or an API key that has this scope."""
    if name not in SCOPES:
        raise ValueError(f"{name} is no scope")
    return Access("scope", name)


@dataclass(frozen=True, slots=True)
class Caller:
    """An account that proved who it is."""

    address: str  # EIP-55
    credential: Credential
    credential_id: str
    scopes: frozenset[str]


def current_caller() -> Caller:
    """The caller of a route that isn't public."""
    caller: Caller = g.caller
    return caller
