"""All SQL of sign-in messages, sessions and API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Update, delete, func, or_, select, update

from api.auth.models import ApiKey, Session, SignInMessage
from api.db import db


def get_unused_message(digest: str, now: datetime) -> SignInMessage | None:
    """A message that can still sign in."""
    return db.session.execute(
        select(SignInMessage).where(
            SignInMessage.digest == digest,
            SignInMessage.used_at.is_(None),
            SignInMessage.expires_at > now,
        )
    ).scalar_one_or_none()


def use_message(digest: str, now: datetime) -> bool:
    """Marks a message used; False where someone else was first or it has expired."""
    return (
        _count(
            update(SignInMessage)
            .where(
                SignInMessage.digest == digest,
                SignInMessage.used_at.is_(None),
                SignInMessage.expires_at > now,
            )
            .values(used_at=now)
        )
        == 1
    )


def find_session(token_digest: str, now: datetime) -> Session | None:
    """A session that has not expired."""
    return db.session.execute(
        select(Session).where(Session.token_digest == token_digest, Session.expires_at > now)
    ).scalar_one_or_none()


def delete_session(session_id: str) -> None:
    """Signs out."""
    db.session.execute(delete(Session).where(Session.id == session_id))


def find_key(token_digest: str, now: datetime) -> ApiKey | None:
    """An API key that has not expired."""
    return db.session.execute(
        select(ApiKey).where(
            ApiKey.token_digest == token_digest,
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now),
        )
    ).scalar_one_or_none()


def list_keys(address: str) -> list[ApiKey]:
    """An account's keys, the oldest first."""
    query = select(ApiKey).where(ApiKey.address == address)
    return list(db.session.scalars(query.order_by(ApiKey.created_at, ApiKey.id)))


def count_keys(address: str) -> int:
    """How many keys an account has."""
    query = select(func.count()).select_from(ApiKey).where(ApiKey.address == address)
    return db.session.execute(query).scalar_one()


def delete_key(address: str, key_id: str) -> bool:
    """Whether the account had such a key."""
    return _count(delete(ApiKey).where(ApiKey.address == address, ApiKey.id == key_id)) == 1


def delete_expired(now: datetime) -> int:
    """Lets go of what can't be used any more; how many rows that was."""
    gone = _count(delete(SignInMessage).where(SignInMessage.expires_at <= now))
    gone += _count(delete(Session).where(Session.expires_at <= now))
    return gone + _count(delete(ApiKey).where(ApiKey.expires_at <= now))


def _count(statement: Update | Delete) -> int:
    return cast("CursorResult[Any]", db.session.execute(statement)).rowcount
