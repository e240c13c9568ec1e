"""`dspace login`: a wallet's signature for an API key (EIP-4361)."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from scripts.client.credentials import Credentials, save_credentials
from scripts.client.remote import ClientError, Remote

SCOPES = [
    "account:read",
    "account:export",
    "sites:read",
    "sites:write",
    "files:read",
    "files:write",
    "pins:read",
    "pins:write",
]
_KEY_DAYS = 90


def sign_in(api_url: str, account: LocalAccount) -> Credentials:
    """An API key of the account's, kept for later commands; raises ClientError."""
    remote = Remote(api_url)
    chain_id = remote.ask("GET", "/v1/contracts")["chain_id"]
    nonce = remote.ask(
        "POST", "/v1/auth/nonce", json={"address": account.address, "chain_id": chain_id}
    )
    signature = account.sign_message(encode_defunct(text=nonce["message"])).signature.hex()
    session = remote.ask(
        "POST",
        "/v1/auth/sessions",
        json={"message": nonce["message"], "signature": "0x" + signature.removeprefix("0x")},
    )
    signed_in = Remote(api_url, session["token"])
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    key = signed_in.ask(
        "POST",
        "/v1/auth/keys",
        json={
            "name": f"dspace on {socket.gethostname()}, {moment}"[:100],
            "scopes": SCOPES,
            "expires_in_days": _KEY_DAYS,
        },
    )
    signed_in.ask("DELETE", "/v1/auth/sessions/current")
    made = Credentials(remote.api_url, key["key"], account.address)
    save_credentials(made)
    return made


def read_key(text: str) -> LocalAccount:
    """An account from a private key in hex; raises ClientError."""
    try:
        account: LocalAccount = Account.from_key(text.strip())
    except (ValueError, TypeError):
        raise ClientError("that is no private key: 64 hex digits") from None
    return account


def read_keyfile(path: Path, password: str) -> LocalAccount:
    """An account from an encrypted keyfile (Web3 Secret Storage); raises ClientError."""
    try:
        account: LocalAccount = Account.from_key(Account.decrypt(path.read_text(), password))
    except OSError as error:
        raise ClientError(f"{path}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError):
        raise ClientError(f"{path}: no keyfile, or a wrong password") from None
    return account
