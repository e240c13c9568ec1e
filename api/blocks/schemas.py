"""What goes into and comes out of the exchange of blocks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.http.schemas import Input, Model

MAX_CIDS = 4_096
MAX_CIDS_BYTES = 512 * 1024  # of the JSON that names so many, however it is spaced

CidText = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9]+$")]


class BlocksAsked(Input):
    """Blocks that the caller could send."""

    cids: list[CidText] = Field(min_length=1, max_length=MAX_CIDS)


class BlocksMissing(Model):
    """Those of them to send, spelled and ordered as they were asked for, each once."""

    missing: list[str]


class BlocksTaken(Model):
    """What a CAR brought."""

    blocks: int
    bytes: int  # of the blocks
