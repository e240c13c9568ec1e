"""A wallet's private key for signing in: from a file, a keystore, the environment, standard input.

Never from the command line's arguments, which every user of a machine can see.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import typer
from eth_account import Account
from eth_account.signers.local import LocalAccount

from scripts.client.errors import ClientError
from scripts.client.settings import ClientSettings

DEVELOPMENT_CHAIN_ID = 31_337
_LONGEST_KEY_TEXT = 200


def read_wallet(
    key: str | None, keystore: Path | None, account: int | None, chain_id: int
) -> LocalAccount:
    """The wallet that the options name, or DSPACE_WALLET_KEY; raises ClientError."""
    if [key, keystore, account].count(None) < 2:
        raise ClientError("--key, --keystore and --account exclude each other")
    if account is not None:
        return _development_account(account, chain_id)
    if keystore is not None:
        return _from_keystore(keystore)
    if key is not None:
        return _from_text(_read_key(key), "the key file")
    if text := ClientSettings().wallet_key.get_secret_value():
        return _from_text(text, "DSPACE_WALLET_KEY")
    raise ClientError(
        "which wallet? --key FILE (- for standard input), --keystore FILE, DSPACE_WALLET_KEY, or "
        "on the development chain --account INDEX"
    )


def _read_key(name: str) -> str:
    if name == "-":
        return sys.stdin.read(_LONGEST_KEY_TEXT)
    try:
        with Path(name).open() as file:
            return file.read(_LONGEST_KEY_TEXT)
    except (OSError, UnicodeDecodeError):
        # A key that was given in place of a file's name must not be repeated in a message.
        raise ClientError("--key: there is no readable file of that name") from None


def _from_text(text: str, source: str) -> LocalAccount:
    try:
        made: LocalAccount = Account.from_key(text.strip())
    except Exception:  # whatever the libraries below raise may hold the key
        raise ClientError(f"{source} holds no private key: 0x and 64 hex digits") from None
    return made


def _from_keystore(path: Path) -> LocalAccount:
    try:
        kept = json.loads(path.read_text())
    except (OSError, ValueError):
        raise ClientError(f"{path} is no keystore file") from None
    password = typer.prompt("Password of the keystore", hide_input=True, err=True)
    try:
        made: LocalAccount = Account.from_key(Account.decrypt(kept, password))
    except Exception:  # as above; MAC mismatch is a ValueError, a strange file anything
        raise ClientError(f"{path} can't be decrypted with that password") from None
    return made


def _development_account(index: int, chain_id: int) -> LocalAccount:
    from scripts.dev_accounts import dev_accounts

    if chain_id != DEVELOPMENT_CHAIN_ID:
        raise ClientError(f"--account is for the development chain, and this is chain {chain_id}")
    accounts = dev_accounts()
    if not 0 <= index < len(accounts):
        raise ClientError(f"--account goes from 0 to {len(accounts) - 1}")
    return accounts[index]
