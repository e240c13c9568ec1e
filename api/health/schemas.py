"""What comes out of the health routes."""

from __future__ import annotations

from typing import Literal

from api.http.schemas import Model


class Health(Model):
    """The process runs."""

    status: Literal["ok"]


class Ready(Model):
    """All checks hold."""

    status: Literal["ready"]
    checks: dict[str, str]
