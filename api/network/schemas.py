"""What comes out of the contracts and the status."""

from __future__ import annotations

from typing import Any

from api.http.schemas import AsOf, Model, Moment


class ContractOut(Model):
    """One deployed contract."""

    address: str
    abi: list[dict[str, Any]]
    block: int  # that it was created in


class Contracts(Model):
    """All that a wallet needs."""

    chain_id: int
    genesis_hash: str
    contracts: dict[str, ContractOut]


class Cursor(Model):
    """The last block of the mirror."""

    number: int
    hash: str
    timestamp: Moment


class Versions(Model):
    """Of the software."""

    platform: str
    mirror_schema: int
    api: str


class Status(Model):
    """Where the mirror stands."""

    chain_id: int
    genesis_hash: str
    cursor: Cursor
    head_number: int  # the node's, when the indexer asked last
    finalized_number: int | None
    safe_number: int | None
    halted: str | None  # why the indexer stopped and an operator must act
    lag_blocks: int
    lag_seconds: int
    state_digest: str  # two mirrors of one chain at one block have the same
    versions: Versions
    as_of: AsOf
