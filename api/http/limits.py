"""Rate limits: by client address where nobody is signed in yet, by account where someone is."""

from __future__ import annotations

from hashlib import sha256

from flask import Flask, current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from api.settings import ApiSettings

limiter = Limiter(key_func=get_remote_address, headers_enabled=True)


def init_limits(app: Flask, settings: ApiSettings) -> None:
    """In memory, or in Redis where several processes share them."""
    app.config["RATELIMIT_STORAGE_URI"] = settings.rate_limit_url
    app.config["RATELIMIT_ENABLED"] = settings.rate_limits
    app.config["RATELIMIT_SWALLOW_ERRORS"] = True  # a limiter that is down stops nobody
    limiter.init_app(app)


def sign_in_limit() -> str:
    """Of nonces and sessions, each."""
    settings: ApiSettings = current_app.config["DSPACE"]
    return settings.rate_limit_sign_in


def upload_limit() -> str:
    """Of deployments."""
    settings: ApiSettings = current_app.config["DSPACE"]
    return settings.rate_limit_uploads


def files_limit() -> str:
    """Of uploads to folders."""
    settings: ApiSettings = current_app.config["DSPACE"]
    return settings.rate_limit_files


def bearer_or_address() -> str:
    """Whose limit a request counts towards, before its token was looked at; never the token."""
    header = request.headers.get("Authorization")
    return sha256(header.encode()).hexdigest() if header else get_remote_address()
