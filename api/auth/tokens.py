"""Bearer tokens: 256 random bits behind a prefix that says what they are."""

from __future__ import annotations

import hmac
import re
import secrets

from pydantic import SecretStr

SESSION_PREFIX = "dss_"
KEY_PREFIX = "dsk_"
RANDOM_BYTES = 32
_SHAPE = re.compile(r"(?:dss|dsk)_[A-Za-z0-9_-]{43}")


def make_token(prefix: str) -> str:
    """A new one; to be shown once and never kept."""
    return prefix + secrets.token_urlsafe(RANDOM_BYTES)


def is_token(text: str) -> bool:
    """Whether it has the shape of a token; whatever has not is not looked up."""
    return _SHAPE.fullmatch(text) is not None


def token_digest(token: str, secret_key: SecretStr) -> str:
    """What is kept of it: useless to a thief of the database alone."""
    key = secret_key.get_secret_value().encode()
    return hmac.digest(key, b"bearer:" + token.encode(), "sha256").hex()
