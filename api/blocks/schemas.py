"""What goes into and comes out of blocks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.http.schemas import Input, Model

MAX_CIDS = 1_000


class CidsRequest(Input):
    """Blocks that a client has."""

    cids: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        min_length=1, max_length=MAX_CIDS
    )


class Missing(Model):
    """Those that aren't here; the others stay for at least a day."""

    missing: list[str]


class Received(Model):
    """What came."""

    blocks: int
    bytes: int
