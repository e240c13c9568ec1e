"""From the Authorization header to a caller, or a problem."""

from __future__ import annotations

from flask import current_app, request

from api.auth import repository
from api.auth.tokens import SESSION_PREFIX, is_token, token_digest
from api.db import begin, db, utc_now
from api.http.access import SCOPES, Access, Caller, Credential
from api.problems import Problem


def authorise(access: Access) -> Caller | None:
    """The caller of this request, None on a public route; raises a Problem of 401 or 403.

    A public route doesn't look at the header: a token that has expired stops nobody from it.
    """
    if access.kind == "public":
        return None
    caller = _identify()
    if access.kind == "session" and caller.credential is not Credential.SESSION:
        raise Problem("session-required")
    if access.scope is not None and access.scope not in caller.scopes:
        raise Problem("scope-missing", f"The API key lacks the scope {access.scope}.")
    return caller


def _identify() -> Caller:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not is_token(token):
        raise Problem("unauthenticated")
    digest = token_digest(token, current_app.config["DSPACE"].secret_key)
    begin(writes=False)
    try:
        caller = _of_session(digest) if token.startswith(SESSION_PREFIX) else _of_key(digest)
    finally:
        db.session.rollback()
    if caller is None:
        raise Problem("unauthenticated")
    return caller


def _of_session(digest: str) -> Caller | None:
    session = repository.find_session(digest, utc_now())
    if session is None:
        return None
    return Caller(session.address, Credential.SESSION, session.id, frozenset(SCOPES))


def _of_key(digest: str) -> Caller | None:
    key = repository.find_key(digest, utc_now())
    if key is None:
        return None
    return Caller(key.address, Credential.KEY, key.id, frozenset(key.scopes))
