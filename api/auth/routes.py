"""Sign-in, sessions and API keys over HTTP."""

from __future__ import annotations

from flask import Blueprint

from api.auth import repository, service
from api.auth.models import ApiKey
from api.auth.schemas import (
    CurrentSession,
    Key,
    KeyRequest,
    Keys,
    NewKey,
    NewSession,
    Nonce,
    NonceRequest,
    SessionRequest,
)
from api.http.access import PUBLIC, SESSION, current_caller
from api.http.limits import limiter, sign_in_limit
from api.http.operation import operation
from api.problems import Problem

blueprint = Blueprint("auth", __name__, url_prefix="/v1/auth")


@blueprint.post("/nonce")
@limiter.limit(sign_in_limit)
@operation(access=PUBLIC, tag="auth", body=NonceRequest, returns=(201, Nonce), writes=True)
def create_nonce(body: NonceRequest) -> Nonce:
    """Ask for a message to sign.

    The answer's `message` is a whole EIP-4361 text: sign it as it is (`personal_sign`) within ten
    minutes, and send both to `/v1/auth/sessions`.
    """
    sign_in, text = service.issue_message(body.address, body.chain_id)
    return Nonce(nonce=sign_in.nonce, message=text, expires_at=sign_in.expires_at)


@blueprint.post("/sessions")
@limiter.limit(sign_in_limit)
@operation(
    access=PUBLIC,
    tag="auth",
    body=SessionRequest,
    returns=(201, NewSession),
    problems=["sign-in-failed"],
)
def create_session(body: SessionRequest) -> NewSession:
    """Sign in with a signed message.

    The signature is that of an ordinary key (EIP-191, 65 bytes). Smart-contract wallets (ERC-1271,
    ERC-6492) can't sign in yet.
    """
    session, token = service.sign_in(body.message, body.signature)
    return NewSession(token=token, address=session.address, expires_at=session.expires_at)


@blueprint.get("/sessions/current")
@operation(access=SESSION, tag="auth", returns=(200, CurrentSession))
def show_session() -> CurrentSession:
    """Who is signed in, and until when."""
    caller = current_caller()
    session = service.current_session(caller)
    return CurrentSession(
        address=session.address,
        credential=caller.credential,
        created_at=session.created_at,
        expires_at=session.expires_at,
    )


@blueprint.delete("/sessions/current")
@operation(access=SESSION, tag="auth", returns=(204, None), writes=True)
def delete_session() -> None:
    """Sign out: the token is good for nothing from now on."""
    repository.delete_session(current_caller().credential_id)


@blueprint.get("/keys")
@operation(access=SESSION, tag="auth", returns=(200, Keys))
def list_keys() -> Keys:
    """The account's API keys."""
    return Keys(items=[_key(key) for key in repository.list_keys(current_caller().address)])


@blueprint.post("/keys")
@operation(
    access=SESSION,
    tag="auth",
    body=KeyRequest,
    returns=(201, NewKey),
    problems=["too-many-keys"],
    writes=True,
)
def create_key(body: KeyRequest) -> NewKey:
    """Make an API key, for CI for example. The key itself is shown once, here."""
    key, token = service.create_key(
        current_caller().address, body.name, body.scopes, body.expires_in_days
    )
    return NewKey(**_key(key).model_dump(), key=token)


@blueprint.delete("/keys/<key_id>")
@operation(access=SESSION, tag="auth", returns=(204, None), problems=["unknown-key"], writes=True)
def delete_key(key_id: str) -> None:
    """Revoke an API key, at once."""
    if "\0" in key_id or not repository.delete_key(current_caller().address, key_id):
        raise Problem("unknown-key")


def _key(key: ApiKey) -> Key:
    return Key(
        id=key.id,
        name=key.name,
        scopes=key.scopes,
        created_at=key.created_at,
        expires_at=key.expires_at,
    )
