"""Contracts by the manifest, status by the mirror."""

from __future__ import annotations

from importlib.metadata import version
from threading import Lock

from flask import current_app

from api.http.schemas import from_unix
from api.mirror import MirrorView
from api.network.schemas import ContractOut, Contracts, Cursor, Status, Versions
from indexer.abi import load_abi
from indexer.manifest import Deployment
from indexer.reads import state_digest
from indexer.schema import SCHEMA_VERSION


class DigestCache:
    """The digest reads every row of the mirror: once a block is enough, whoever asks."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._block_hash = ""
        self._digest = ""

    def get(self, mirror: MirrorView) -> str:
        """The digest at the view's block."""
        with self._lock:
            if self._block_hash != mirror.block.block_hash:
                self._digest = state_digest(mirror.connection)
                self._block_hash = mirror.block.block_hash
            return self._digest


def list_contracts() -> Contracts:
    """By the manifest that this process was started with."""
    deployment: Deployment = current_app.config["DEPLOYMENT"]
    return Contracts(
        chain_id=deployment.chain_id,
        genesis_hash=deployment.genesis_hash,
        contracts={
            name: ContractOut(address=contract.address, abi=load_abi(name), block=contract.block)
            for name, contract in deployment.contracts.items()
        },
    )


def show_status(mirror: MirrorView) -> Status:
    """The cursor and what it amounts to."""
    block = mirror.block
    digests: DigestCache = current_app.extensions["dspace_digests"]
    return Status(
        chain_id=block.chain_id,
        genesis_hash=block.genesis_hash,
        cursor=Cursor(
            number=block.block_number,
            hash=block.block_hash,
            timestamp=from_unix(block.block_timestamp),
        ),
        head_number=block.head_number,
        finalized_number=block.finalized_number if block.finalized_number >= 0 else None,
        safe_number=block.safe_number if block.safe_number >= 0 else None,
        halted=block.halted or None,
        lag_blocks=max(0, block.head_number - block.block_number),
        lag_seconds=block.lag_seconds(mirror.wall),
        state_digest=digests.get(mirror),
        versions=Versions(
            platform=version("decentraspace"), mirror_schema=SCHEMA_VERSION, api="v1"
        ),
        as_of=mirror.as_of,
    )
