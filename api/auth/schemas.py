"""What goes into and comes out of sign-in and API keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from api.http.access import SCOPES, Credential
from api.http.schemas import Address, Input, Model, Moment

MAX_MESSAGE_LENGTH = 2_000  # ours have about 400 characters
MAX_SIGNATURE_LENGTH = 4_096


def _known_scope(value: str) -> str:
    if value not in SCOPES:
        raise ValueError(f"is none of {', '.join(SCOPES)}")
    return value


class NonceRequest(Input):
    """Who wants to sign in, and on which chain."""

    address: Address
    chain_id: int


class Nonce(Model):
    """A whole EIP-4361 message, ready to be signed."""

    nonce: str
    message: str
    expires_at: Moment


class SessionRequest(Input):
    """The message as it was given, and its EIP-191 signature."""

    message: str = Field(max_length=MAX_MESSAGE_LENGTH)
    signature: str = Field(max_length=MAX_SIGNATURE_LENGTH, description="0x and 130 hex digits")


class NewSession(Model):
    """The token is told only here."""

    token: str
    address: str
    expires_at: Moment


class CurrentSession(Model):
    """Who is signed in."""

    address: str
    credential: Credential
    created_at: Moment
    expires_at: Moment


class KeyRequest(Input):
    """A key for a machine."""

    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
    scopes: list[Annotated[str, AfterValidator(_known_scope)]] = Field(min_length=1, max_length=20)
    expires_in_days: int | None = Field(None, ge=1, le=3_650, description="null: never")


class Key(Model):
    """An API key, without the key."""

    id: str
    name: str
    scopes: list[str]
    created_at: Moment
    expires_at: Moment | None


class NewKey(Key):
    """`key` is told only here."""

    key: str


class Keys(Model):
    """All of the account's keys."""

    items: list[Key]
