"""Signs in with a wallet (EIP-4361), and out again.

Invariant: a message is signed only if it signs this address in to this very API: a server can't
pass on the message of another one. Its token is a session's, so that signing out ends it.
"""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from scripts.client.connection import Connection
from scripts.client.credentials import Credentials
from scripts.client.errors import ClientError, NotSignedIn

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def chain_of(connection: Connection) -> int:
    """The chain that the API mirrors."""
    return int(connection.get("/v1/contracts")["chain_id"])


def sign_in(
    connection: Connection, wallet: LocalAccount, chain_id: int, kept: Credentials
) -> dict[str, str]:
    """Signs in and keeps the token; `address` and `expires_at`."""
    asked = {"address": wallet.address, "chain_id": chain_id}
    message = str(connection.post("/v1/auth/nonce", asked)["message"])
    check_message(message, connection.url, wallet.address, chain_id)
    signature = wallet.sign_message(encode_defunct(text=message)).signature.hex()
    session = connection.post(
        "/v1/auth/sessions",
        {"message": message, "signature": "0x" + signature.removeprefix("0x")},
    )
    address, expires_at = str(session["address"]), str(session["expires_at"])
    kept.keep(connection.url, str(session["token"]), address, expires_at)
    return {"api": connection.url, "address": address, "expires_at": expires_at}


def sign_out(connection: Connection, kept: Credentials) -> bool:
    """Ends the session at the API, and forgets its token; whether there was one.

    One that the API no longer takes is forgotten all the same.
    """
    if not kept.token(connection.url):
        return False
    with suppress(NotSignedIn):
        connection.ask("DELETE", "/v1/auth/sessions/current")
    return kept.forget(connection.url)


def make_key(connection: Connection, name: str, scopes: list[str], days: int) -> dict[str, str]:
    """An API key, for CI; it takes a session."""
    body = {"name": name, "scopes": scopes, "expires_in_days": days}
    made: dict[str, str] = connection.signed_in().post("/v1/auth/keys", body)
    return made


def check_message(message: str, url: str, address: str, chain_id: int) -> None:
    """Raises ClientError for a message that a wallet shouldn't sign here."""
    lines = message.split("\n")
    domain = lines[0].removesuffix(" wants you to sign in with your Ethereum account:")
    if domain == lines[0] or not _same_origin(domain, url):
        raise ClientError(
            f"{url} asks to sign in to {domain[:100]!r}: use the address that it is known by "
            "(its DSPACE_PUBLIC_URL)"
        )
    if lines[1:2] != [address] or f"Chain ID: {chain_id}" not in lines:
        raise ClientError(f"{url} asks to sign something else than a sign-in of {address}")


def _same_origin(domain: str, url: str) -> bool:
    """Whether the message's host is the one that is spoken to; loopback has several names."""
    here, there = urlsplit(url), urlsplit(f"{urlsplit(url).scheme}://{domain}")
    if here.netloc.lower() == there.netloc.lower():
        return True
    try:
        ports = here.port == there.port
    except ValueError:
        return False
    return ports and here.hostname in _LOOPBACK and there.hostname in _LOOPBACK
