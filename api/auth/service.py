"""Signing in with Ethereum, sessions, API keys.

Invariant: a session exists only for a message that was issued here, for this chain, not expired,
used this once, and signed by its address. Every refusal looks the same from outside.
"""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

from eth_account import Account
from eth_account.messages import encode_defunct
from flask import current_app

from api.auth import repository
from api.auth.message import SignIn, make_nonce
from api.auth.models import ApiKey, Session, SignInMessage
from api.auth.tokens import KEY_PREFIX, SESSION_PREFIX, make_token, token_digest
from api.db import begin, db, utc_now
from api.http.access import Caller
from api.problems import FieldError, Problem, invalid
from api.settings import ApiSettings

SIGN_IN_TTL = timedelta(minutes=10)
MAX_KEYS = 100
_SIGNATURE = re.compile(r"0x[0-9a-fA-F]{130}")


def issue_message(address: str, chain_id: int) -> tuple[SignIn, str]:
    """A message to sign, and its text; raises a Problem of 422 for another chain."""
    settings: ApiSettings = current_app.config["DSPACE"]
    own_chain_id: int = current_app.config["DEPLOYMENT"].chain_id
    if chain_id != own_chain_id:
        raise invalid(FieldError("chain_id", f"the contracts are on chain {own_chain_id}"))
    now = utc_now().replace(microsecond=0)
    sign_in = SignIn(
        domain=settings.sign_in_domain,
        uri=settings.public_url,
        address=address,
        chain_id=chain_id,
        nonce=make_nonce(),
        issued_at=now,
        expires_at=now + SIGN_IN_TTL,
    )
    text = sign_in.text()
    row = SignInMessage(
        digest=_digest(text), address=address, message=text, expires_at=sign_in.expires_at
    )
    db.session.add(row)
    return sign_in, text


def sign_in(message: str, signature: str) -> tuple[Session, str]:
    """A new session and its token; raises the one sign-in-failed Problem.

    The signature is checked in a reading transaction: it takes milliseconds, in which no other
    writer has to wait.
    """
    settings: ApiSettings = current_app.config["DSPACE"]
    digest = _digest(message)
    kept = repository.get_unused_message(digest, utc_now())
    if kept is None or kept.message != message:
        raise Problem("sign-in-failed")
    address = kept.address
    if _signer(message, signature) != address:
        raise Problem("sign-in-failed")
    begin(writes=True)
    now = utc_now()
    if not repository.use_message(digest, now):
        raise Problem("sign-in-failed")
    token = make_token(SESSION_PREFIX)
    session = Session(
        id=uuid4().hex,
        token_digest=token_digest(token, settings.secret_key),
        address=address,
        created_at=now,
        expires_at=now + timedelta(seconds=settings.session_ttl),
    )
    db.session.add(session)
    return session, token


def current_session(caller: Caller) -> Session:
    """The caller's session row."""
    session = db.session.get(Session, caller.credential_id)
    if session is None:  # it was signed out since the request came in
        raise Problem("unauthenticated")
    return session


def create_key(
    address: str, name: str, scopes: list[str], expires_in_days: int | None
) -> tuple[ApiKey, str]:
    """A new API key's row and the key itself."""
    settings: ApiSettings = current_app.config["DSPACE"]
    if repository.count_keys(address) >= MAX_KEYS:
        raise Problem("too-many-keys", f"An account can have {MAX_KEYS} API keys.")
    now = utc_now()
    token = make_token(KEY_PREFIX)
    key = ApiKey(
        id=uuid4().hex,
        token_digest=token_digest(token, settings.secret_key),
        address=address,
        name=name,
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=None if expires_in_days is None else now + timedelta(days=expires_in_days),
    )
    db.session.add(key)
    return key, token


def _digest(message: str) -> str:
    return sha256(message.encode("utf-8", "surrogatepass")).hexdigest()


def _signer(message: str, signature: str) -> str | None:
    """The EIP-55 address that signed the message by EIP-191; None for no signature at all."""
    if not _SIGNATURE.fullmatch(signature):
        return None
    try:
        return str(Account.recover_message(encode_defunct(text=message), signature=signature))
    except Exception:  # eth-keys and eth-account raise a dozen unrelated kinds on junk
        return None
