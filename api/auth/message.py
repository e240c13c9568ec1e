"""The EIP-4361 text that a wallet signs.

The server only ever takes back a text that it issued, compared to the letter, so there is no
parser of such messages here that could be confused.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from datetime import datetime

from api.http.schemas import rfc3339

STATEMENT = "Sign in to DecentraSpace. This costs nothing and sends no transaction."
NONCE_LENGTH = 24  # letters and digits: 142 bits
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class SignIn:
    """The fields of a message; times in UTC."""

    domain: str  # host[:port]
    uri: str
    address: str  # EIP-55
    chain_id: int
    nonce: str
    issued_at: datetime
    expires_at: datetime

    def text(self) -> str:
        """As EIP-4361 spells it."""
        return (
            f"{self.domain} wants you to sign in with your Ethereum account:\n"
            f"{self.address}\n"
            f"\n"
            f"{STATEMENT}\n"
            f"\n"
            f"URI: {self.uri}\n"
            f"Version: 1\n"
            f"Chain ID: {self.chain_id}\n"
            f"Nonce: {self.nonce}\n"
            f"Issued At: {rfc3339(self.issued_at)}\n"
            f"Expiration Time: {rfc3339(self.expires_at)}"
        )


def make_nonce() -> str:
    """Letters and digits, as EIP-4361 wants them."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(NONCE_LENGTH))
